"""Checksums of what is kept, so that damage is noticed.

They cover kind and key too: an index that was damaged and leads to another row is noticed as well. zlib's CRC-32 reads
4.5 GB/s where BLAKE2b reads 1.3, and finds all errors of up to 32 neighbouring bits.
"""

from __future__ import annotations

import zlib

import numpy as np

DTYPE = np.dtype("<u4")  # of the checksums of a segment's rows, as the index keeps them


def checksum(kind: str, key: str, content: bytes | memoryview) -> int:
    """Return the checksum of one row or blob."""
    return zlib.crc32(content, zlib.crc32(f"{kind}\0{key}\0".encode()))
