"""How the text of a flag becomes a value, where a number or a choice is not enough."""

from __future__ import annotations

import math
import re

from data.names import composed
from errors import UserError
from models.parts.options import DEPTHS

QUOTED = r'"(?:[^"]|"")*+"'  # a name; a quotation mark in it is written twice
SMALLEST_SIZE, LARGEST_SIZE = 32, 1024


def parse_class_weight(text: str) -> str | dict[str, float]:
    """Read `none`, `balanced` or `cat=1,"x, y"=0.3`. Raise UserError for anything else."""
    if text in ("none", "balanced"):
        return text
    weights = {}
    for item in split_outside_quotes(composed(text), ","):
        if quoted := re.fullmatch(rf"\s*({QUOTED})\s*=(.*)", item, re.DOTALL):
            name, number = quoted[1][1:-1].replace('""', '"'), quoted[2]
        else:
            name, _, number = item.rpartition("=")
            name = name.strip()
        if name in weights:
            raise UserError(f"--class-weight names {name} twice. Received: {text}")
        try:
            weights[name] = float(number)
        except ValueError:
            weights[name] = -1.0
        if not name or not 0 < weights[name] < math.inf:
            raise UserError(
                "--class-weight takes none, balanced, or names with weights above 0 such as cat=1,dog=0.3; a name that "
                f'has a comma in it stands in quotation marks, "x, y"=2. Received: {item}'
            )
    return weights


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Divide a text at a separator, but not within a quoted name; a quotation mark opens one where a name begins."""
    # No group within: Python 3.11 may fail where a possessive repetition gives one up.
    piece = re.compile(rf"(?:(?<![^,;])\s*{QUOTED}|[^{separator}])*+")
    pieces, start = [], 0
    while start <= len(text):
        pieces.append(piece.match(text, start)[0])
        start += len(pieces[-1]) + 1
    return pieces


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


def parse_depth(text: str) -> int:
    """Read a number of layers, 6n + 2. Raise UserError for anything else."""
    try:
        depth = int(text)
    except ValueError:
        depth = 0
    if depth % 6 != 2:
        raise UserError(f"--depth takes {DEPTHS}. Received: {text}")
    return depth


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


def parse_run_name(text: str) -> str:
    """Read the name of a run. Raise UserError for what could be taken for a path or a flag."""
    if not re.fullmatch(r"\w[\w.-]{0,59}", text):
        raise UserError(
            f"--name takes up to 60 letters, digits, dots, dashes and underscores, a letter or digit first. "
            f"Received: {text}"
        )
    return composed(text)


UNITS = {"s": 1, "m": 60, "h": 3600}
LONGEST_TIME = 8760 * 3600  # seconds


def parse_time_limit(text: str) -> str:
    """Check a length of time such as `90s`, `20m` or `1.5h`. Raise UserError for anything else."""
    given = composed(text).strip()
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?[smh]", given, re.ASCII) or not 0 < seconds_of(given) <= LONGEST_TIME:
        raise UserError(
            "--time-limit takes a number and its unit, s, m or h for seconds, minutes or hours, such as 90s, 20m or "
            f"1.5h; above 0, at most {LONGEST_TIME // 3600:,}h. Received: {text}"
        )
    return given


def seconds_of(time_limit: str) -> float:
    """Return the seconds of what `parse_time_limit` returned."""
    return float(time_limit[:-1]) * UNITS[time_limit[-1]]


def parse_shard(text: str) -> str:
    """Read `3/16`. Raise UserError for anything else."""
    found = re.fullmatch(r"0*([1-9][0-9]{0,4})/0*([1-9][0-9]{0,4})", text.strip(), re.ASCII)
    if not found or int(found[1]) > int(found[2]):
        raise UserError(f"--shard takes K/N such as 3/16: the part, from 1, and how many there are. Received: {text}")
    return f"{found[1]}/{found[2]}"
