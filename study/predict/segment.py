"""Answer for every pixel by a saved run: shares of the classes on the screen, masks as PNG files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from data import mask_counts, mask_values, masks
from data.folder import ImageRecord
from data.header import header
from data.store.store import Store
from errors import UserError
from study.predict import stream
from study.predict.outcome import Predicted, in_table
from study.predict.own_split import predict_split
from study.predict.stream import Prediction
from study.predict.tables import write_table
from study.predict.told import count_failures, padded, width_of
from study.runs.folder import Run
from study.runs.images import folder_of, masks_of
from study.runtime import console, new_folder, output
from study.runtime.format import percent, shares_apart
from study.tasks import segment
from study.tasks.segment import class_shares, palette


def predict_paths(run: Run, paths: Sequence[str | Path], table: Path | None, writer: MaskWriter | None) -> Predicted:
    """Print `file  class share …` for files and folders, and what failed; write table and masks if they are asked for.

    Raises:
        UserError: every file failed, or two would have their mask in one file.
    """
    rows, told = Segmented(run.info["class_names"], run.info["resize"]), []
    names = rows.names
    files, skipped = stream.find(list(stream.expand_paths(paths)))
    if writer:
        writer.check(files)
    width = width_of(files)
    for prediction in stream.predict_files(run, files, skipped):
        if prediction.probabilities is None:
            console.to_error(f"{prediction.path}: {prediction.error}")
            told.append(of_image(prediction.path, error=prediction.error))
            continue
        mask = most_likely_classes(prediction).probabilities
        shares = rows.shares(prediction)
        console.print(f"{padded(prediction.path, width)}  {describe_shares(names, shares)}")
        file = writer.write(prediction.file, mask, Path(prediction.file.name)) if writer else None
        told.append(of_image(prediction.path, shares, file))
    if table:
        write_shares(table, names, told)
    errors = [answer["error"] or "" for answer in told]
    for note in rows.notes({}) if not all(errors) else ():
        console.to_error(note)
    count_failures(errors)
    return Predicted(run, told, written(table, writer))


def written(table: Path | None, writer: MaskWriter | None) -> dict[str, Path]:
    """Return what was written, and where it is."""
    return {**({"csv": table} if table else {}), **({"masks": writer.folder} if writer else {})}


def of_image(
    path: str, shares: np.ndarray | None = None, file: Path | None = None, label: str | None = None, error: str = ""
) -> dict[str, Any]:
    """Return what a script is told of an image: the share of each class, in their order, and the file of its mask."""
    told = None if shares is None else np.array(in_table(shares))
    return {"path": path, "label": label, "shares": told, "mask": file, "error": error or None}


def write_shares(table: Path, names: Sequence[str], images: Sequence[Mapping[str, Any]]) -> None:
    """Write `path,share_<class>…,error`, one row an image."""
    write_table(
        table,
        share_columns(names),
        (share_row(names, told["path"], told["shares"], told["error"] or "") for told in images),
    )


def share_columns(names: Sequence[str]) -> list[str]:
    """Return the header of the table."""
    return ["path", *(f"share_{name}" for name in names), "error"]


def share_row(names: Sequence[str], path: str, shares: np.ndarray | None, error: str) -> list[str]:
    """Return the row of an image."""
    return [path, *([""] * len(names) if shares is None else shares_apart(shares.tolist(), 6)), error]


@dataclass(frozen=True)
class Segmented:
    """Rows of a run that tells the class of every pixel; `rule`: how it makes an image square."""

    names: Sequence[str]
    rule: str

    @property
    def columns(self) -> list[str]:
        """Return the header of the table."""
        return share_columns(self.names)

    def row(self, prediction: Prediction) -> list[str]:
        """Return the row of an image."""
        return share_row(self.names, prediction.path, self.shares(prediction), prediction.error)

    def describe(self, prediction: Prediction) -> str:
        """Return what is said of an image on the screen."""
        return describe_shares(self.names, self.shares(prediction))

    def counted(self, row: Sequence[str]) -> Sequence[str]:
        """Return nothing: an image has no one class."""
        return ()

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Say what of an image was looked at, where that is not all of it."""
        if self.rule != "crop":
            return []
        return [
            "careful: this network sees the central square of an image (--resize crop): the shares are those of that "
            "square, and a mask has background outside it"
        ]

    def shares(self, prediction: Prediction) -> np.ndarray | None:
        """Return the share that each class has of what the network saw of an image, float64 (classes,)."""
        mask, frame = most_likely_classes(prediction).probabilities, None
        if mask is None:
            return None
        if self.rule == "pad":
            frame = sides_of(prediction.file)
        return class_shares(mask, len(self.names), frame).astype(np.float64)


def evaluate_split(run: Run, split: str, table: Path | None, writer: MaskWriter | None) -> Predicted:
    """Answer for the run's own "val" or "test" part and print IoU and Dice of each class; table and masks as above.

    Raises:
        UserError: images or masks are not where they were, or are not what they were.
    """
    names, size, rule = run.info["class_names"], run.info["image_size"], run.info["resize"]
    done = predict_split(run, split, kept=most_likely_classes, whole=False)
    run, predictions, entries, root = done.run, done.predictions, done.entries, folder_of(run)
    images = [ImageRecord(run.files[entry.path], entry.path, entry.label, split) for entry in entries]
    files = own_masks(images, root, masks_of(run))
    own = np.array([names.index(entry.label) for entry in entries], np.uint8)
    meaning = mask_values.meaning(run.info["settings"]["mask_values"], names[1:], own)
    hashes = [entry.sha256 for entry in entries]  # checked when the images were answered for
    true = masks.load(files, [record.path for record in images], hashes, size, rule, Store(None), meaning)
    mask_counts.count(true, np.arange(len(true)), names)  # no value but those that mean something
    predicted = np.stack([prediction.probabilities for prediction in predictions])
    confusions = segment.confusions(true[np.arange(len(true))], predicted, len(names))
    console.print(f"{run.folder}: its {done.described}")
    no_loss = math.nan  # the probabilities are not kept
    result = segment.SegmentationResult(predicted, confusions.sum(axis=0), no_loss, segment.ious(confusions))
    metrics = segment.measure_pixels(result, names)
    segment.print_report(done.title, metrics)
    told = []
    for i, (prediction, record, mask) in enumerate(zip(predictions, images, predicted, strict=True)):
        file = writer.write(record.path, mask, record.path.relative_to(root)) if writer else None
        shares = class_shares(mask, len(names), true.sides[i] if true.sides else None)
        told.append(of_image(prediction.path, shares, file, record.label))
    if table:
        write_shares(table, names, told)
    return Predicted(run, told, written(table, writer), split, metrics, missing=done.missing)


def own_masks(images: Sequence[ImageRecord], root: Path, folder: Path) -> list[Path]:
    """Return the mask of each image of a run; of one that was renamed or moved alone, that of its former path.

    Raises:
        UserError: some are not there, two images would have one, or one lies where another one was, with masks at both.
    """
    names = {record.name for record in images}
    for record in images:
        below = record.path.relative_to(root).as_posix() if record.path.is_relative_to(root) else record.name
        if below != record.name and below in names and (folder / record.name).with_suffix(".png").is_file():
            raise UserError(
                f"{record.name} lies at the path of another image of the run now, {below}, and masks go by paths: give "
                "the images their names back."
            )
    former = [replace(record, path=root / record.name) for record in images]
    named = [
        before if record.path.is_relative_to(root) and not masks.path_for(record, root, folder).is_file() else record
        for record, before in zip(images, former, strict=True)
    ]
    return masks.paths_for(named, root, folder)


def most_likely_classes(prediction: Prediction) -> Prediction:
    """Return the answer with the likeliest class of each pixel, uint8 (size, size), in the place of probabilities."""
    if prediction.probabilities is None:
        return prediction
    mask = prediction.probabilities.argmax(axis=-1).astype(np.uint8)
    return replace(prediction, probabilities=mask)


def sides_of(file: Path) -> tuple[int, int]:
    """Return width and height of an image that was decoded, upright."""
    with file.open("rb") as opened:
        found = header(opened)
    return found.width, found.height


def describe_shares(names: Sequence[str], shares: np.ndarray) -> str:
    """`dog 23.4 %, background 76.6 %`: what there is, the background last."""
    order = [*(i for i in np.argsort(-shares, kind="stable").tolist() if i), 0]
    return ", ".join(f"{names[i]} {percent(shares[i])} %" for i in order if shares[i] > 0)


@contextmanager
def mask_writer(run: Run, folder: str | None) -> Iterator[MaskWriter | None]:
    """Yield what writes masks into a folder, None without one; they are there when the block ends, all or none.

    Raises:
        UserError: the folder cannot be made, or has files already: true masks may lie there; or the disk is full.
    """
    if not folder:
        yield None
        return
    out = Path(folder)
    output.refuse_within(out, run.data or run.info["data"]["folder"], "--masks")
    with new_folder.filled_within(out, "--masks") as aside:
        yield MaskWriter(run, out, aside)


class MaskWriter:
    """Writes masks of the images' own sizes into a folder, as PNG with a palette: the values are the classes.

    Args:
        run: that predicts.
        folder: where they will be.
        aside: where they are until all are written.
    """

    def __init__(self, run: Run, folder: Path, aside: Path) -> None:
        self.folder, self.aside = folder, aside
        self.rule, self.names = run.info["resize"], run.info["class_names"]

    def check(self, files: Sequence[Path]) -> None:
        """Raise UserError, before any work, where two of some files would have their mask in one."""
        file_of: dict[Path, Path] = {}
        for file in files:
            place = self.place(Path(file.name))
            if (other := file_of.setdefault(place, file)) != file:
                raise UserError(
                    f"{file} and {other} would both have their mask in {place}: predict them one after the other, into "
                    "different folders."
                )

    def place(self, name: Path) -> Path:
        """Return where the mask of that name will be."""
        return (self.folder / name).with_suffix(".png")

    def write(self, image_file: Path, mask: np.ndarray, name: Path) -> Path:
        """Write the mask of an image under a name, which no other may have; return where it will be."""
        path = self.place(name)
        aside = self.aside / path.relative_to(self.folder)
        drawn = Pillow.fromarray(masks.restore(mask, *sides_of(image_file), self.rule))
        drawn.putpalette(palette(len(self.names)).ravel().tolist())
        aside.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(aside)
        return path
