"""What the images and the files of a command hold: with others it is another comparison, or another search."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from data.folder import ImageRecord
from data.store.hashes import hash_all
from study.experiments.plan import TRAIN_FIELDS, Plan, digest, flag_texts, with_run_folders
from study.runtime import console
from study.settings import declare

TABLES = ("fixes", "exclude", "boxes", "auxiliary")  # which name images
FILES = (*TABLES, "labels", "split_file", "masks", "weights", "finder", "augment_with")  # what names files or folders
TOLD_BY_DATA = ("fixes", "exclude", "labels", "split_file")  # what follows from them stands in a data set's entries
IMAGES = "images or labels of the data"


def with_contents(plan: Plan, images: Iterable[ImageRecord], named: bool) -> Plan:
    """Return a plan that knows what its images and files hold now; its folder, where `named` by the user, stays.

    Images of other names are the same, unless something goes by their names.
    """
    texts = [flag_texts(combination, plan.fixed) for combination in plan.combinations]
    by_name = "group" in plan.fixed or any(name in one for one in texts for name in (*TABLES, "masks"))
    contents = {IMAGES: hash_of_images(list(images), by_name)}
    contents |= {f"{declare.flag(name)} {text}": held for (name, text), held in of_flags(texts, FILES).items()}
    out = plan.out if named else plan.out.with_name(f"{plan.out.name}-{digest(contents)}")
    return replace(plan, out=out, contents=contents)


def beside_data(texts: Iterable[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Return flag and hash of all files and folders that some trainings name and whose entries do not tell of them.

    Masks and weights that were changed in place change what is learned, and the list of images stays the same.
    """
    names = [name for name in FILES if name not in TOLD_BY_DATA]
    return sorted({(name, held) for (name, _), held in of_flags(texts, names).items()})


def of_flags(texts: Iterable[Mapping[str, str]], names: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return (flag, its text) -> hash of what it names, of some flags of several trainings."""
    all_texts = [with_run_folders(one) for one in texts]
    given = sorted({(name, one[name]) for one in all_texts for name in names if name in one})
    return {(name, text): hash_of_files(files) for name, text in given if (files := files_of(text, name))}


def hash_of_images(images: list[ImageRecord], by_name: bool) -> str:
    """Return a hash of the contents of images with their labels and what is given of their split."""
    with console.bar("hash images", len(images)) as advance:
        hashes = hash_all([image.path for image in images], advance)
    return of_lines(
        f"{sha256} {image.label} {image.split} {image.group} {image.name if by_name else ''}"
        for sha256, image in zip(hashes, images, strict=True)
    )


def files_of(text: str, name: str) -> dict[str, Path]:
    """Return name -> file of what a flag names: a file, of a run its network, of masks all in their folder.

    Of a module of Python, nothing; nor of a word such as `imagenet`, whatever has that name here.
    """
    if text in TRAIN_FIELDS[name].metadata["words"]:
        return {}
    path = Path(text.rpartition(":")[0] if name == "augment_with" else text)
    network = path / "model.keras"
    if path.is_file() or network.is_file():
        return {"": path if path.is_file() else network}
    if name != "masks" or not path.is_dir():
        return {}
    files = (file for file in path.rglob("*") if file.is_file() and file.name != "Thumbs.db")
    return {file.relative_to(path).as_posix(): file for file in files if not file.name.startswith(".")}


def hash_of_files(files: dict[str, Path]) -> str:
    """Return a hash of the contents of files under their names."""
    hashes = hash_all(list(files.values()))
    return of_lines(f"{sha256} {name}" for sha256, name in zip(hashes, files, strict=True))


def of_lines(lines: Iterable[str]) -> str:
    """Return a hash of lines, whatever their order."""
    text = "\n".join(sorted(lines))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
