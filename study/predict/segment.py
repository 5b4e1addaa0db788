"""Answer for every pixel by a saved run: shares of the classes on the screen, masks as PNG files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from data import image, masks
from data.folder import Image
from data.store.store import Store
from errors import UserError
from study.predict import stream
from study.predict.stream import PARTS, Answer
from study.predict.told import padded, width_of
from study.runs.folder import Run, images_of
from study.runtime import console, output
from study.tasks import segment
from study.tasks.segment import palette, shares_of


def predict_paths(run: Run, paths: Sequence[str], table: Path | None, place: str | None) -> int:
    """Print `file  class share …` for files and folders, and what failed; write table and masks if they are asked for.

    Returns:
        How many files failed.

    Raises:
        UserError: every file failed, or two would have their mask in one file.
    """
    names, lines, failed = run.info["class_names"], [], 0
    writer = MaskWriter(run, place) if place else None
    files, skipped = stream.find(list(stream.listed(paths)))
    width = width_of(files)
    for found in stream.answer(run, files, skipped):
        if found.probabilities is None:
            print(f"{found.path}: {found.error}", file=sys.stderr)
            failed += 1
            lines.append([found.path, *("" for _ in names), found.error])
            continue
        mask = likeliest(found).probabilities
        shares = shares_of(mask, len(names))
        console.say(f"{padded(found.path, width)}  {told(names, shares)}")
        lines.append([found.path, *(f"{share:.6f}" for share in shares), ""])
        if writer:
            writer.write(found.file, mask, Path(found.file.name))
    if table:
        output.write_csv(table, ["path", *(f"share_{name}" for name in names), "error"], lines)
    if failed == len(lines):
        raise UserError(f"None of the {failed} file(s) could be used; the reasons stand above.")
    if failed:
        print(f"{failed:,} of {len(lines):,} files could not be used.", file=sys.stderr)
    return failed


def predict_part(run: Run, part: str, table: Path | None, place: str | None) -> None:
    """Answer for the run's own "val" or "test" part and print IoU and Dice of each class; table and masks as above.

    Raises:
        UserError: pictures or masks are not where they were, or are not what they were.
    """
    names, size, rule = run.info["class_names"], run.info["image_size"], run.info["resize"]
    answers, rows = stream.own_part(run, part, kept=likeliest)
    root = Path(run.info["data"]["folder"])
    path_of = images_of(run)
    images = [Image(path_of[row.path], row.path, row.label, part) for row in rows]
    files = masks.paths_for(images, root, Path(run.info["data"]["masks"]))
    own = np.array([names.index(row.label) for row in rows], np.uint8)
    own = own if run.info["settings"]["mask_values"] == "own" else None
    hashes = [row.sha256 for row in rows]  # checked when the pictures were answered for
    true = masks.load(files, [entry.path for entry in images], hashes, size, rule, Store(None), own)
    masks.pixel_counts(true, np.arange(len(true)), names)
    predicted = np.stack([found.probabilities for found in answers])
    each = segment.confusions(true[np.arange(len(true))], predicted, len(names))
    console.say(f"{run.folder}: its own {PARTS[part]} part")
    result = segment.SegmentationResult(
        predicted, each.sum(axis=0), 0.0, np.array([segment.mean_iou(one) for one in each])
    )
    segment.print_report(stream.PARTS[part], segment.measure_pixels(result, names))
    if table:
        shares = [[f"{share:.6f}" for share in shares_of(mask, len(names))] for mask in predicted]
        lines = [[found.path, *line, ""] for found, line in zip(answers, shares, strict=True)]
        output.write_csv(table, ["path", *(f"share_{name}" for name in names), "error"], lines)
    if place:
        writer = MaskWriter(run, place)
        for entry, mask in zip(images, predicted, strict=True):
            writer.write(entry.path, mask, entry.path.relative_to(root))


def likeliest(found: Answer) -> Answer:
    """Return the answer with the likeliest class of each pixel, uint8 (size, size), in the place of probabilities."""
    if found.probabilities is None:
        return found
    mask = found.probabilities.argmax(axis=-1).astype(np.uint8)
    return replace(found, probabilities=mask)


def told(names: Sequence[str], shares: np.ndarray) -> str:
    """`dog 23.4 %, background 76.6 %`: what there is, the background last."""
    order = [*(at for at in np.argsort(-shares, kind="stable").tolist() if at), 0]
    return ", ".join(f"{names[at]} {100 * shares[at]:.1f} %" for at in order if shares[at] > 0)


class MaskWriter:
    """Writes masks of the pictures' own sizes into a folder, as PNG with a palette: the values are the classes.

    Raises:
        UserError: the folder cannot be made, or has files already: true masks may lie there.
    """

    def __init__(self, run: Run, place: str) -> None:
        self.place, self.rule, self.names = Path(place), run.info["resize"], run.info["class_names"]
        self.written: dict[Path, Path] = {}
        output.refuse_within(self.place, run.info["data"]["folder"], "--masks")
        try:
            self.place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"Cannot write to --masks {place}: {error.strerror}. Give another folder.") from error
        if any(not path.name.startswith(".") for path in self.place.iterdir()):
            raise UserError(f"--masks takes a new or empty folder, so that no file is replaced. Received: {place}")

    def write(self, picture: Path, mask: np.ndarray, name: Path) -> None:
        """Write the mask of an image under a name. Raise UserError where another's mask has that."""
        path = (self.place / name).with_suffix(".png")
        if path in self.written:
            raise UserError(
                f"{picture} and {self.written[path]} would both have their mask in {path}: predict them one after the "
                "other, into different folders."
            )
        self.written[path] = picture
        seen = image.header(picture.read_bytes())
        drawn = Pillow.fromarray(masks.restore(mask, seen.width, seen.height, self.rule))
        drawn.putpalette(palette(len(self.names)).ravel().tolist())
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(path)
