"""One connection that brings the next bytes of a file, by HTTP; the server may be slow, broken or wrong."""

from __future__ import annotations

import email.utils
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO

from errors import UserError
from study.runtime import output

AGENT = "study-classification"
CHUNK = 1 << 18  # bytes
FOR_NOW = (408, 425, 429, 500, 502, 503, 504)  # answers after which another try is sensible


class LostError(Exception):
    """A try that may go better the next time.

    Args:
        why: in a few words.
        wait: seconds that the server asks to wait, where it does.
    """

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


def append(address: str, part: Path, size: int, timeout: float, show: Callable[[int], None]) -> None:
    """Add to `part` what it lacks of a file of `size` bytes. Nothing that a server says of its length is believed.

    Args:
        address: where the file lies.
        part: the first bytes of it; need not be there.
        size: of the whole file.
        timeout: seconds in which nothing comes, before the connection is given up.
        show: told how many bytes are there.

    Raises:
        LostError: the connection or the server gave out; what came is in `part`.
        UserError: the server refuses, or the bytes cannot be written.
    """
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"User-Agent": AGENT})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer, _opened(part) as file:
            skipped = have - _first_byte(answer, have)  # a server without ranges sends all of it once more
            while have < size:
                chunk = answer.read1(CHUNK)
                if not chunk:
                    raise LostError(f"the connection ended after {have:,} of {size:,} bytes")
                kept = chunk[skipped:][: size - have]
                skipped = max(0, skipped - len(chunk))
                _write(file, kept, part)
                have += len(kept)
                show(have)
    except urllib.error.HTTPError as error:
        raise _refused(address, error) from error
    except (OSError, HTTPException) as error:
        raise _lost(address, error, timeout) from error


def _opened(part: Path) -> BinaryIO:
    try:
        return part.open("ab", buffering=0)
    except OSError as error:
        raise UserError(f"Cannot write {part}: {error.strerror}. Give another --out DIR.") from error


def _write(file: BinaryIO, data: bytes, part: Path) -> None:
    try:
        while data:
            data = data[file.write(data) :]
    except OSError as error:
        why = "the disk is full" if output.is_disk_full(error) else error.strerror
        raise UserError(f"Cannot write {part}: {why}. Free some space, or give another --out DIR.") from error


def _first_byte(answer: HTTPResponse, have: int) -> int:
    """Return which byte of the file an answer begins with. Raise LostError where it leaves a gap."""
    if answer.status != 206:
        return 0
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if not found or int(found[1]) > have:
        raise LostError(f"the server sent other bytes than those from {have:,} on")
    return int(found[1])


def _refused(address: str, error: urllib.error.HTTPError) -> Exception:
    """Return what is raised for an answer that is no file."""
    answered = f"the server answered {error.code} {error.reason}".strip()
    if error.code in FOR_NOW:
        return LostError(answered, seconds_of(error.headers.get("Retry-After")))
    if error.code == 416:
        return UserError(f"{address}: {answered}: the file there is shorter than the known one.")
    return UserError(f"{address}: {answered}. The file has moved, or is not public any more.")


def _lost(address: str, error: Exception, timeout: float) -> Exception:
    """Return what is raised for a connection that broke, or was none."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UserError(f"{address}: the server's certificate is not valid: {cause.verify_message}.")
    if isinstance(cause, TimeoutError):
        return LostError(f"nothing came for {timeout:g} seconds")
    why = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return LostError(f"no connection ({why})" if isinstance(error, urllib.error.URLError) else f"it broke off ({why})")


def seconds_of(retry_after: str | None) -> float | None:
    """Return how many seconds a Retry-After asks to wait, as a number or as a date; None where it says nothing."""
    text = (retry_after or "").strip()
    if text.isdecimal():  # "²" is a digit, and no number
        return float(text)
    try:
        until: datetime = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, until.timestamp() - time.time())
