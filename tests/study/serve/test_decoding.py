"""A process that decodes gives the very pixels that `predict` sees, also for networks that take several sizes."""

import contextlib

import numpy as np
import pytest
from helpers import message, project_of_another

pytest.importorskip("starlette", reason="the packages of requirements-serve.txt are not installed")

from data import pixels
from study.serve import decoding
from study.serve.decoding import Asked, Decoders, Worker


@pytest.mark.parametrize("size", [48, (48, 32)])
def test_an_image_is_decoded_at_each_size_as_predict_does(toy, size):
    file = toy / "circle" / "1.png"
    worker = Worker(Asked(size, "crop", None, 10**6))
    try:
        decoded = worker.decode(file.read_bytes(), 60)
    finally:
        worker.end()
    np.testing.assert_array_equal(decoded, pixels.read(file, size, "crop")[1])


def test_packages_of_the_working_folder_do_not_stand_in_for_those_of_the_program(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(project_of_another(tmp_path))
    with contextlib.closing(Decoders(Asked(8, "crop", None, 10**6), 1, 60)) as decoders:
        decoders.start()
        assert decoders.workers[0].decode((toy / "circle" / "1.png").read_bytes(), 60).shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise ImportError('no such module')", "did not start: ImportError: no such module"),
        ("raise SystemExit(7)", "did not start: it ended with 7 and said nothing"),
        ("import time; time.sleep(60)", "did not start within 0.5 seconds."),
    ],
)
def test_a_process_that_does_not_start_is_told_with_what_it_said(tmp_path, monkeypatch, code, told):
    (tmp_path / "broken.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(decoding.worker, "__name__", "broken")
    monkeypatch.setattr(decoding, "STARTS", 0.5 if "sleep" in code else 60)
    with contextlib.closing(Decoders(Asked(8, "crop", None, 10**6), 1, 60)) as decoders:
        assert message(decoders.start) == f"A process that decodes images {told}"
