"""A process that decodes: bytes of an image in, its pixels out, or the reason why there are none.

It may die of what it is given: another takes its place. It writes no file, and takes only so much memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys
from pathlib import Path
from typing import BinaryIO

from data import image
from data.pixel_range import Ranges
from data.squares import Size, pack, sides_of

FRAME = struct.Struct(">?Q")  # whether it went well, and how many bytes follow
MEMORY = 2**31  # bytes beside those that it has when it begins; 50 million pixels take half of them


def write(stream: BinaryIO, content: bytes, good: bool = True) -> None:
    """Send some bytes."""
    stream.write(FRAME.pack(good, len(content)))
    stream.write(content)
    stream.flush()


def read(stream: BinaryIO, most: int = sys.maxsize) -> tuple[bool, bytes]:
    """Receive what `write` sent. Raise EOFError where the other side has gone, or sends more than it should."""
    head = stream.read(FRAME.size)
    good, size = FRAME.unpack(head) if len(head) == FRAME.size else (False, 0)
    content = stream.read(size) if size <= most else b""
    if len(head) < FRAME.size or len(content) < size:
        raise EOFError
    return good, content


def limit() -> None:
    """Take no more memory than an image needs, write no file, leave no core; where the system can hold to that."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + MEMORY,) * 2)
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (0, 0))


def work(size: Size, rule: str, ranges: Ranges | None, most: int) -> None:
    """Decode what comes on standard input until that ends; `most` pixels an image."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # it ends with its standard input
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a decoder prints must not stand between the answers, and nobody reads it
        os.dup2(nowhere, stream)
    limit()
    write(answers, b"")  # it is ready
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            _, content = read(requests)
            try:
                squares = [image.load(content, side, rule, ranges, most) for side in sides_of(size)]
                write(answers, pack(squares).tobytes())
            except image.ImageError as error:
                write(answers, str(error).encode(), good=False)


if __name__ == "__main__":
    work(**json.loads(sys.argv[1]))
