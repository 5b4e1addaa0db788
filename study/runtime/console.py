"""What the user sees while a command works: lines, tables and progress bars, on any terminal."""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.segment import Segments
from rich.table import Table

from study.runtime.format import visible
from study.runtime.signals import NOBODY_READS

FOLDED = 8  # letters to which a word may be folded in a table
WIDEST = 1000  # letters of a line that is not folded
MOST_CLASSES = 30  # rows of a table on the screen


class Screen(Console):
    """What prints, and ends the command where nobody reads that any more."""

    def on_broken_pipe(self) -> None:
        """End it as SIGPIPE would: Rich ends with the code of a fault."""
        try:
            super().on_broken_pipe()
        except SystemExit as end:
            raise SystemExit(NOBODY_READS) from end


console = Screen(highlight=False, soft_wrap=True, emoji=False, markup=False)


def to_stderr(on: bool) -> None:
    """Print on standard error from now on, or on standard output again: it is kept free for a result as JSON."""
    console.stderr = on


@contextmanager
def silent() -> Iterator[None]:
    """Print nothing within the block: a lesson trains a dozen networks, and none of them has anything to say."""
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[..., None]]:
    """Show a progress bar on a terminal, nothing elsewhere.

    Yield the function that moves it on, by one or by a `step`; it may be given another label.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda label=None, step=1: progress.update(task, advance=step, description=label)


@contextmanager
def byte_bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar of bytes on a terminal, nothing elsewhere; yield the function that is told how many came."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda done: progress.update(task, completed=done)


def table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[object]], left: int = 1, wide: bool = False
) -> None:
    """Print a table; the first `left` columns are text, the rest numbers.

    A `wide` one is never folded, so that names in it can be copied: its lines may be longer than the screen.
    """
    grid = Table(title=visible(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for i, name in enumerate(header):
        grid.add_column(visible(name), justify="left" if i < left else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(visible(str(cell)) for cell in row))
    unfolded = console.options.update(max_width=WIDEST, no_wrap=True, overflow="ignore")
    console.print(Segments(console.render(grid, unfolded)) if wide else grid)


def class_table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    column: int,
    which: str,
    last: Sequence[str] = (),
) -> None:
    """Print a row for each class; of more than `MOST_CLASSES` those with the smallest numbers in a column.

    `which` says in words what these are: "the lowest F1". A text that is no number counts as the largest. `last`: a row
    below, as of the sums.
    """
    if len(rows) > MOST_CLASSES:
        title = f"{title}{': ' * bool(title)}{MOST_CLASSES} of {len(rows):,} classes, those with {which}"
        rows = sorted(rows, key=lambda row: _number(row[column]))[:MOST_CLASSES]
    table(title, header, [*rows, last] if last else rows)


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return math.inf


def fits(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bool:
    """Say whether a table, texts in its first column, can stand on the screen: they may be folded, numbers may not."""
    columns = list(zip(header, *rows, strict=True))[1:]
    needed = [max(min(cell_len(name), FOLDED), *(cell_len(str(cell)) for cell in cells)) for name, *cells in columns]
    return sum(width + 3 for width in (FOLDED, *needed)) <= console.width


def to_error(line: str) -> None:
    """Print one line on standard error, its control characters as escapes: it may hold a name of a stranger's."""
    builtins.print(visible(line), file=sys.stderr)


def print(line: str = "") -> None:
    """Print one line, its control characters as escapes."""
    console.print(visible(line))
