"""What `--json` says of runs: the keys of run.json and metrics.json, without what is long."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study import tasks
from study.runs.folder import Run
from study.tasks.classify import most_confused

OF_RUN = ("model", "created", "class_names")
OF_TRAINING = ("image_size", "learning", "stages", "verdicts", "calibration", "seconds")
OUT_OF_FOLD = ("folds", "repeats", "images", "units", "accuracy", "accuracy_interval", "interval_method")
OF_DATA = ("folder", "table", "drawn", "images", "counts", "fingerprint", "copies", "fixes", "left_out")


def of_run(run: Run) -> dict[str, Any]:
    """Return which run it is."""
    named = {"run": run.folder, "name": run.info.get("settings", {}).get("name"), "task": run.task}
    return {**named, **{key: run.info.get(key) for key in OF_RUN}}


def of_training(run: Run, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a training came to; `metrics` is what `metrics.json` holds."""
    task = run.task
    found = {key: run.info.get(key) for key in OF_TRAINING}
    if found["calibration"]:
        test = {key: found["calibration"]["test"][key] for key in ("error", "noise_floor")}
        found["calibration"] = {**found["calibration"], "test": test}
    return {
        **of_run(run),
        "page": run.folder / "report.html",
        **found,
        "data": {key: run.info["data"].get(key) for key in OF_DATA},
        **{split: figures(metrics[split], task) for split in ("val", "test")},
        "crossval": {key: metrics["crossval"][key] for key in OUT_OF_FOLD} if "crossval" in metrics else None,
    }


def figures(metrics: Mapping[str, Any], task: str = "classify") -> dict[str, Any]:
    """Return the figures of a split with the constant answer that is right most often, if the task has one.

    In place of the confusion matrix stand the largest counts beside its diagonal. What `metrics.json` has only where
    images belong together, `units` and `seen`, is always there.
    """
    constant = tasks.get(task).baseline(metrics) if metrics else None
    found = {key: value for key, value in metrics.items() if key != "confusion"}
    if "accuracy_interval" in found:
        found |= {key: metrics.get(key) for key in ("units", "seen")}
    found["baseline"] = {"class": constant[0], "accuracy": constant[1]} if constant else None
    if "confusion" in metrics:
        found["confused"] = confused(metrics)
    return found


def confused(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the classes that are taken for each other most often: images, or pixels in segmentation."""
    pairs = most_confused(list(metrics["per_class"]), metrics["confusion"])
    return [{"label": label, "predicted": predicted, "count": count} for label, predicted, count in pairs]


def of_listing(run: Run, metrics: Mapping[str, Any], fingerprint: str, size: int, data: Path | None) -> dict[str, Any]:
    """Return what the list of runs says of one; its figures are null where they cannot be read."""
    keys = dict.fromkeys(("accuracy", "accuracy_interval", "n", tasks.get(run.task).SCORE))
    short = {split: {key: metrics[split].get(key) for key in keys} if metrics else None for split in ("val", "test")}
    return {**of_run(run), "data": data, "fingerprint": fingerprint, **short, "bytes": size}
