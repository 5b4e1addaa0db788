"""How large an install is: what each package takes on the disk, and why it is there.

    python benchmarks/install_size.py [requirements.txt | requirements-predict.txt] [--most MB]

Of the packages that a list names and those that they need, as they are installed here: their files by the lists that
came with them, compiled Python among them. It exits with 1 where all together take more than --most.
"""

from __future__ import annotations

import argparse
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parent.parent
MEGABYTE = 2**20
LINE = re.compile(r"([A-Za-z0-9-]+)[^#]*#\s*(.+)")  # of a list: a name, its versions, a comment why
SMALL = 1.0  # MB; packages below it share a row


def listed(path: Path) -> dict[str, str]:
    """Return name -> why of the packages that a list names, those of a list that it begins with first."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= listed(path.parent / line.removeprefix("-r ").strip())
        elif match := LINE.match(line):
            found[match[1].lower()] = match[2]
    return found


def installed(reasons: dict[str, str]) -> dict[str, str]:
    """Return name -> why of these packages and all that they need here."""
    from packaging.requirements import Requirement

    reasons, waiting = dict(reasons), list(reasons)
    while waiting:
        name = waiting.pop(0)
        for text in distribution(name).requires or ():
            needed = Requirement(text)
            other = re.sub(r"[-_.]+", "-", needed.name).lower()
            if other not in reasons and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
                reasons[other] = f"needed by {name}"
                waiting.append(other)
    return reasons


def megabytes(name: str) -> float:
    """Return what the files of a package take, MB."""
    files = (Path(file.locate()) for file in distribution(name).files or ())
    return sum(file.stat().st_size for file in files if file.is_file()) / MEGABYTE


def main() -> int:
    """Print a table, the largest package first; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", nargs="?", default="requirements.txt", help="a list of packages (default: all)")
    parser.add_argument("--most", type=float, metavar="MB", help="exit with 1 where it is more")
    given = parser.parse_args()
    try:
        reasons = installed(listed(ROOT / given.list))
        sizes = sorted(((megabytes(name), name) for name in reasons), reverse=True)
    except PackageNotFoundError as error:
        print(f"error: {error.name} of {given.list} is not installed in {sys.prefix}", file=sys.stderr)
        return 2
    total, rest = sum(size for size, _ in sizes), [size for size, _ in sizes if size < SMALL]
    print("| package | MB | why |\n|---|---|---|")
    for size, name in sizes[: len(sizes) - len(rest)]:
        print(f"| {name} | {size:,.0f} | {reasons[name]} |")
    print(f"| {len(rest)} smaller ones | {sum(rest):,.0f} | |")
    print(f"| all {len(sizes)} | {total:,.0f} | {given.list} |")
    return int(given.most is not None and total > given.most)


if __name__ == "__main__":
    sys.exit(main())
