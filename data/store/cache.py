"""Where things are kept between runs."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return $STUDY_CACHE, else the folder that the operating system gives this program for its cache.

    Where that cannot be written, as in a container without a home folder, it is a folder of the user's own among the
    temporary files, which stays until the machine is restarted.
    """
    if asked := os.environ.get("STUDY_CACHE"):
        return Path(asked).expanduser()
    own = Path(platformdirs.user_cache_dir("study-classification"))
    if os.name == "nt" or _can_be_made(own):
        return own
    other = Path(os.environ.get("TMPDIR") or "/tmp") / f"study-classification-cache-{os.getuid()}"
    try:
        other.mkdir(mode=0o700, exist_ok=True)
        mine = other.stat().st_uid == os.getuid() and not other.is_symlink()
    except OSError:
        return own
    return other if mine else own  # else somebody else could put files there


def _can_be_made(folder: Path) -> bool:
    existing = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
