"""What can be set, what goes with what, and what it means."""

import importlib

FACE = {  # public name -> its file; loaded when asked for, as a prediction needs no data set
    "load_dataset": "study.settings.source",
    "Stage": "study.settings.stages",
    "stages_of": "study.settings.stages",
    "TrainSettings": "study.settings.train",
}


def __getattr__(name: str) -> object:
    if name not in FACE:
        raise AttributeError(f"module 'study.settings' has no attribute '{name}'")
    return getattr(importlib.import_module(FACE[name]), name)
