"""Files that one process at a time holds locked: the system lets go of them however a process ends."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from errors import UserError

# What the system says where a file system, one of a network mostly, has no locks.
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)  # a file of another user, or a disk that may only be read
NO_LOCKS = {getattr(errno, name) for name in ("ENOSYS", "ENOLCK", "EOPNOTSUPP", "ENOTSUP") if hasattr(errno, name)}


class LocklessError(OSError):
    """The file system of a file has no locks."""

    def __init__(self, file: Path, error: Exception) -> None:
        why = getattr(error, "strerror", None) or str(error) or "not implemented"
        super().__init__(f"its file system has no locks ({why})")
        self.file = file


def lock_of(file: Path) -> FileLock:
    """Return the lock on a file, which is not held yet."""
    # Never the library's fallback, a file that says who holds it: one that was killed would hold it for ever.
    return FileLock(file, timeout=0, fallback_to_soft=False)


def acquire(lock: FileLock, wait: float = 0.0) -> None:
    """Hold a lock.

    Args:
        lock: of `lock_of`.
        wait: seconds to wait for another process that holds it.

    Raises:
        filelock.Timeout: another process holds it.
        LocklessError: there are no locks where it lies.
        OSError: the file cannot be opened.
    """
    try:
        lock.acquire(timeout=wait)
    except NotImplementedError as error:
        raise LocklessError(Path(lock.lock_file), error) from error
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        raise LocklessError(Path(lock.lock_file), error) from error


def is_held(file: Path) -> bool:
    """Say whether another process holds a file locked."""
    lock = lock_of(file)
    try:
        acquire(lock)
    except Timeout:
        return True
    except OSError:  # a folder that may only be read, or where none can be at work since there are no locks
        return False
    lock.release()
    return False


def refused(folder: Path, error: LocklessError, would_do: str) -> UserError:
    """Return what is told where a folder cannot be used without locks: two processes at once would mix it up."""
    return UserError(f"{folder} cannot be kept to one process: {error}. {would_do}")


@contextmanager
def holding(
    file: Path, wait: float, told: str, would_do: str = "Give a folder on a disk of this computer."
) -> Iterator[None]:
    """Hold a file locked for the time of a block.

    Args:
        file: to lock.
        wait: seconds to wait for another process that holds it.
        told: what the error says where another process holds it.
        would_do: what is to be done where there are no locks.

    Raises:
        UserError: another process holds it, there are no locks where it lies, or this user may not write it.
    """
    lock = lock_of(file)
    try:
        acquire(lock, wait)
    except Timeout as error:
        raise UserError(told) from error
    except LocklessError as error:
        raise refused(file.parent, error, would_do) from error
    except OSError as error:
        if error.errno not in CLOSED:
            raise
        raise UserError(f"Cannot write {file}: {error.strerror}. Give a folder of your own.") from error
    try:
        yield
    finally:
        lock.release()
