"""Show what is kept for later runs, and empty it."""

from __future__ import annotations

from datetime import datetime

from data.store.cache import cache_folder
from data.store.store import Store, Usage
from errors import UserError
from study.runtime import console


def show_usage() -> None:
    """Print a table of what is kept, the largest first."""
    store = Store(cache_folder() / "store")
    usage = store.usage()
    if store.trouble:
        raise UserError(f"{store.trouble}. Empty it: python main.py store --clear")
    rows = [usage_row(entry) for entry in usage]
    rows.append(("all", "", megabytes(sum(entry.bytes for entry in usage)), ""))
    console.table(f"Kept in {store.root}", ("what", "rows", "MB", "last used"), rows)
    console.print("train --store-limit bounds it; empty it: python main.py store --clear")


def usage_row(entry: Usage) -> tuple[str, str, str, str]:
    """Return a line of the table."""
    used = datetime.fromtimestamp(entry.used).strftime("%Y-%m-%d %H:%M")
    return entry.kind.partition(" (")[0], f"{entry.rows:,}", megabytes(entry.bytes), used


def megabytes(size: int) -> str:
    """`12.3`."""
    return f"{size / 1e6:,.1f}"


def clear() -> None:
    """Empty the store and say how much room that made."""
    store = Store(cache_folder() / "store")
    console.print(f"emptied {store.root}: {megabytes(store.clear())} MB")
