"""Download a file that is known by its SHA-256, whatever the connection and the server do on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from data.store.hashes import hash_file
from errors import UserError
from study.fetch import http
from study.fetch.catalogue import Archive
from study.fetch.http import LostError
from study.runtime import console

PART, WRONG = ".part", ".wrong"  # behind the name of an archive: what came of it so far; what turned out to be another


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds, and how often.

    Args:
        timeout: in which nothing comes, before the connection is given up.
        tries: in a row that bring not one byte, before the download is.
        pause: before the next try; twice as long each time.
        longest: that a server may ask to wait.
    """

    timeout: float = 30.0
    tries: int = 5
    pause: float = 1.0
    longest: float = 120.0


def download(archive: Archive, folder: Path, patience: Patience) -> Path:
    """Return the archive in `folder`, downloaded unless it is there; a part that is there is gone on with.

    Raises:
        UserError: it cannot be had now, or another file lies at its address; what came of it stays.
    """
    target, part = folder / archive.name, folder / (archive.name + PART)
    if target.exists():
        if hash_file(target) != archive.sha256:
            raise UserError(f"{target} is not {archive.address}: its SHA-256 is another. Remove it, and start again.")
        return target
    if size_of(part) > archive.size:  # no part of it
        part.unlink()
    console.print(f"{archive.address}: {archive.size / 1e6:,.0f} MB" + _had(part))
    in_pieces = receive(archive, part, patience)
    if in_pieces and hash_file(part) != archive.sha256:  # pieces of two files may have been joined
        console.to_error(f"{archive.name}: the pieces do not fit together; downloading it anew")
        part.unlink()
        receive(archive, part, patience)
    if (found := hash_file(part)) != archive.sha256:
        wrong = part.replace(folder / (archive.name + WRONG))
        raise UserError(
            f"{archive.address} sent another file than the known one: SHA-256 {found[:12]}…, expected "
            f"{archive.sha256[:12]}…. It lies in {wrong}; the same command downloads it anew."
        )
    return part.replace(target)


def receive(archive: Archive, part: Path, patience: Patience) -> bool:
    """Fill `part` up to the archive's size, over as many connections as it takes; return whether it took several.

    Raises:
        UserError: the server refuses, or no byte came in several tries; `part` stays.
    """
    in_pieces, fruitless = size_of(part) > 0, 0
    with console.byte_bar(archive.name, archive.size) as show:
        while (before := size_of(part)) < archive.size:
            try:
                http.append(archive.address, part, archive.size, patience.timeout, show)
            except LostError as lost:
                fruitless = 0 if size_of(part) > before else fruitless + 1
                in_pieces |= size_of(part) > 0
                _pause(lost, archive, part, fruitless, patience)
            except UserError as error:
                raise UserError(f"{error}{_kept(part, archive)}") from error
    return in_pieces


def _pause(lost: LostError, archive: Archive, part: Path, fruitless: int, patience: Patience) -> None:
    """Wait before the next try. Raise UserError where that would be one too many, or too long."""
    if fruitless == patience.tries:
        raise UserError(f"{archive.address}: {lost}, {fruitless} times in a row.{_kept(part, archive)}") from lost
    seconds = patience.pause * 2**fruitless if lost.wait is None else lost.wait
    if seconds > patience.longest:
        raise UserError(
            f"{archive.address}: {lost}, and asks to wait {seconds / 60:,.0f} minutes. Start again then."
            f"{_kept(part, archive)}"
        ) from lost
    console.to_error(f"{archive.name}: {lost}; trying again in {seconds:.0f} s")
    time.sleep(seconds)


def _had(part: Path) -> str:
    return f", {size_of(part) / 1e6:,.0f} MB of which are here already" if part.exists() else ""


def _kept(part: Path, archive: Archive) -> str:
    """Say what of an archive is there for the next start."""
    if not size_of(part):
        return ""
    return f" {size_of(part):,} of {archive.size:,} bytes are kept; the same command goes on from there."


def size_of(path: Path) -> int:
    """Return the size of a file in bytes, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0
