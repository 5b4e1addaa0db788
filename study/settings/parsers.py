"""How the text of a flag becomes a value, where a number or a choice is not enough."""

from __future__ import annotations

import argparse
import math
from typing import NoReturn

from data.names import composed
from errors import UserError

SMALLEST_SIZE, LARGEST_SIZE = 32, 1024


def parse_class_weight(text: str) -> str | dict[str, float]:
    """Read `none`, `balanced` or `cat=1,dog=0.3`. Raise UserError for anything else."""
    if text in ("none", "balanced"):
        return text
    weights = {}
    for item in composed(text).split(","):
        name, _, number = item.rpartition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            weights[name.strip()] = -1.0
        if not name.strip() or not 0 < weights[name.strip()] < math.inf:
            raise UserError(
                "--class-weight takes none, balanced, or names with weights above 0 such as cat=1,dog=0.3. "
                f"Received: {item}"
            )
    return weights


def parse_progressive(text: str) -> tuple[int, ...]:
    """Read `none` or increasing sizes such as `96,128`. Raise UserError for anything else."""
    if text == "none":
        return ()
    try:
        sizes = tuple(int(item) for item in text.split(","))
    except ValueError:
        sizes = (0,)
    if sizes[0] < SMALLEST_SIZE or sizes[-1] > LARGEST_SIZE or sorted(set(sizes)) != list(sizes):
        raise UserError(
            f"--progressive takes none or increasing sizes, {SMALLEST_SIZE} to {LARGEST_SIZE:,} pixels, such as "
            f"96,128. Received: {text}"
        )
    return sizes


def parse_range(text: str) -> tuple[float, float]:
    """Read `100:4000`. Raise UserError for anything else."""
    try:
        low, high = (float(part.replace(",", "")) for part in text.split(":"))
    except ValueError:
        low = high = math.nan
    if not -math.inf < low < high < math.inf:
        raise UserError(f"--range takes LOW:HIGH, two numbers, the lower first, such as 100:4000. Received: {text}")
    return low, high


MAX_VIEWS = 12


def parse_tta(text: str) -> str:
    """Check `none`, `flip` or a number of views. Raise UserError for anything else."""
    if text not in ("none", "flip") and not (text.isdecimal() and 2 <= int(text) <= MAX_VIEWS):
        raise UserError(f"--tta takes none, flip, or a number of views, 2 to {MAX_VIEWS}. Received: {text}")
    return text


class Parser(argparse.ArgumentParser):
    """Argparse whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError instead of printing the usage."""
        raise UserError(f"{message[0].upper()}{message[1:]}. See: {self.prog} --help")
