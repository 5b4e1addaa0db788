"""Animals-10: folders with Italian names, downloaded by hand or by kagglehub, become classes by the label table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from data import labels
from data.walk import IMAGE_SUFFIXES
from errors import UserError
from study.fetch import members
from study.fetch.catalogue import ANIMALS10, KAGGLE
from study.fetch.place import Placed
from study.runtime import console, hardware

TABLES = Path(__file__).parent
WITHIN = ("", "raw-img", "animals10/raw-img", "archive/raw-img")  # where the folders lie in what one downloads


def classes(every: bool) -> Mapping[str, str]:
    """Return folder -> class, of the three classes of the study or of all ten; "" leaves a folder out."""
    return labels.read(TABLES / ("animals10-all.csv" if every else "animals10.csv")).classes


def source(given: str | None) -> Path:
    """Return the archive or folder that holds the images: the one that is given, else what kagglehub downloads.

    Raises:
        UserError: it is not there; or none is given and kagglehub is missing or fails: what to do by hand.
    """
    if given is not None:
        path = Path(given)
        if not path.exists():
            raise UserError(f"There is no --from {given}: give the archive or the folder that you downloaded.")
        return path
    by_hand = (
        f"Download it by hand from {ANIMALS10.page} (Download, then: Download dataset as zip), "
        "and then: python main.py fetch animals10 --from archive.zip"
    )
    if not hardware.is_installed("kagglehub"):
        raise UserError(
            f"Kaggle gives this data set to those who have an account. {by_hand} (Or let kagglehub download it: "
            "python -m pip install -r requirements-fetch.txt)"
        )
    import kagglehub

    try:
        return Path(kagglehub.dataset_download(KAGGLE))
    except Exception as error:  # its own errors, those of its requests, and of the account
        why = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"kagglehub could not download it: {why[:300]}. {by_hand}") from error


def needed(path: Path, out: Path, every: bool, copy: bool) -> int:
    """Return how many bytes the new folder will take: none for hard links on the disk of the original."""
    wanted = {folder for folder, label in classes(every).items() if label}
    if path.is_file():
        return sum(size for name, size in members.sizes_in_zip(path).items() if name.parent.name in wanted)
    if not copy and path.stat().st_dev == out.absolute().parent.stat().st_dev:
        return 0
    return sum(file.stat().st_size for file in path.rglob("*.*") if file.parent.name in wanted and file.is_file())


def fill(placed: Placed, path: Path, every: bool, copy: bool) -> int:
    """Put the images into the folders of their classes; return how many are left out.

    Raises:
        UserError: it is another data set, or an archive that cannot be unpacked.
    """
    table, seen = classes(every), Counter()
    with console.bar("images", sum(number for _, number in ANIMALS10.images)) as tick:
        for folder, name, file in _of_folder(path, table) if path.is_dir() else _of_zip(path, table):
            seen[folder] += 1
            if table[folder]:
                placed.add(table[folder], name, file, copy)
                tick()
    if missing := [folder for folder, label in table.items() if label and not seen[folder]]:
        raise UserError(
            f"--from {path} holds no images in {', '.join(missing)}. Give the archive of {ANIMALS10.page}, or the "
            "folder raw-img in it."
        )
    for folder, known in ANIMALS10.images:
        if seen[folder] != known:
            console.print(f"careful: {folder} holds {seen[folder]:,} images; that of the known set holds {known:,}")
    return sum(number for folder, number in seen.items() if not table[folder])


def _of_zip(path: Path, table: Mapping[str, str]) -> Iterator[tuple[str, str, IO[bytes]]]:
    for name, file in members.of_zip(path):
        folder = name.parent.name
        if folder in table and name.parent.parent.as_posix().strip(".") in WITHIN and _is_image(name.name):
            yield folder, name.name, file


def _of_folder(path: Path, table: Mapping[str, str]) -> Iterator[tuple[str, str, Path]]:
    roots = [root for within in WITHIN if any((root := path / within).joinpath(folder).is_dir() for folder in table)]
    for folder in table if roots else ():
        for file in sorted((roots[0] / folder).glob("*")):
            if file.is_file() and _is_image(file.name):
                yield folder, file.name, file


def _is_image(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES
