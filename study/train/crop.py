"""What a run folder keeps of how its images were cut, so that it cuts new ones in the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data import crop
from data.boxes import COLUMNS
from data.csv_table import guarded
from data.dataset import Dataset
from study.runtime import output
from study.saved import finder
from study.saved.cut import FILE as FILE
from study.settings.train import TrainSettings


def describe(settings: TrainSettings, dataset: Dataset) -> dict[str, Any]:
    """Return what `run.json` says of it: by what, with which margin, and how many images were cut or taken whole."""
    boxes = dataset.images.boxes
    whole = sum(box is None for box in boxes)
    return {"to": settings.data.crop_to, "margin": crop.MARGIN, "cut": len(boxes) - whole, "whole": whole}


def write(folder: Path, settings: TrainSettings, dataset: Dataset, told: dict[str, Any]) -> None:
    """Write the boxes of the run's own images and, where there is one, the network that found them.

    `told` is what `run.json` says of the cut: how to ask that network is added to it.
    """
    found = zip(dataset.images.records, dataset.images.boxes, strict=True)
    output.write_csv(folder / FILE, COLUMNS, guarded([record.name, *box] for record, box in found if box))
    if settings.data.crop_to == "mask":
        told["finder"] = finder.copy(finder.opened(settings.data.finder, settings.run.runs), folder)
