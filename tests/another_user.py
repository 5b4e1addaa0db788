"""Folders that this user may read and not write: those of another user, or of a disk that is mounted so."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534
UNIX = pytest.mark.skipif(os.name == "nt", reason="Windows knows other rights")


@contextlib.contextmanager
def shared_place() -> Iterator[Path]:
    """A folder in which everybody may make files: those that pytest gives are closed to others."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as name:
        Path(name).chmod(0o777)
        yield Path(name)


@contextlib.contextmanager
def may_only_read(*folders: Path, mode: int = 0o555) -> Iterator[None]:
    """Take the right to write away from folders within the block; root, who may write anywhere, is nobody meanwhile."""
    user = os.geteuid()
    before = {folder: folder.stat().st_mode for folder in folders}
    for folder in folders:
        folder.chmod(mode)
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        for folder, rights in before.items():
            if folder.exists():
                folder.chmod(rights)
