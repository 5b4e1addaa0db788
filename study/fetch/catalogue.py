"""The data sets that are known: where they lie, what their files are, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass

from errors import UserError


@dataclass(frozen=True)
class Archive:
    """One file to download: its name, its address, its size in bytes and its SHA-256, by which it is known."""

    name: str
    address: str
    size: int
    sha256: str


@dataclass(frozen=True)
class DataSet:
    """A public data set.

    Args:
        name: as it is typed.
        title: as its makers call it.
        page: where it is described.
        licence: its short name.
        terms: what may be done with the images, in a sentence or two.
        archives: what can be downloaded by anybody; none where an account is needed.
        images: folder as the archive names it -> how many images it is known to hold.
    """

    name: str
    title: str
    page: str
    licence: str
    terms: str
    archives: tuple[Archive, ...] = ()
    images: tuple[tuple[str, int], ...] = ()

    def told(self) -> list[str]:
        """Return what is said before anything is downloaded."""
        return [f"{self.title}: {self.page}", f"licence: {self.licence}. {self.terms}"]


# Sizes and SHA-256: those that TensorFlow Datasets publishes (checksums.tsv of oxford_iiit_pet). The folder of the same
# files at www.robots.ox.ac.uk, which torchvision names, leads there.
PETS = "https://thor.robots.ox.ac.uk/~vgg/data/pets"
OXFORD_PETS = DataSet(
    "oxford-pets",
    "The Oxford-IIIT Pet Dataset (Parkhi, Vedaldi, Zisserman, Jawahar, 2012)",
    "https://www.robots.ox.ac.uk/~vgg/data/pets/",
    "CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/)",
    "You may use, change and pass them on, commercially too, if you name the authors and pass changed images on under "
    "the same licence. The copyright of each image stays with its owner.",
    archives=(
        Archive(
            "annotations.tar.gz",
            f"{PETS}/annotations.tar.gz",
            19_173_078,
            "52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
        ),
        Archive(
            "images.tar.gz",
            f"{PETS}/images.tar.gz",
            791_918_971,
            "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
        ),
    ),
)
KAGGLE = "alessiocorrado99/animals10"
ANIMALS10 = DataSet(
    "animals10",
    "Animals-10 (Corrado Alessio, 2019)",
    f"https://www.kaggle.com/datasets/{KAGGLE}",
    "GPL-2.0, as its page on Kaggle says",
    "The images were collected by an image search, so the copyright of each stays with its owner: use them to learn "
    "and to compare; before you pass them on, read that page.",
    images=(("cane", 4863), ("cavallo", 2623), ("gatto", 1668)),
)
DATA_SETS = {one.name: one for one in (ANIMALS10, OXFORD_PETS)}


def find(names: tuple[str, ...]) -> DataSet:
    """Return the data set that is named. Raise UserError where it is none, or not one."""
    if len(names) != 1 or names[0] not in DATA_SETS:
        received = " ".join(names) or "nothing"
        raise UserError(f"fetch takes the name of one data set: {' or '.join(DATA_SETS)}. Received: {received}")
    return DATA_SETS[names[0]]
