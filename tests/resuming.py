"""What tests of a training that goes on share: what stops it, and whether two of them ended alike."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start_if_needed()

import csv
from pathlib import Path

import keras
import numpy as np

# A file with a function for --augment-with, which stops the training that calls it for the seventh time.
STOP = """
import os, signal
from pathlib import Path

CALLS, STOP = [], Path({stop!r})

def change(images):
    CALLS.extend([1] * STOP.exists())
    if STOP.exists() and len(CALLS) == 7:
        STOP.unlink()
        os.kill(os.getpid(), signal.SIGTERM)
    return images[:, ::-1]
"""


def name_in(runs: Path) -> str:
    """Return the name of the one unfinished training."""
    (kept,) = (runs / ".unfinished").iterdir()
    return kept.name


def same_results(one: Path, other: Path) -> None:
    """Hold two runs to equal figures, histories but for the seconds, and weights."""
    for name in ("metrics.json", "predictions.csv"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    rows = [
        [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file.open())]
        for file in (one / "history.csv", other / "history.csv")
    ]
    assert rows[0] == rows[1]
    found = (keras.saving.load_model(run / "model.keras", compile=False).get_weights() for run in (one, other))
    for first, second in zip(*found, strict=True):
        np.testing.assert_array_equal(first, second)


def run_in(runs: Path) -> Path:
    """Return the first finished run."""
    return next(runs.glob("2*"))
