"""All that lies below a folder, one file after another: image files, folders, and what is neither, with the reason."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from data import formats
from data.names import printable

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif"}
    | {".jp2", ".j2k", ".jpf", ".ppm", ".pgm", ".pbm", ".pnm"}
    | ({*formats.HEIC_SUFFIXES} if "HEIF" in formats.FORMATS else set())
)
PROGRESS = ".progress"  # behind the name of a table of predictions that is not done yet
IMAGE, FOLDER = "an image", "a folder"  # what `walk` says of a path that is of use

# What operating systems, file servers and tools leave, besides all that starts with a dot.
_HIDDEN_NAMES = {
    *("__macosx", "network trash folder", "temporary items", "icon\r"),  # macOS
    *("$recycle.bin", "recycler", "system volume information", "thumbs.db", "ehthumbs.db", "desktop.ini"),  # Windows
    *("lost+found", "found.000", "lost.dir"),  # file systems and cameras
    *("@eadir", "#recycle", "@recycle", "@tmp", "@__thumb", "#snapshot", "~snapshot"),  # file servers
    "__pycache__",
}


def in_order(folder: Path) -> Iterable[Path]:
    """Return what lies in a folder, sorted."""
    return sorted(path for path in folder.iterdir() if not _is_hidden(path))


def files_first(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder as the disk gives them, then its folders, sorted: no list of the files is kept."""
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if _is_hidden(path):
                continue
            if entry.is_dir():
                folders.append(path)
            else:
                yield path
    yield from sorted(folders)


def walk(root: Path, listed: Callable[[Path], Iterable[Path]] = in_order) -> Iterator[tuple[Path, str]]:
    """Yield each path below a folder with `IMAGE`, `FOLDER`, or the reason why it is skipped.

    `listed` gives what lies in a folder.
    """
    # A stack, not recursion: a tree may be deeper than Python's call stack.
    home = root.resolve()
    waiting, seen = [(root, home)], {home}
    while waiting:
        folder, real = waiting.pop()
        try:
            for path in listed(folder):
                kind = kind_of(path)
                if kind == "folder":
                    below = path.resolve() if path.is_symlink() else real / path.name
                    problem = _link_problem(path, below, home, seen)
                    yield path, problem or FOLDER
                    if not problem:
                        seen.add(below)
                        waiting.append((path, below))
                elif kind == "file" and path.suffix.lower() in IMAGE_SUFFIXES:
                    yield path, IMAGE
                elif not _is_own(path):
                    yield path, not_an_image(path) if kind == "file" else kind
        except OSError as error:
            yield folder, f"cannot be read ({error.strerror})"


def kind_of(path: Path) -> str:
    """Return "file" or "folder", links followed; else the reason why it is neither."""
    try:
        mode = path.stat().st_mode
    except ValueError:
        return "no valid file name"
    except FileNotFoundError:
        return "a broken link" if path.is_symlink() else "no such file or folder"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "not a regular file"


def _link_problem(folder: Path, real: Path, home: Path, seen: set[Path]) -> str:
    # A linked folder inside `home` is read in its own place, one above it would lead round in a circle.
    if folder.is_symlink() and (real.is_relative_to(home) or home.is_relative_to(real)):
        return "a link to a folder inside or above the one searched"
    return "searched already, under another name" if real in seen else ""


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.casefold() in _HIDDEN_NAMES


def _is_own(path: Path) -> bool:
    """Say whether a file is a table of predictions that is not done yet, or what is noted beside it."""
    noted = path.name.endswith((PROGRESS, f"{PROGRESS}-journal"))
    return noted or os.path.isfile(f"{path}{PROGRESS}")  # noqa: PTH113 - Path.is_file raises for a name that is too long


def not_an_image(path: Path) -> str:
    """Return why a file is not taken for an image, by its name and its first bytes."""
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            known = formats.by_name(suffix, file.read(formats.HEAD))
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    name = f"not an image file name ({printable(suffix) or 'no suffix'})"
    return f"{name}: {known}" if known else name
