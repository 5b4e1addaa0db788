"""What a run leaves behind, read back, and the cheapest run to read."""

import csv
import json

import numpy as np
from helpers import TOY_CLASSES, call

from study.runtime import hardware

PICTURES = {"curves.png", "reliability.png"}
FOR_OPENVINO = {"model.xml", "model.bin"} if hardware.openvino_available() else set()


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run_info(run):
    return json.loads((run / "run.json").read_text(encoding="utf-8"))


def shares(row):
    return np.array([float(row[f"p_{label}"]) for label in TOY_CLASSES])


def quick_transfer(run, data, runs, *more, told=""):
    """The cheapest training there is: the head of an earlier run once more, for one epoch."""
    ran = call(
        *("train", "-m", "original", "--image-size", 32, "--weights", run, "--learning", "transfer", "--epochs", 1),
        *("--data", data, "--runs", runs, *more),
    )
    assert (ran.code, ran.err) == (0, told)
    return newest(runs), ran


def newest(runs):
    return max(runs.iterdir(), key=lambda path: path.stat().st_mtime_ns)
