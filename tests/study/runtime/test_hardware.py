"""What is installed: packages, and not folders of their names."""

import subprocess
import sys

import pytest
from helpers import ROOT

from study.runtime import hardware


@pytest.mark.parametrize(("name", "there"), [("numpy", True), ("nothing_of_that_name", False), ("results", False)])
def test_a_folder_beside_a_program_is_no_package(name, there, tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    (tmp_path / "numpy").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert hardware.is_installed(name) == there


@pytest.mark.slow
def test_keras_starts_beside_a_folder_called_jax(tmp_path):
    (tmp_path / "jax").mkdir()
    code = "from study.runtime import backend; backend.start(); import keras; print(keras.config.backend())"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": f"{tmp_path}:{ROOT}"}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert ran.stdout == "tensorflow\n"
