"""A copy of a few images that was spoiled on purpose, and what `check` finds in it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageEnhance

from study.check.run import check
from study.runtime import console
from study.settings.commands import CheckSettings

if TYPE_CHECKING:
    from data.dataset import Dataset


def spoil(dataset: Dataset, folder: Path, number: int = 20) -> dict[str, str]:
    """Copy `number` images of each class and spoil some; return path below the folder -> what was done to it.

    Raises:
        ValueError: fewer than eight images a class, which are all needed.
    """
    if number < 8:
        raise ValueError(f"received number={number}; right is 8 or more: so many images are spoiled")
    records = {name: [r for r in dataset.images.records if r.label == name][:number] for name in dataset.class_names}
    for name, own in records.items():
        (folder / name).mkdir(parents=True)
        for place, record in enumerate(own):
            (folder / name / f"{place:02}{record.path.suffix}").write_bytes(record.path.read_bytes())
    first, second = dataset.class_names[:2]
    files = [record.path for record in records[first]]
    ending, done = files[0].suffix, {}
    done[f"{first}/copy{ending}"] = "a second copy of an image"
    (folder / first / f"copy{ending}").write_bytes(files[1].read_bytes())
    done[f"{second}/elsewhere{ending}"] = "a copy under another class"
    (folder / second / f"elsewhere{ending}").write_bytes(files[2].read_bytes())
    image = Image.open(files[3]).convert("RGB")
    wide, high = image.size
    done[f"{first}/brighter.png"] = "the same photo, cropped and brighter"
    cropped = image.crop((2, 2, wide, high)).resize(image.size)
    ImageEnhance.Brightness(cropped).enhance(1.1).save(folder / first / "brighter.png")
    done[f"{second}/black.png"] = "the lens cap on"
    Image.new("RGB", image.size).save(folder / second / "black.png")
    done[f"{second}/tiny.png"] = "a thumbnail"
    image.resize((12, 12)).save(folder / second / "tiny.png")
    done[f"{first}/cut.png"] = "a download that stopped half-way"
    whole = (folder / first / "brighter.png").read_bytes()
    (folder / first / "cut.png").write_bytes(whole[: len(whole) // 2])
    return done


def look(folder: Path, out: Path) -> list[tuple[str, str, str]]:
    """Let `check` look at a folder; return (severity, kind, path) of each finding, and write its page to `out`."""
    with console.silent():
        check(CheckSettings(data=str(folder), out=str(out)))
    with (out / "check.csv").open(newline="", encoding="utf-8-sig") as file:
        return [(row["severity"], row["kind"], row["path"]) for row in csv.DictReader(file)]


def counted(findings: list[tuple[str, str, str]]) -> dict[tuple[str, str], int]:
    """Return (severity, kind) -> how many."""
    return dict(Counter((severity, kind) for severity, kind, _ in findings))
