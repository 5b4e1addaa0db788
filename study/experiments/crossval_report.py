"""What `crossval` leaves: out-of-fold predictions as a table, the figures as JSON, and a page with all mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from data.csv_table import guarded
from data.dataset import Dataset
from study.experiments import crossval_suspects
from study.folds.divide import Fold, Labelled
from study.folds.out_of_fold import describe, describe_spread, mistakes
from study.inference.label_errors import Suspect
from study.pages import suspects
from study.pages.blocks import Figure, Table
from study.pages.pictures import jpeg
from study.pages.render import render
from study.runs.values import confused
from study.runtime import console, environment, output
from study.runtime.format import format_value, shares_apart
from study.settings.commands import CrossvalSettings
from study.settings.resolve import as_json
from study.settings.train import TrainSettings
from study.tasks import classify

MOST_SHOWN = 100  # mistakes with their picture, about 5 KB each
SIDE = 176  # pixels of such a picture
PREDICTIONS, SUMMARY, PAGE = "out-of-fold.csv", "crossval.json", "crossval.html"
HEADER = ("class", "precision", "recall", "F1", "images")


@dataclass(frozen=True)
class Record:
    """All that is written: what was asked, on which images, in which folds, and what came out.

    `probabilities`: float32 (repeats, n, classes). `epochs`: what is to be said of their number. `notes`: warnings.
    `suspects`: images whose label is probably wrong, the least probable label first.
    """

    asked: CrossvalSettings
    settings: TrainSettings
    command: str
    dataset: Dataset
    images: Labelled
    folds: Sequence[Fold]
    probabilities: np.ndarray
    summary: Mapping[str, Any]
    epochs: str
    notes: Sequence[str]
    suspects: Sequence[Suspect] = ()

    @property
    def repeats(self) -> int:
        """Return how often every image was predicted."""
        return len(self.probabilities)

    def told(self) -> list[str]:
        """Return in words the figure, its spread, the epochs, and warnings of what the accuracy alone would hide."""
        return [
            describe(self.summary, self.repeats),
            f"{len(self.folds):,} folds of one unit each"
            if self.asked.leave_one_out
            else describe_spread(self.summary, len(self.folds), self.repeats),
            f"each training: {self.epochs}",
            *classify.warnings({**self.summary, "n": self.summary["images"]}),
        ]


def write(record: Record, out: Path | None, seconds: float) -> Path:
    """Write table, JSON and page into `out`, by default into a new folder of its own, and return that."""

    def fill(folder: Path) -> None:
        classes = record.dataset.class_names
        header = ("path", "sha256", "label", "repeat", "fold", "predicted", *(f"p_{name}" for name in classes))
        output.write_csv(folder / PREDICTIONS, header, guarded(rows(record)))
        output.write_json(folder / SUMMARY, content(record, seconds))
        output.write_page(folder / PAGE, page(record))

    if out is None:
        model = f"{record.settings.run.model}-crossval"
        return output.save_run(Path(record.asked.runs), model, fill, noun="cross-validation")
    fill(out)
    return out


def rows(record: Record) -> Iterator[list[object]]:
    """Yield every prediction: repeat by repeat, in the order of the images."""
    entries, names = record.dataset.entries, record.dataset.class_names
    fold_of = np.zeros(record.probabilities.shape[:2], int)
    for fold in record.folds:
        fold_of[fold.repeat - 1, fold.held_out] = fold.number
    for repeat, (numbers, probabilities) in enumerate(zip(fold_of, record.probabilities, strict=True), 1):
        predicted = probabilities.argmax(axis=1)
        for entry, number, index, shares in zip(entries, numbers, predicted, probabilities.tolist(), strict=True):
            yield [entry.path, entry.sha256, entry.label, repeat, number, names[index], *shares_apart(shares, 6)]


def content(record: Record, seconds: float) -> dict[str, Any]:
    """Return what `crossval.json` says."""
    dataset, folds = record.dataset, None if record.asked.leave_one_out else record.asked.folds
    return {
        "command": record.command,
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "crossval": asdict(record.asked) | {"folds": folds, "repeats": record.repeats, "trainings": len(record.folds)},
        "settings": settings_of(record),
        "class_names": list(dataset.class_names),
        "data": {
            "folder": str(dataset.root.resolve()),
            "drawn": dataset.synthetic,
            "images": len(dataset.entries),
            "fingerprint": dataset.fingerprint(),
            "copies": asdict(dataset.duplicates),
            "left_out": [{"path": entry.name, "reason": entry.reason} for entry in dataset.skipped],
        },
        "epochs": record.epochs,
        "optimistic": record.asked.early_stopping,
        "notes": list(record.notes),
        "results": record.summary,
        "suspected_labels": crossval_suspects.as_json(dataset, record.suspects),
        "seconds": round(seconds, 2),
        **environment.machine(),
    }


def values(record: Record, folder: Path) -> dict[str, Any]:
    """Return what a script is told: the figures of `crossval.json`, and the mistakes of the page."""
    wrong, entries = mistakes(record.images, record.probabilities), record.dataset.entries
    shown = [{key: entry[key] for key in ("predicted", "wrong", "probability")} for entry in wrong[:MOST_SHOWN]]
    paths = [entries[entry["row"]] for entry in wrong[:MOST_SHOWN]]
    return {
        "folder": folder,
        "page": folder / PAGE,
        "csv": folder / PREDICTIONS,
        "model": record.settings.run.model,
        "class_names": list(record.dataset.class_names),
        **{key: value for key, value in record.summary.items() if key != "confusion"},
        "confused": confused(record.summary),
        "repeats": record.repeats,
        "trainings": len(record.folds),
        "epochs": record.epochs,
        "optimistic": record.asked.early_stopping,
        "notes": list(record.notes),
        "mistakes": len(wrong),
        "worst": [{"path": one.path, "label": one.label, **entry} for one, entry in zip(paths, shown, strict=True)],
    }


def settings_of(record: Record) -> dict[str, Any]:
    """Return the settings, with the place where this lies."""
    return as_json(record.settings.with_values(runs=record.asked.runs))


def page(record: Record) -> str:
    """Return the page."""
    wrong = mistakes(record.images, record.probabilities)
    settings = [[name, format_value(value, name)] for name, value in settings_of(record).items()]
    return render(
        "crossval.html.jinja",
        root=str(record.dataset.root),
        created=f"{datetime.now():%Y-%m-%d %H:%M}",
        command=record.command,
        told=[capitalised(sentence).rstrip(".") for sentence in record.told()],
        notes=record.notes,
        method=record.summary["interval_method"],
        classes=Table(HEADER, classify.per_class_rows(record.summary)),
        confusion=confusion(record),
        by_fold=Table(("repeat", "fold", "images", "accuracy %"), fold_rows(record), (0, 1)),
        suspected=capitalised(crossval_suspects.describe(record.suspects)),
        suspects=crossval_suspects.section(record.dataset, record.suspects),
        many=len(record.suspects) > suspects.MOST,
        summary=SUMMARY,
        wrong=len(wrong),
        mistakes=[shown(record, entry) for entry in wrong[:MOST_SHOWN]],
        predictions=PREDICTIONS,
        settings=Table(("setting", "value"), settings, (0, 1)),
    )


def capitalised(sentence: str) -> str:
    """Return a sentence with a capital letter at its beginning."""
    return sentence[0].upper() + sentence[1:]


def confusion(record: Record) -> Table | None:
    """Return the confusion matrix over all repeats; None where it would not fit a page."""
    names = record.dataset.class_names
    if len(names) > classify.MAX_IN_A_MATRIX:
        return None
    counts = [[name, *row] for name, row in zip(names, record.summary["confusion"], strict=True)]
    return Table(("true \\ predicted", *names), counts)


def fold_rows(record: Record) -> list[list[object]]:
    """Return a row a fold; of very many none, where each holds an image or two."""
    if record.asked.leave_one_out:
        return []
    each = record.summary["accuracy_of_folds"]["each"]
    return [
        [fold.repeat, fold.number, f"{len(fold.held_out):,}", f"{100 * accuracy:.2f}"]
        for fold, accuracy in zip(record.folds, each, strict=True)
    ]


def shown(record: Record, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a mistake: picture, path, label, and what was predicted how often."""
    row = entry["row"]
    image = Image.fromarray(record.dataset.images.pixels[[row]][0])
    image.thumbnail((2 * SIDE, 2 * SIDE))
    side = min(SIDE, image.width)
    path, label = record.dataset.entries[row].path, record.dataset.entries[row].label
    return {
        "picture": Figure(jpeg(image, 85), path, (side, side), enlarges=image.width > side),
        "path": path,
        "label": label,
        "predicted": entry["predicted"],
        "wrong": entry["wrong"],
        "repeats": record.repeats,
        "probability": f"{100 * entry['probability']:.0f}",
    }


def print_results(record: Record, folder: Path) -> None:
    """Print the figures and where the rest is."""
    figure, spread, epochs, *warnings = record.told()
    console.print(figure)
    console.class_table("", HEADER, classify.per_class_rows(record.summary), HEADER.index("F1"), "the lowest F1")
    optimistic = [epochs] if record.asked.early_stopping else []  # else that was said before
    for sentence in [spread, *optimistic, *warnings]:
        console.print(sentence)
    console.print(f"suspected labels: {crossval_suspects.describe(record.suspects)}")
    console.print(f"look at {folder / PAGE}; every prediction: {folder / PREDICTIONS}")
