"""Ctrl-C wherever it comes: while the program is imported, in the middle of tidying up, behind the last line."""

import os
import signal
import subprocess
import sys

import pytest
from helpers import ROOT, make_patches

from study.runtime.signals import Stopped, Terminated, deferred, naming

CTRL_C = """
import atexit, io, signal, sys, threading, time
signal.signal(signal.SIGINT, {handler})  # whatever the tests were started with
class CtrlC:
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            {comes}
class Noisy:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, CtrlC)
"""
NOW = "signal.raise_signal(signal.SIGINT)"
AT_ITS_END = """
            class Screen(io.TextIOWrapper):
                def write(self, text):
                    if "run folder: " in text:
                        signal.raise_signal(signal.SIGINT)
                    return super().write(text)
            sys.stdout = Screen(sys.stdout.detach(), "utf-8")"""
HANDLED = "signal.default_int_handler"


def run_with_ctrl_c(folder, module, *words, handler=HANDLED, comes=NOW, seconds=60):
    """Run a command in a process that gets a Ctrl-C while it imports a module."""
    text = CTRL_C.format(module=module, handler=handler, comes=comes)
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(folder)}
    words = [sys.executable, ROOT / "main.py", *(words or ["summary"])]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
@pytest.mark.parametrize("module", ["dataclasses", "numpy"])
def test_ctrl_c_while_the_program_is_imported_prints_no_traceback(module, tmp_path):
    ended = run_with_ctrl_c(tmp_path, module)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
def test_ctrl_c_behind_that_says_how_to_begin_again(tmp_path):
    ended = run_with_ctrl_c(tmp_path, "study.commands.summary")
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr.endswith("To begin again: python main.py summary\n")


def test_where_ctrl_c_is_ignored_it_stays_so(tmp_path):
    ended = run_with_ctrl_c(tmp_path, "numpy", handler="signal.SIG_IGN")
    assert ended.returncode == 0
    assert "lenet" in ended.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
def test_ctrl_c_in_the_middle_of_tidying_up_ends_the_command_too_and_what_blocks_it(tmp_path):
    comes = """
            with getattr(threading, "_shutdown_locks_lock", threading.Lock()):  # it may come while that is held
                Noisy()
            time.sleep(600)"""
    ended = run_with_ctrl_c(tmp_path, "study.commands.summary", comes=comes)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert "Traceback" not in ended.stderr
    assert ended.stderr.endswith("To begin again: python main.py summary\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
def test_ctrl_c_of_which_a_native_module_makes_another_error_is_one(tmp_path):
    native = """
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt as stop:
                raise ImportError("initialization failed") from stop"""
    ended = run_with_ctrl_c(tmp_path, "study.commands.summary", comes=native)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "\nstopped; nothing was left half-written. To begin again: python main.py summary\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
@pytest.mark.parametrize(
    "error",
    [
        'SystemError("bad argument to internal function")',
        'RuntimeError("Converting input model")',
        'OSError(5, "Input/output error", "model.xml")',
        'errors.UserError("lenet cannot be written as ONNX: RuntimeError")',
    ],
)
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_stop_that_native_code_hides_behind_an_error_of_its_own_is_still_one(error, number, code, tmp_path):
    hidden = f"""
            import contextlib, errors
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.{number})
            raise {error}"""
    ended = run_with_ctrl_c(tmp_path, "study.commands.summary", comes=hidden)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert ended.stderr == "\nstopped; nothing was left half-written. To begin again: python main.py summary\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_waits_for_the_end_of_what_cannot_be_interrupted(number):
    def stop(number, frame):
        raise Terminated(number)

    @deferred()
    def work():
        signal.raise_signal(number)
        done.append("the rest")

    done, before = [], signal.signal(number, stop)
    try:
        with pytest.raises(Terminated) as stopped:
            work()
        assert (done, stopped.value.args) == (["the rest"], (number,))
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)


def test_a_stop_is_not_lost_where_the_block_that_it_waits_for_fails(tmp_path):
    failing = f"""
            from study.runtime.signals import deferred
            with deferred():
                {NOW}
                raise RuntimeError("beside it")"""
    ended = run_with_ctrl_c(tmp_path, "study.commands.summary", comes=failing)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "\nstopped; nothing was left half-written. To begin again: python main.py summary\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
def test_ctrl_c_behind_the_last_line_prints_no_traceback(tmp_path):
    ended = run_with_ctrl_c(tmp_path, "study.commands.summary", comes=f"atexit.register(lambda: {NOW})")
    assert ended.returncode == -signal.SIGINT
    assert "lenet" in ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no signal")
@pytest.mark.parametrize(
    ("folds", "again"),
    [
        ("", "predict --run {run}"),
        ("--crossval 2", "crossval --data images -m lenet --epochs 1 --image-size 32 --learning scratch --folds 2"),
    ],
)
def test_ctrl_c_behind_a_training_names_the_run_that_is_there_or_what_goes_on_with_its_folds(folds, again, tmp_path):
    make_patches(tmp_path / "images")
    words = f"train --data images -m lenet --epochs 1 --image-size 32 --checkpoint-minutes 0 {folds}"
    ended = run_with_ctrl_c(tmp_path, "study.commands.train", *words.split(), comes=AT_ITS_END, seconds=300)
    (run,) = (tmp_path / "runs").glob("*-lenet")
    again = again.format(run=run.relative_to(tmp_path))
    assert ended.returncode == 130
    assert ended.stderr.endswith(f"\nstopped; what was done is kept. To go on: python main.py {again}\n")


def test_a_stop_names_a_command_unless_it_names_one_already():
    with pytest.raises(Stopped) as stop, naming("go on"):
        raise Terminated(15)
    assert (stop.value.args, stop.value.resume) == ((15,), "go on")
    with pytest.raises(Stopped) as stop, naming("go on"):
        raise Stopped(2, "the folds that are left")
    assert stop.value.resume == "the folds that are left"
