"""Show what is kept for later runs, and empty it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from data import unpacked
from data.store.cache import cache_folder
from data.store.index import Usage
from data.store.store import Store
from errors import UserError
from study.runtime import console

WRITABLE = "Set STUDY_CACHE to a folder that can be written."


def show_usage() -> dict[str, Any]:
    """Print a table of what is kept, the largest first, and return it."""
    store = Store(cache_folder() / "store")
    usage = [*store.usage(), *of_parquet()]
    if store.trouble:
        remedy = "Empty it: python main.py store --clear" if is_writable(cache_folder()) else WRITABLE
        raise UserError(f"{store.trouble}. {remedy}")
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


def is_writable(folder: Path) -> bool:
    """Say whether a folder can be written, or made where it is not there."""
    return os.access(next(path for path in (folder, *folder.absolute().parents) if path.exists()), os.W_OK)


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
    if not is_writable(cache_folder()):
        raise UserError(f"{cache_folder()} cannot be written, so that nothing can be removed there. {WRITABLE}")
    removed = store.clear() + unpacked.clear()
    console.print(f"emptied {store.root}: {megabytes(removed)} MB")
    return {"folder": store.root, "removed_bytes": removed}
