"""The Oxford-IIIT Pet Dataset: 37 breeds of cats and dogs, from two archives of the university's own pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from errors import UserError
from study.fetch import members
from study.fetch.place import Placed
from study.runtime import console

LIST = "annotations/list.txt"
SPECIES = {"1": "cat", "2": "dog"}


def labels(lines: Iterable[str], species: bool) -> dict[str, str]:
    """Return image -> breed, or species, by the list of the annotations: `Abyssinian_100 1 1 1`."""
    found = {}
    for line in lines:
        words = line.split()
        if len(words) == 4 and words[2] in SPECIES:
            found[words[0]] = SPECIES[words[2]] if species else words[0].rpartition("_")[0]
    return found


def read_labels(annotations: Path, species: bool) -> dict[str, str]:
    """Read the labels of all images from the archive of annotations. Raise UserError where it has none."""
    for name, file in members.of_tar(annotations):
        if name.as_posix() == LIST:
            return labels(file.read().decode("utf-8", "replace").splitlines(), species)
    raise UserError(f"{annotations} holds no {LIST}. Remove it, and start again.")


def fill(placed: Placed, images: Path, label_of: Mapping[str, str]) -> int:
    """Put the images into the folders of their labels; return how many are left out, since the list lacks them."""
    left_out = 0
    with console.bar("images", len(label_of)) as tick:
        for name, file in members.of_tar(images):
            if name.suffix != ".jpg" or name.name.startswith("."):
                continue
            if label := label_of.get(name.stem):
                placed.add(label, name.name, file)
                tick()
            else:
                left_out += 1
    if (missing := len(label_of) - placed.counts.total()) > 0:
        console.print(f"careful: {missing:,} images of the list are not in {images}")
    return left_out
