import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, {handler})  # whatever the tests were started with
class CtrlC:
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, CtrlC)
"""


def listed(folder, module, handler="signal.default_int_handler"):
    """List the models in a process that gets a Ctrl-C while it imports a module."""
    (folder / "sitecustomize.py").write_text(CTRL_C.format(module=module, handler=handler), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(folder)}
    words = [sys.executable, ROOT / "main.py", "summary"]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
def test_ctrl_c_while_the_program_is_imported_prints_no_traceback(tmp_path):
    ended = listed(tmp_path, "numpy")
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
def test_ctrl_c_behind_that_says_how_to_begin_again(tmp_path):
    ended = listed(tmp_path, "study.commands.summary")
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr.endswith("To begin again: python main.py summary\n")


def test_where_ctrl_c_is_ignored_it_stays_so(tmp_path):
    ended = listed(tmp_path, "numpy", "signal.SIG_IGN")
    assert ended.returncode == 0
    assert "lenet" in ended.stdout
