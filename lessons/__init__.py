"""What every lesson needs: exercises that check themselves, sentences in two languages, pictures in one style."""

from __future__ import annotations

import importlib

FACE = {  # public name -> its file; loaded when asked for, so that `study.runtime.start` may come before Keras
    "canvas": "lessons.telling",
    "check": "lessons.checking",
    "learn": "lessons.training",
    "read": "lessons.training",
    "say": "lessons.telling",
    "show": "lessons.telling",
}


def __getattr__(name: str) -> object:
    if name not in FACE:
        raise AttributeError(f"module 'lessons' has no attribute '{name}'")
    return getattr(importlib.import_module(FACE[name]), name)
