"""What `run.json` has to say to be used: types and ranges, checked once, where it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data.names import composed
from data.resize import RESIZE_RULES
from study import tasks

LARGEST_SIZE = 4096  # pixels a side
LONGEST_NAME = 100  # letters; an ensemble's has the names of all its models
Rule = tuple[str, Callable[[Any], bool]]  # what would be right, and whether a value is


def is_text(value: Any) -> bool:  # noqa: ANN401 - whatever JSON may hold
    """Say whether it is text that says something."""
    return isinstance(value, str) and bool(value.strip())


def is_folder_name(value: Any) -> bool:  # noqa: ANN401
    """Say whether it can stand in the name of a folder, and leads nowhere else."""
    return is_text(value) and value.isprintable() and len(value) <= LONGEST_NAME and not set(value) & {"/", "\\"}


def is_mapping(value: Any) -> bool:  # noqa: ANN401
    """Say whether it is an object of JSON."""
    return isinstance(value, dict)


def are_class_names(value: Any) -> bool:  # noqa: ANN401
    """Say whether it is a list of different names."""
    if not isinstance(value, list) or not value or not all(map(is_text, value)):
        return False
    return len({composed(name) for name in value}) == len(value)


def is_number(value: Any) -> bool:  # noqa: ANN401
    """Say whether it is a number that can be counted with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def are_ranges(value: Any) -> bool:  # noqa: ANN401
    """Say whether it names a range of values for each of some kinds of them."""
    return is_mapping(value) and all(
        isinstance(ends, list) and len(ends) == 2 and all(map(is_number, ends)) and ends[0] < ends[1]
        for ends in value.values()
    )


def are_sizes(value: Any) -> bool:  # noqa: ANN401
    """Say whether it is a list of different sizes of images, the largest first."""
    if not isinstance(value, list) or len(value) < 2 or not all(type(side) is int for side in value):
        return False
    return value == sorted(set(value), reverse=True) and value[-1] >= 1 and value[0] <= LARGEST_SIZE


def is_crop(value: Any) -> bool:  # noqa: ANN401
    """Say whether it tells what images are cut to, and how what finds that sees them."""
    if not is_mapping(value) or value.get("to") not in ("mask", "box"):
        return False
    finder = value.get("finder")
    return value["to"] == "box" or (is_mapping(finder) and not fault({"data": {"folder": "."}, **finder}))


def limit_of(verdicts: Any) -> Any:  # noqa: ANN401
    """Return the distance from which on an image is unlike what was learned; None where it is not said."""
    unlike = verdicts.get("unlike") if is_mapping(verdicts) else None
    return unlike.get("limit") if is_mapping(unlike) else None


NEEDED: Mapping[str, Rule] = {
    "model": ("a name that a folder may have", is_folder_name),
    "class_names": ("a list of different names", are_class_names),
    "image_size": (f"1 to {LARGEST_SIZE}", lambda value: type(value) is int and 1 <= value <= LARGEST_SIZE),
    "resize": (", ".join(RESIZE_RULES), lambda value: value in RESIZE_RULES),
    "data": ("an object with the folder of the images", lambda value: is_mapping(value) and "folder" in value),
}
USED: Mapping[str, Rule] = {  # by some commands, and missing in runs of earlier versions
    "task": (", ".join(tasks.available()), lambda value: value in tasks.available()),
    "image_sizes": (f"two or more different ones of 1 to {LARGEST_SIZE}, the largest first", are_sizes),
    "settings": ("an object", is_mapping),
    "learning": ("an object", is_mapping),
    "seconds": ("an object of numbers", lambda value: is_mapping(value) and all(map(is_number, value.values()))),
    "stages": ("a list of objects", lambda value: isinstance(value, list) and all(map(is_mapping, value))),
    "pixel_range": ("two numbers, the lower first, for each kind of values", are_ranges),
    "verdicts": ("an object with a limit of unlike", lambda value: is_number(limit_of(value))),
    "crop": ("an object with to, and a finder where that is mask", is_crop),
    "files": ("an object of texts", lambda value: is_mapping(value) and all(map(is_text, value.values()))),
}
OF_DATA: Mapping[str, Rule] = {
    "folder": ("a path", is_text),
    "table": ("a path", is_text),
    "masks": ("a path or null", lambda value: value is None or is_text(value)),
    "drawn": ("true or false", lambda value: isinstance(value, bool)),
}


def fault(info: Any) -> str:  # noqa: ANN401
    """Return what is wrong with the content of `run.json`, in a few words; nothing where it can be used."""
    if not is_mapping(info):
        return "it is no object"
    if lacking := sorted(NEEDED.keys() - info.keys()):
        return f"{', '.join(lacking)} missing"
    for within, rules in ((info, NEEDED | USED), (info["data"], OF_DATA)):
        for name, (right, is_right) in rules.items():
            if name in within and not is_right(within[name]):
                return f"{name} must be {right}"
    if info.get("task") == "multilabel":
        limits = info.get("thresholds")
        named = is_mapping(limits) and {composed(name) for name in info["class_names"]} == limits.keys()
        if not named or not all(is_number(limit) and 0 <= limit <= 1 for limit in limits.values()):
            return "thresholds must be a number of 0 to 1 for each class"
    return ""
