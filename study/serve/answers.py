"""What is told of an image: the words and values of `predict --json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from study.pages.language import told_in
from study.pages.reasons import translated
from study.predict.outcome import images_of_classes
from study.predict.stream import Prediction
from study.predict.verdicts import CLASS, Judge
from study.runs.folder import Run

FAILED = "failed"
OF_FILES = ("path", "label")  # which an image that was sent has not


def entry(run: Run, judge: Judge | None, name: str | None, prediction: Prediction) -> dict[str, Any]:
    """Return what is told of one image; `name`: what the client calls it."""
    (told,) = images_of_classes(run, [prediction], judge)
    return {"name": name, **{key: value for key, value in told.items() if key not in OF_FILES}}


def kind(judge: Judge | None, prediction: Prediction) -> str:
    """Return as what an image counts: the kind of its verdict, or `FAILED`."""
    if prediction.probabilities is None:
        return FAILED
    return judge.kind(prediction) if judge else CLASS


def failure(reason: str) -> Prediction:
    """Return the answer to an image that cannot be used."""
    return Prediction("", None, error=reason)


def in_language(prediction: Prediction, language: str) -> Prediction:
    """Return an answer with its reason in English or Japanese."""
    return replace(prediction, error=told_in(language)(translated(prediction.error)))


def whole(run: Run, judge: Judge | None, images: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the object that answers a request; the probabilities are in the order of `class_names`."""
    return {
        "run": run.folder.name,
        "model": run.info["model"],
        "task": run.task,
        "class_names": run.info["class_names"],
        "right": judge and judge.asked,
        "threshold": judge and judge.threshold,
        "predictions": images,
        "failed": sum(image["error"] is not None for image in images),
    }
