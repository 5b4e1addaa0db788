"""Where things are kept between runs."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return $STUDY_CACHE, else the folder that the operating system gives this program for its cache."""
    return Path(os.environ.get("STUDY_CACHE") or platformdirs.user_cache_dir("study-classification")).expanduser()
