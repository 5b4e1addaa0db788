"""What to do next about a run: one sentence, by what its figures show most plainly.

It goes by the validation split: who mends what the test split shows has no test any more.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from study.tasks import classify

WIDE = 0.05  # of an interval of the accuracy: so rough a figure cannot tell good from better
WEAK = 0.15  # of recall below the accuracy: such a class stands out
OVERFITTED = 0.1  # of accuracy in training above validation


def next_step(
    info: Mapping[str, Any], results: Mapping[str, Any], history: Sequence[Mapping[str, Any]], crossval: str
) -> tuple[str, str]:
    """Return what would help most and why, and the command for it if there is one; "" where a task has no advice.

    Args:
        info: what `run.json` holds.
        results: what `metrics.json` holds.
        history: the rows of `history.csv`.
        crossval: the command that cross-validates what was trained.
    """
    if info.get("task", "classify") != "classify":
        return "", ""
    val = results["val"]
    source = info["data"].get("table") or info["data"]["folder"]
    data = "" if info["data"].get("drawn") else f" --data {shlex.quote(source)}"
    if val["accuracy"] <= classify.baseline(val)[1]:
        return (
            "Nothing was learned that helps: look at the data for wrong labels and copies, then try another learning "
            "rate or other weights.",
            f"python main.py check{data}",
        )
    last = None if "ensemble" in info else info["stages"][-1]
    if last and last["epochs_run"] == last["epochs"] and last["kept_epoch"] == len(history):
        return "Train longer: the last epoch was the best, so it was still learning.", f"--epochs {2 * last['epochs']}"
    if weak := _weakest(val):
        images = info["data"]["counts"]["train"].get(weak, 0)
        return (
            f"Add images of {weak}, of which it finds the fewest (recall {val['per_class'][weak]['recall']:.2f}) and "
            f"has learned from {images:,}; and look at their labels.",
            f"python main.py check{data}",
        )
    low, high = results["test"]["accuracy_interval"]
    if high - low > WIDE:
        return (
            f"Measure on all images before comparing this with anything: {results['test']['n']:,} test images leave "
            f"an interval of {100 * (high - low):.0f} points. Cross-validation predicts each image by a network that "
            "never saw it.",
            crossval,
        )
    if history[-1].get("accuracy", 0) - val["accuracy"] > OVERFITTED:
        return "Add images or augmentation: it is much better on the images that it has learned from.", ""
    return "Stop here, unless the mistakes below show labels to mend: no figure points at a plain fault.", ""


def _weakest(result: Mapping[str, Any]) -> str:
    """Return the class that is found far less often than the average image, if there is one."""
    recalls = {name: entry["recall"] for name, entry in result["per_class"].items() if entry["recall"] is not None}
    name = min(recalls, key=recalls.__getitem__)
    return name if recalls[name] < result["accuracy"] - WEAK else ""
