"""What the images are cut to for which a run predicts: as those were that it learned from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data import boxes as box_tables
from data import csv_table, cut
from data.crop import Box
from data.table import name_in
from errors import UserError
from study.pages.language import Bilingual, t
from study.runs.folder import Run, check_files
from study.saved.finder import Finder, within

FILE = "boxes.csv"  # what a run's own images were cut to


class Cutter:
    """Tells the box of each image, and counts how many were taken whole.

    Args:
        run: that predicts.
        own: the boxes of the files, where they are the run's own images.
    """

    def __init__(self, run: Run, own: Mapping[Path, Box] | None = None) -> None:
        self.cuts = "crop" in run.info
        self.given = own if own is not None else run.boxes
        finds = self.cuts and run.info["crop"]["to"] == "mask" and own is None
        self.finder = Finder(within(run)) if finds else None
        self.images = self.whole = 0

    def boxes_of(self, paths: Sequence[Path]) -> list[Box | None]:
        """Return the box of each file, None for the whole image."""
        if self.finder:
            return self.finder.boxes_of(paths)
        if self.given is None:
            return [None] * len(paths)
        return [self.given.get(path) or self.given.get(path.resolve()) for path in paths]

    def count(self, boxes: Iterable[Box | None]) -> None:
        """Count images that could be read, by their boxes."""
        for box in boxes:
            self.images += 1
            self.whole += box is None

    def told(self) -> str:
        """Say how many images were taken whole; nothing of a run that cuts none."""
        if not self.cuts or not self.images:
            return ""
        return cut.line(self.images, self.whole, "a found animal" if self.finder else "a box")


def own_boxes(run: Run, path_of: Mapping[str, Path]) -> dict[Path, Box] | None:
    """Return what the run's own images were cut to, by their files; None of a run that cuts none.

    Raises:
        UserError: its table is not there or was changed.
    """
    if "crop" not in run.info:
        return None
    table = run.folder / FILE
    if not table.is_file():
        raise UserError(f"{run.folder} has no {FILE}, which says what its images were cut to. Train again.")
    check_files(run, [FILE])
    found = box_tables.read(table, csv_table.Names(path_of)).boxes
    return {path_of[name]: box for name, box in found.items() if name in path_of and box}


def given_boxes(run: Run, table: str, places: Sequence[str | Path]) -> dict[Path, Box]:
    """Return the boxes of a table that `predict` is given, by the files.

    They are named from a place that is predicted for or one of the two folders above it, from the table's own folder,
    or from the working folder: the first counts in which there is such a file.

    Raises:
        UserError: the run has no use for it, or it cannot be read or names no file.
    """
    if run.info.get("crop", {}).get("to") != "box":
        why = "finds the animal by itself" if "crop" in run.info else "learned whole images"
        raise UserError(f"--boxes is for runs of train --crop-to box, and {run.folder} {why}: leave it out.")
    above = dict.fromkeys(folder for place in places for folder in (Path(place), *Path(place).absolute().parents[:2]))
    folders = [*(folder for folder in above if folder.is_dir()), Path(table).parent, Path()]

    def file_of(cell: str) -> str:
        files = (folder / name_in(folder, cell) for folder in folders)
        return str(next((file for file in files if file.is_file()), cell))

    found = box_tables.read(Path(table), file_of).boxes
    by_file = {Path(name).resolve(): box for name, box in found.items() if box and Path(name).is_file()}
    if not by_file:
        raise UserError(
            f"--boxes {table} has no box of a file that is there: give paths from the folder to predict for, or from "
            "the table's own."
        )
    return by_file


def caution(run: Run) -> Bilingual | None:
    """Say that a run's answers about images without boxes are worth less; None where they have them, or need none."""
    if run.info.get("crop", {}).get("to") != "box" or run.boxes is not None:
        return None
    return t(
        "It learned images that a table of boxes cut to the animal, and these are taken whole: its figures do not hold "
        "for them. Give predict --boxes FILE.csv.",
        "この学習結果は、枠の表に従って動物を切り出した画像を学習しましたが、ここでは画像全体を使うため、評価の数値は"
        "当てはまりません。predict --boxes FILE.csv を指定してください。",
    )
