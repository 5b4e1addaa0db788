"""From a folder of images, or a table, to batches, from plain values; knows no flag and prints nothing."""

import importlib

FACE = {  # public name -> its file; loaded when asked for, as a prediction needs no data set
    "Source": "data.source",
    "Dataset": "data.dataset",
    "load": "data.dataset",
    "scan": "data.any_form",
    "train_batches": "data.batches",
    "eval_batches": "data.batches",
    "iterations": "data.batches",
}


def __getattr__(name: str) -> object:
    if name not in FACE:
        raise AttributeError(f"module 'data' has no attribute '{name}'")
    return getattr(importlib.import_module(FACE[name]), name)
