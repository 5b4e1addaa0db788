"""In what two trainings differ that changes their numbers, and what would let one go on with the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def differences(then: Mapping[str, Any], now: Mapping[str, Any], flag: Callable[[str], str]) -> list[str]:
    """Say in what two trainings differ that changes their numbers; nothing where the second can go on with the first.

    Args:
        then: what was asked for.
        now: what is asked for.
        flag: name of a setting -> its flag.
    """
    found = [
        f"{flag(name)} was {then['settings'].get(name)} and is {value}"
        for name, value in now["settings"].items()
        if then["settings"].get(name) != value
    ]
    if then["data"] != now["data"]:
        found.append("the images, their labels or their split have changed")
    changed = [name for name, version in now["versions"].items() if then["versions"].get(name) != version]
    found += [f"{name} was {then['versions'].get(name)} and is {now['versions'][name]}" for name in changed]
    if then["program"] != now["program"]:
        found.append("the program has changed")
    return found


def remedy(then: Mapping[str, Any], now: Mapping[str, Any], flag: Callable[[str], str]) -> str:
    """Say what would let the second of two trainings that differ go on with the first.

    Only flags that were given otherwise can be left out: a setting may also follow from images, packages or program.
    """
    differing = [name for name, value in now["settings"].items() if then["settings"].get(name) != value]
    given = [flag(name) for name in differing if then["flags"].get(name) != now["flags"].get(name)]
    packages = [
        f"{name}=={then['versions'][name]}"
        for name, version in now["versions"].items()
        if then["versions"].get(name) not in (None, version)
    ]
    found = [f"leave out {', '.join(given)}"] if given else []
    if then["data"] != now["data"]:
        found.append("put the images, their labels and their split back as they were")
    if packages:
        found.append(f"install what there was then (python -m pip install {' '.join(packages)})")
    if then["program"] != now["program"]:
        found.append("take the program as it was then")
    found = found or [f"give {flag(name)} {then['settings'].get(name)}" for name in differing]
    text = " and ".join(found) or "train on the machine of then"
    return text[0].upper() + text[1:]
