"""Show what is kept for later runs, and empty it."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

from data import unpacked
from data.store.cache import cache_folder
from data.store.index import Usage
from data.store.store import Store
from errors import UserError
from study.runtime import console
from study.runtime.temporary import is_writable

WRITABLE = "Set STUDY_CACHE to a folder that can be written."


def show_usage() -> dict[str, Any]:
    """Print a table of what is kept, the largest first, and return it."""
    store = Store(cache_folder() / "store")
    usage = [*store.usage(), *of_parquet()]
    if store.trouble:
        raise UserError(f"{store.trouble}. {WRITABLE if locked() else 'Empty it: python main.py store --clear'}")
    total = sum(entry.bytes for entry in usage)
    rows = [*map(usage_row, usage), ("all", "", megabytes(total), "")]
    console.table(f"Kept in {store.root}", ("what", "rows", "MB", "last used"), rows)
    console.print("train --store-limit bounds it; empty it: python main.py store --clear")
    kept = [{"kind": kind(entry), "rows": entry.rows, "bytes": entry.bytes, "used": used(entry)} for entry in usage]
    return {"folder": store.root, "bytes": total, "kept": kept}


def of_parquet() -> list[Usage]:
    """Return what images of Parquet files take that were unpacked, if there are any."""
    count, size, used = unpacked.usage()
    return [Usage("images unpacked from Parquet", count, size, used)] if count else []


def locked() -> Path | None:
    """Return the first folder of the cache, or the one to make it in, that this user cannot write; None without one."""
    cache, images = cache_folder(), unpacked.place()
    places = itertools.chain([cache / "store", images], images.glob("*/"), images.glob("*/*/"))
    top = next(path for path in (cache, *cache.absolute().parents) if path.exists())
    return next((path for path in itertools.chain([top], filter(Path.is_dir, places)) if not is_writable(path)), None)


def kind(entry: Usage) -> str:
    """Return what is kept, without how it was made."""
    return entry.kind.partition(" (")[0]


def used(entry: Usage) -> str:
    """Return when it was used last: `2026-01-01 12:00`."""
    return datetime.fromtimestamp(entry.used).strftime("%Y-%m-%d %H:%M")


def usage_row(entry: Usage) -> tuple[str, str, str, str]:
    """Return a line of the table."""
    return kind(entry), f"{entry.rows:,}", megabytes(entry.bytes), used(entry)


def megabytes(size: int) -> str:
    """`12.3`."""
    return f"{size / 1e6:,.1f}"


def clear() -> dict[str, Any]:
    """Empty the store, say how much room that made, and return that."""
    store = Store(cache_folder() / "store")
    if place := locked():
        raise UserError(f"{place} cannot be written, so that nothing can be removed there. {WRITABLE}")
    try:
        removed = store.clear() + unpacked.clear()
    except PermissionError as error:  # a file of somebody else, in a folder in which each may remove his own
        raise UserError(f"{error.filename} cannot be removed: {error.strerror}. {WRITABLE}") from error
    console.print(f"emptied {store.root}: {megabytes(removed)} MB")
    return {"folder": store.root, "removed_bytes": removed}
