"""From values that do not state what is black and what is white to levels of 0 to 255: one range for a whole folder.

A file of 16 bits states that its range is 0 to 65,535, but cameras and microscopes put 10, 12 or 14 bits into it;
32-bit integers and floating-point numbers state nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

KINDS = {  # of values without a range -> what such images are called
    "16-bit": "16-bit images",
    "signed 16-bit": "signed 16-bit images",
    "32-bit": "32-bit images",
    "float": "floating-point images",
}
Ranges = Mapping[str, tuple[float, float]]  # kind -> the values shown as black and as white
FULL = (0.0, 65535.0)

TAIL = 0.001  # share of a file's values at either end that may be cut: hot and dead pixels
ODD_FILES = 0.01  # share of a folder's files, at either end, that do not count: those of another camera
UPPER_HALF = 32767  # a file that goes beyond it uses all 16 bits
MIN_FULL = 0.1  # share of such files in a folder that is taken to state its range
MISSING = 1e30  # beyond it stands what geographic files write for "no value"
SAMPLE = 1_000_000  # values of one file that are looked at
STRIP = 2**22  # values turned into levels at a time: several copies of a large image would take gigabytes


def kind_of(dtype: np.dtype) -> str:
    """Return the kind of values of a dtype; nothing for bytes, which state their range."""
    if dtype.kind == "f":
        return "float"
    if dtype.itemsize == 2:
        return "16-bit" if dtype.kind == "u" else "signed 16-bit"
    return "32-bit" if dtype.itemsize > 2 else ""


def to_levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return uint8 of the same shape: `low` becomes 0, `high` 255, what lies outside is cut, what is no number is 0."""
    levels = np.empty(values.shape, np.uint8)
    rows = max(1, STRIP // max(1, values[0].size)) if len(values) else 1
    for first in range(0, len(values), rows):
        strip = values[first : first + rows]
        strip = strip.astype(np.float32) if strip.dtype.itemsize <= 2 else strip
        strip = np.nan_to_num(strip, nan=low, posinf=low, neginf=low)
        share = np.clip((strip - low) / (high - low), 0.0, 1.0)
        levels[first : first + rows] = (share * 255.0 + 0.5).astype(np.uint8)
    return levels


def customary(values: np.ndarray, kind: str) -> tuple[float, float]:
    """Return the range of one file by itself: the smallest customary full scale that holds its brightest value."""
    brightest = float(np.nan_to_num(values, posinf=0.0, neginf=0.0).max())
    scales = (1.0, 255.0, 65535.0) if kind == "float" else (255.0, 65535.0)
    white = next((scale for scale in scales if brightest <= scale), brightest)
    return 0.0, float(np.float32(white))


def ends_of(values: np.ndarray) -> np.ndarray:
    """Return low percentile, high percentile and highest value of a file, float64 (3,); NaN where it has no value."""
    step = max(1, int(np.sqrt(values.size / SAMPLE)))
    sample = np.asarray(values[::step, ::step], np.float64).ravel()
    sample = sample[np.abs(sample) < MISSING]  # and no NaN
    if not len(sample):
        return np.full(3, np.nan)
    return np.append(np.quantile(sample, [TAIL, 1 - TAIL]), sample.max())


def range_of(ends: Sequence[np.ndarray], kind: str) -> tuple[float, float]:
    """Return the range of a folder's files of one kind from their `ends_of`."""
    known = np.array([one for one in ends if np.isfinite(one).all()]).reshape(-1, 3)
    if not len(known):
        return 0.0, 1.0
    if kind == "16-bit" and (known[:, 2] > UPPER_HALF).mean() >= MIN_FULL:
        return FULL
    low = float(np.quantile(known[:, 0], ODD_FILES, method="lower"))
    high = float(np.quantile(known[:, 1], 1 - ODD_FILES, method="higher"))
    low, high = rounded(low, high)
    return (low, min(high, FULL[1])) if kind == "16-bit" else (low, high)


def rounded(low: float, high: float) -> tuple[float, float]:
    """Widen a range to numbers that can be said and typed: another file then seldom changes it.

    Their step is 1, 2 or 5 times a power of ten, at most a twentieth of the range.
    """
    if not high > low:
        return low, low + 1.0
    power = 10.0 ** np.floor(np.log10((high - low) / 20))
    step = float(max(n for n in (1, 2, 5) if n * power <= (high - low) / 20 * (1 + 1e-9)) * power)
    first, last = np.floor(low / step + 1e-9) * step, np.ceil(high / step - 1e-9) * step
    return float(f"{first:.12g}"), float(f"{last:.12g}")


def line(kind: str, ends: tuple[float, float]) -> str:
    """Say how the values of one kind are shown."""
    return f"{KINDS[kind]}: values {shown(ends)} are shown as black to white"


def narrowed(ranges: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, float]]:
    """Return those ranges that are not the full one of 16 bits, by which every program reads such files."""
    return {kind: (ends[0], ends[1]) for kind, ends in ranges.items() if (kind, tuple(ends)) != ("16-bit", FULL)}


def shown(ends: tuple[float, float]) -> str:
    """`100 to 4,000`."""
    return " to ".join(f"{end:,.12g}" for end in ends)
