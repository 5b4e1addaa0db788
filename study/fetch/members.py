"""The files in an archive, one after another, and none that would do harm when it is unpacked.

The rule is stricter than the filter of `tarfile`, which takes links and writes `/a` to `a`: no archive of images has
either, so whoever made one that does meant something else. It holds for ZIP too, and only bytes are handed out: the
name of the file that they are written to is made elsewhere.
"""

from __future__ import annotations

import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from errors import UserError

LARGEST, LARGEST_SUM = 100_000_000, 20_000_000_000  # bytes of one file, and of all: those of photos stay far below
DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError),
    NotImplementedError,  # a way to pack that zipfile does not know
)
OUTSIDE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|[\x00-\x1f]")

Member = tuple[PurePosixPath, IO[bytes]]


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise UserError where an archive that is read within the block turns out to be damaged."""
    try:
        yield
    except DAMAGED as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{path} is damaged, or no archive of that kind: {why}. Download it anew.") from error


def of_tar(path: Path) -> Iterator[Member]:
    """Yield each file in a tar archive, by its path in it and its bytes.

    Raises:
        UserError: a member would be written elsewhere, is no plain file or is absurdly large.
    """
    with tarfile.open(path) as archive:
        total = 0
        for member in archive:
            total += member.size
            check(path, member.name, member.size, total, member.isfile() or member.isdir())
            if member.isfile():
                yield PurePosixPath(member.name), archive.extractfile(member)


def of_zip(path: Path) -> Iterator[Member]:
    """Yield each file in a ZIP archive, as `of_tar` does; all its members are checked before the first."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        total = 0
        for member in members:
            total += member.file_size
            kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where it was packed on Windows
            check(path, member.filename, member.file_size, total, kind in (0, stat.S_IFREG, stat.S_IFDIR))
            if member.flag_bits & 1:
                raise UserError(f"{path}: {member.filename} is encrypted. Give an archive without a password.")
        for member in members:
            if not member.is_dir():
                with archive.open(member) as file:
                    yield PurePosixPath(member.filename), file


def sizes_in_zip(path: Path) -> dict[PurePosixPath, int]:
    """Return name -> bytes that it unpacks to, of all that a ZIP archive holds."""
    with zipfile.ZipFile(path) as archive:
        return {PurePosixPath(member.filename): member.file_size for member in archive.infolist()}


def check(path: Path, name: str, size: int, total: int, plain: bool) -> None:
    """Raise UserError for a member that no archive of images has."""
    if OUTSIDE.search(name):
        why = "would be written outside of the folder"
    elif not plain:
        why = "is a link or a device, not a file"
    elif size > LARGEST:
        why = f"is {size:,} bytes large, more than any image"
    elif total > LARGEST_SUM:
        why = f"makes it more than {LARGEST_SUM:,} bytes"
    else:
        return
    raise UserError(f"{path}: its member {name} {why}. Nothing was unpacked; give an archive from the data set's page.")
