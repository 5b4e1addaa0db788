"""A model of one's own: the example in the docs trains, and a file that is broken leaves all other models alone."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from helpers import ROOT

import models

PROGRAM = ("main.py", "errors.py", "data", "models", "scratch", "study")
BROKEN = "models/broken.py cannot be imported: NameError: name 'missing' is not defined"


@pytest.fixture
def program(tmp_path):
    """A copy of the program, to which a model can be added."""
    for name in PROGRAM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        ignored = {"ignore": shutil.ignore_patterns("__pycache__")} if (ROOT / name).is_dir() else {}
        copy(ROOT / name, tmp_path / name, **ignored)
    return tmp_path


def call(program, *arguments):
    command = [sys.executable, "main.py", *map(str, arguments)]
    return subprocess.run(command, cwd=program, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.slow
def test_the_example_of_the_docs_is_listed_and_trains(program, toy):
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(# models/mynet\.py\n.*?)```", text, re.DOTALL)
    (program / "models" / "mynet.py").write_text(example, encoding="utf-8")
    ran = call(program, "train", "-m", "mynet", "--data", toy, "--epochs", "1", "--image-size", "32")
    assert ran.returncode == 0, ran.stderr
    (run,) = (program / "runs").iterdir()
    assert run.name.endswith("-mynet")
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["model"] == "mynet"
    assert "mynet" in call(program, "summary").stdout


def test_a_model_file_that_cannot_be_imported_is_named_and_the_others_still_work(program, toy):
    (program / "models" / "broken.py").write_text("SPEC = missing\n", encoding="utf-8")
    listed = call(program, "summary")
    assert listed.returncode == 0
    told, following = listed.stderr.splitlines()
    assert BROKEN in told
    assert following.startswith("next: ")
    for name in models.available():
        assert re.search(rf"\b{name}\b", listed.stdout), name
    asked = call(program, "train", "-m", "broken", "--data", toy)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr == f"error: {BROKEN}\n"
    unsupported = call(program, "train", "-m", "lenet", "--data", toy, "--depth", "20")  # asks every model for --depth
    assert unsupported.returncode == 2
    assert "plain, residual" in unsupported.stderr
    assert "broken" not in unsupported.stderr
