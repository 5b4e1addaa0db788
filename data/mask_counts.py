"""How many pixels of masks are of which value and of which class, and what of that a training could not learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.folder import SPLIT_TEXT
from data.mask_values import IGNORE, LEVELS, OF_OWN, OWN, UNNAMED, Meaning
from data.masks import BACKGROUND, Masks, printable_path
from data.names import listed
from errors import UserError

CHUNK = 256  # masks looked at together
SHOWN = 6  # values or classes named in a line


@dataclass(frozen=True)
class PixelCounts:
    """Pixels of each value in the files, int64 (256,), and of each class, those beside a padded image included."""

    values: np.ndarray
    classes: np.ndarray


def count(masks: Masks, indices: np.ndarray, names: Sequence[str]) -> PixelCounts:
    """Count the pixels of some masks. Raise UserError for a value that is no class, `names` with the background."""
    classes_of = masks.meaning.classes
    bad = (classes_of == UNNAMED) | (classes_of >= len(names))
    of_class, own = (classes_of >= 0) & ~bad, classes_of == OF_OWN
    values, classes = np.zeros(LEVELS, np.int64), np.zeros(len(names), np.int64)
    for first in range(0, len(indices), CHUNK):
        chunk = indices[first : first + CHUNK]
        rows = np.stack([np.bincount(mask.ravel(), minlength=LEVELS) for mask in masks.values(chunk)])
        outside = masks.outside(chunk)
        rows[:, 0] -= outside  # where a file has nothing there is 0
        if rows[:, bad].any():
            row = int(np.flatnonzero(rows[:, bad].any(axis=1))[0])
            raise _unfit(masks, int(chunk[row]), int(np.flatnonzero(bad & (rows[row] > 0))[-1]), names)
        values += rows.sum(axis=0)
        np.add.at(classes, classes_of[of_class], rows[:, of_class].sum(axis=0))
        np.add.at(classes, masks.meaning.own[chunk], rows[:, own].sum(axis=1))
        classes[0] += outside.sum()
    return PixelCounts(values, classes)


def _unfit(masks: Masks, index: int, value: int, names: Sequence[str]) -> UserError:
    file, meaning = printable_path(masks.files[index]), masks.meaning
    if meaning.mapped:
        return UserError(
            f"{file} has the value {value}, of which `mask_values` {meaning.text} says nothing: say what it means too, "
            f"such as {value}={IGNORE}."
        )
    return UserError(
        f"{file} has the value {value}, and there are {len(names) - 1} classes: {', '.join(names[1:])}. Give values "
        f"of 0 to {len(names) - 1}, or `mask_values` own where any value but 0 is the image's own class, or say what "
        f"each means, such as `mask_values` 0={BACKGROUND},1={names[1]},{value}={IGNORE}."
    )


def check(splits: Mapping[str, PixelCounts], masks: Masks, names: Sequence[str], per_pixel: bool) -> list[str]:
    """Return a line for the user where a class has no pixel.

    Args:
        splits: what was counted in each split.
        masks: of all of them.
        names: of the classes, background first.
        per_pixel: whether classes are told apart, not the background and the rest alone.

    Raises:
        UserError: nothing can be learned from these masks, or their values were meant otherwise.
    """
    values = sum(counts.values for counts in splits.values())
    classes, meaning = sum(counts.classes for counts in splits.values()), masks.meaning
    size, what = masks.shape[1], f"the values of the {len(masks):,} masks are {describe(values)}"
    found = f"{what} at {size} × {size}"
    if not classes.any():
        raise UserError(f"No pixel counts: {found}, and `mask_values` {meaning.text} ignores all of them.")
    if not values[meaning.classes == 0].any() and not (per_pixel and meaning.mapped):
        raise UserError(f"No pixel of a mask is {BACKGROUND}: {found}. {_remedy(values, meaning, names, per_pixel)}")
    if not classes[1:].any():
        raise UserError(
            f"All pixels of the masks are {BACKGROUND}, so that nothing could be learned: {found}. Give masks with "
            "other values where the objects are, or say by `mask_values` what these mean."
        )
    if per_pixel and np.count_nonzero(classes) == 1:
        raise UserError(
            f"All pixels that count are {names[int(classes.argmax())]}, so that nothing could be learned: {found}, "
            f"and `mask_values` is {meaning.text}."
        )
    for split, counts in splits.items():
        if not counts.classes.any():
            raise UserError(
                f"No pixel of the {SPLIT_TEXT[split]} split counts: `mask_values` {meaning.text} ignores all of its "
                "pixels. Give another split, by `seed` or `split_file`, or other masks."
            )
    return _absent(classes, meaning, names, found) if per_pixel else []


def _remedy(values: np.ndarray, meaning: Meaning, names: Sequence[str], per_pixel: bool) -> str:
    """Say how values are named where none of them is background."""
    if meaning.mapped:
        return f"`mask_values` is {meaning.text}: name one of them {BACKGROUND}."
    there = np.flatnonzero(values).tolist()
    cut = ",…" if len(there) > SHOWN else ""
    mapping = [f"{value}={word}" for value, word in zip(there, (OWN, BACKGROUND), strict=False)]
    mapping += [f"{value}={IGNORE}" for value in there[2:SHOWN]]
    every = [f"{value}={OWN if meaning.text == OWN else names[value]}" for value in there[:SHOWN]]
    ways = []
    if len(there) > 1:
        ways.append(f"say what each means, such as `mask_values` {','.join(mapping)}{cut}")
    if per_pixel:
        ways.append(f"if every pixel is of a class, give `mask_values` {','.join(every)}{cut}")
    return f"Only 0 is that by `mask_values` {meaning.text}: {'; '.join(ways) or 'give other masks'}."


def _absent(classes: np.ndarray, meaning: Meaning, names: Sequence[str], found: str) -> list[str]:
    named = bool((meaning.classes == 0).any())  # a mapping need not have a background
    absent = [name for i, name in enumerate(names) if not classes[i] and (i or named)]
    if not absent:
        return []
    return [
        f"careful: no pixel of a mask is {listed(absent, SHOWN)}, so that it cannot be learned: {found}; "
        f"`mask_values` is {meaning.text}"
    ]


def describe(values: np.ndarray) -> str:
    """`1 (9,214 pixels), 2 (20,001) and 5 more`."""
    there = np.flatnonzero(values).tolist()
    return listed([f"{value} ({values[value]:,}{' pixels' if not i else ''})" for i, value in enumerate(there)], SHOWN)
