"""What the values of masks mean: the class of a pixel, or that it does not count.

"own": 0 is background, any other value the image's own class. "index": 0 is background, k the k-th class. Or a mapping
of the values that are in the files, such as `0=ignore,1=own,2=background`, or with names of classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.names import composed
from errors import UserError

OWN, INDEX = "own", "index"
BACKGROUND, IGNORE = "background", "ignore"
LEVELS = 256
IGNORED = LEVELS - 1  # class of a pixel that does not count
OF_OWN, TO_IGNORE, UNNAMED = -1, -2, -3  # in `Meaning.classes`


@dataclass(frozen=True)
class Meaning:
    """What the values of a data set's masks mean.

    Args:
        text: as the setting has it.
        classes: of each value, int16 (256,): index of a class, background first, `OF_OWN`, `TO_IGNORE` or `UNNAMED`.
        own: class of each image, uint8 (n,).
    """

    text: str
    classes: np.ndarray
    own: np.ndarray

    @property
    def mapped(self) -> bool:
        """Whether each value is named."""
        return self.text not in (OWN, INDEX)

    @property
    def ignores(self) -> bool:
        """Whether there are pixels that do not count."""
        return bool((self.classes == TO_IGNORE).any())

    def apply(self, values: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Return the class of each pixel of some images, uint8, from their values, uint8 (m, size, size)."""
        if self.text == INDEX:
            return values
        own = self.own[indices][:, None, None]
        if self.text == OWN:
            return (values > 0) * own
        of_value = np.where(self.classes == TO_IGNORE, IGNORED, self.classes).astype(np.uint8)
        return np.where((self.classes == OF_OWN)[values], own, of_value[values])


def parse(text: str) -> str:
    """Return `own`, `index` or a mapping as it is. Raise UserError for anything else."""
    if text not in (OWN, INDEX):
        pairs(text)
    return text


def ignores(text: str) -> bool:
    """Say whether a setting leaves pixels out."""
    return text not in (OWN, INDEX) and IGNORE in pairs(text).values()


def pairs(text: str) -> dict[int, str]:
    """Read `0=ignore,1=own,2=background` into value -> word or class. Raise UserError for anything else."""
    meanings: dict[int, str] = {}
    for item in re.split(r",(?=\s*\d+\s*=)", composed(text)):  # a comma elsewhere is of a class's name
        found = re.fullmatch(r"\s*(\d+)\s*=\s*(.*\S)\s*", item)
        if not found or int(found[1]) >= LEVELS:
            raise UserError(
                f"`mask_values` takes {OWN}, {INDEX}, or what each value of 0 to {LEVELS - 1} means, such as "
                f"0={IGNORE},1={OWN},2={BACKGROUND}. Received: {item}"
            )
        value = int(found[1])
        if value in meanings:
            raise UserError(f"`mask_values` names the value {value} twice: give it one meaning. Received: {text}")
        meanings[value] = found[2]
    return meanings


def meaning(text: str, class_names: Sequence[str], own: np.ndarray) -> Meaning:
    """Return what values mean for classes, which are counted from 1 on, and images of these classes.

    Raises:
        UserError: a mapping names what is no class, or a word that is a class's name too.
    """
    if text == INDEX:
        return Meaning(text, np.arange(LEVELS, dtype=np.int16), own)
    if text == OWN:
        return Meaning(text, np.where(np.arange(LEVELS) > 0, OF_OWN, 0).astype(np.int16), own)
    class_of = {BACKGROUND: 0, OWN: OF_OWN, IGNORE: TO_IGNORE}
    named = pairs(text)
    if double := [word for word in class_of if word in class_names and word in named.values()]:
        raise UserError(
            f"`mask_values` {text}: {double[0]} has a meaning of its own here and is the name of a class too: rename "
            "the class by `labels`."
        )
    class_of |= {name: 1 + i for i, name in enumerate(class_names) if name not in class_of}
    classes = np.full(LEVELS, UNNAMED, np.int16)
    for value, name in named.items():
        if name not in class_of:
            raise UserError(f"`mask_values` {text}: there is no class {name}. There are: {', '.join(class_of)}.")
        classes[value] = class_of[name]
    return Meaning(text, classes, own)
