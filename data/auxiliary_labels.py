"""A second label of some pictures, learned beside the class: where it comes from, and how it travels with the first.

Both travel as one number, so that whatever is done to a label on its way (drawn, mirrored, mixed by shares) is done to
both: class * (names + 1) + 1 + second label, or + 0 where a picture has none.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.names import natural_key
from errors import UserError

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Second:
    """A second label of each picture.

    Args:
        names: of the labels, in their order.
        labels: index into them, -1 where a picture has none; int32 (n,).
    """

    names: tuple[str, ...]
    labels: np.ndarray

    def packed(self, labels: np.ndarray) -> np.ndarray:
        """Return class and second label as one number, int32 (n,)."""
        return (labels * (len(self.names) + 1) + 1 + self.labels).astype(np.int32)

    def mirror(self, mirror: np.ndarray | None) -> np.ndarray | None:
        """Return the mirror of classes for the packed numbers: the second label stays."""
        each = len(self.names) + 1
        return None if mirror is None else (mirror[:, None] * each + np.arange(each)).astype(np.int32).ravel()

    def unpacked(self, packed: tf.Tensor, classes: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return shares of the classes, of the second labels, and how much of the latter is known.

        Args:
            packed: numbers, int (batch,), or shares of all numbers, float32 (batch, classes * (names + 1)).
            classes: how many there are.

        Returns:
            float32 (batch, classes); (batch, names), which sum to 1 where something is known, else to 0; (batch,) 0..1.
        """
        import tensorflow as tf

        each = len(self.names) + 1
        all_shares = tf.one_hot(packed, classes * each) if packed.dtype.is_integer else packed
        grid = tf.reshape(all_shares, (-1, classes, each))
        seconds = tf.reduce_sum(grid, axis=1)[:, 1:]
        known = tf.reduce_sum(seconds, axis=1)
        return tf.reduce_sum(grid, axis=2), tf.math.divide_no_nan(seconds, known[:, None]), known


def of(names: Sequence[str], label_of: Mapping[str, str]) -> Second:
    """Return the second label of each picture by its name; pictures that are not named have none.

    Raises:
        UserError: fewer than two different labels.
    """
    labels = tuple(sorted({label_of[name] for name in names if name in label_of}, key=natural_key))
    if len(labels) < 2:
        there = f"only '{labels[0]}'" if labels else "none"
        raise UserError(f"--auxiliary: at least two different labels are needed to learn from. There is {there}.")
    numbers = {label: number for number, label in enumerate(labels)}
    return Second(labels, np.array([numbers.get(label_of.get(name), -1) for name in names], np.int32))


def read(path: Path) -> dict[str, str]:
    """Read `path,label` with the paths of `split.csv`; an empty label counts as none.

    Raises:
        UserError: the file cannot be read, has other columns, or gives a picture two labels.
    """
    label_of: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                name, label = row["path"].strip(), (row["label"] or "").strip()
                if label and label_of.setdefault(name, label) != label:
                    raise UserError(f"--auxiliary {path} gives {name} two labels: {label_of[name]} and {label}.")
    except OSError as error:
        raise UserError(
            f"--auxiliary takes none, coat, mask or a CSV file path,label. Received: {path} ({error.strerror})"
        ) from error
    except (KeyError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"--auxiliary {path}: expected a CSV file with the columns path,label.") from error
    return label_of
