"""Other processes run the modules of the program, whatever the working folder holds."""

import re
import subprocess

import pytest
from helpers import ROOT, project_of_another

from study.runtime import module


@pytest.mark.parametrize("path", [None, "", "."])
def test_packages_of_the_working_folder_do_not_stand_in_for_those_of_the_program(tmp_path, monkeypatch, path):
    monkeypatch.chdir(project_of_another(tmp_path))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if path is not None:
        monkeypatch.setenv("PYTHONPATH", path)
    words = module.command("study.serve.worker", '{"size": 8, "rule": "crop", "ranges": null, "most": 9}')
    ran = subprocess.run(words, env=module.environment(MORE="1"), input=b"", capture_output=True, check=False)
    assert (ran.returncode, ran.stderr, len(ran.stdout)) == (0, b"", 9)  # it says that it is ready


def test_no_module_is_run_in_another_way():
    ways = re.compile(r'sys\.executable,\s*"-m"')
    files = [path for room in ("study", "data", "models", "lessons") for path in (ROOT / room).rglob("*.py")]
    assert [path.name for path in files if ways.search(path.read_text(encoding="utf-8"))] == []
