"""`predict --resume`: a table of as many images as there are, in blocks that no kill takes back."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.listing import Listed, Listing
from errors import UserError
from study.predict.progress import Progress, Row, beside, check_facts, told_in_one_line
from study.predict.rows import Classified, Rows
from study.predict.stream import CHUNK, expand_paths, load_averaged, predict_chunks
from study.predict.tables import write_table
from study.predict.there import Stamp, keep_what_is_there, stamp
from study.predict.told import count_up, introduce, padded, task_of, tell_failures, width_of
from study.predict.verdicts import Judge, judge_of
from study.runs.folder import Run
from study.runs.values import of_run
from study.runtime import console
from study.saved.cut import Cutter

PAUSE = 0.5  # seconds between the ends of blocks: what a kill may cost


@dataclass(frozen=True)
class Asked:
    """What is asked for beside the paths.

    Args:
        table: to write; what is done stands in a file beside it.
        views: of each image, as `--tta` names them.
        right: share of answers that must be right, where it was asked for.
        by: how a file that is there already is known: "path", "time" or "content".
        shard: number, from 1, and how many there are.
    """

    table: Path
    views: str = "none"
    right: float | None = None
    by: str = "time"
    shard: tuple[int, int] = (1, 1)


@dataclass
class Bulk:
    """What came of it; nothing that grows with the number of images.

    Args:
        run: that predicted.
        asked: what was asked for.
        judge: by which the verdicts were found.
        rows: of the table.
        reused: how many of them were there already.
        failed: how many files could not be used.
        counts: how many images each verdict or label has.
    """

    run: Run
    asked: Asked
    judge: Judge | None = None
    rows: int = 0
    reused: int = 0
    failed: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def values(self) -> dict[str, Any]:
        """Return what a script is told."""
        return {
            **of_run(self.run),
            "csv": self.asked.table,
            "progress": beside(self.asked.table),
            "shard": "{}/{}".format(*self.asked.shard),
            "rows": self.rows,
            "reused": self.reused,
            "failed": self.failed,
            "right": self.judge and self.judge.asked,
            "threshold": self.judge and self.judge.threshold,
            "counts": dict(self.counts),
        }


def predict_bulk(run: Run, paths: Sequence[str], asked: Asked) -> Bulk:
    """Print a line for each image that is not in the progress file yet; write the table when all are there.

    The table is that of an uninterrupted `predict`, to the last byte while the files are the same.

    Raises:
        UserError: the progress file is of another run or other settings, or no file could be used.
    """
    judge = None if task_of(run).PER_PIXEL else judge_of(run, asked.right)
    rows, done = rows_of(run, judge), Bulk(run, asked, judge)
    with told_in_one_line(beside(asked.table)):
        progress = Progress(beside(asked.table))
        try:
            check_facts(progress, facts_of(run, rows, asked))
            listing = Listing(expand_paths(paths), asked.shard)
            try:
                if not listing.whole.files:
                    given = ", ".join(path for path in paths if path != "-") or "the list"
                    raise UserError(f"There is no image in {given}: give image files or folders.")
                predict_listing(listing, progress, rows, done)
            finally:
                listing.close()
        finally:
            progress.close()
    return done


def rows_of(run: Run, judge: Judge | None) -> Rows:
    """Return what makes the rows of a run."""
    if task_of(run).PER_PIXEL:
        from study.predict.segment import Segmented

        return Segmented(run.info["class_names"], run.info["resize"])
    return Classified(run, judge)


def facts_of(run: Run, rows: Rows, asked: Asked) -> dict[str, Any]:
    """Return what must be the same for rows to belong together."""
    return {
        "run": str(run.folder),
        "network": hashlib.sha256((run.folder / "run.json").read_bytes()).hexdigest(),  # it has the hashes of the rest
        "tta": asked.views,
        "right": asked.right,
        "shard": "{}/{}".format(*asked.shard),
        "columns": rows.columns,
    }


def predict_listing(listing: Listing, progress: Progress, rows: Rows, done: Bulk) -> None:
    """Predict for what is not there yet, keep it block by block, and write the table."""
    asked, run = done.asked, done.run
    if listing.files > listing.skipped:
        introduce(run, own_images=True)
    progress.note(facts_of(run, rows, asked))
    kept = keep_what_is_there(listing, progress, rows, asked.by)
    progress.commit()
    done.rows, done.reused, done.counts, done.failed = listing.files, kept.rows, kept.counts, kept.skipped
    if kept.rows:
        console.print(f"{kept.rows:,} of {listing.files:,} files are there already, in {progress.path}")
    if waiting := listing.files - kept.rows - kept.skipped:
        try:
            predict_open(listing, progress, rows, done, waiting)
        except KeyboardInterrupt:
            print(f"What is done lies in {progress.path}.", file=sys.stderr)
            raise
    progress.finish(listing)
    write_table(asked.table, rows.columns, (row.cells for row in progress.rows()))
    summarise(done, rows)


def predict_open(listing: Listing, progress: Progress, rows: Rows, done: Bulk, waiting: int) -> None:
    """Predict for the files that are open, print a line for each, and keep the rows."""
    run, width = done.run, width_of(listing.paths())
    respond, cutter = load_averaged(run, done.asked.views, done.judge and done.judge.known), Cutter(run)
    sources: dict[Path, tuple[Listed, Stamp]] = {}  # of what is being decoded

    def chunks() -> Iterator[list[Path]]:
        for chunk in listing.open_chunks(CHUNK):
            sources.update((listed.file, (listed, stamp(listed.file))) for listed in chunk)
            yield [listed.file for listed in chunk]

    ended = time.monotonic()
    # Closed before the listing is, from which another thread reads.
    with (
        console.bar("predict", waiting) as advance,
        closing(predict_chunks(run, respond, chunks(), cutter)) as all_answered,
    ):
        for answered in all_answered:
            for prediction in answered:
                advance()
                listed, (size, changed) = sources.pop(prediction.file)
                failed = prediction.probabilities is None
                cells = rows.row(prediction)
                content = prediction.sha256
                progress.put(Row(os.fsencode(listed.file), listed.position, size, changed, content, failed, cells))
                if failed:
                    print(f"{prediction.path}: {prediction.error}", file=sys.stderr)
                    done.failed += 1
                else:
                    console.print(f"{padded(prediction.path, width)}  {rows.describe(prediction)}")
                    done.counts.update(rows.counted(cells))
            if time.monotonic() - ended >= PAUSE:
                progress.commit()
                ended = time.monotonic()
    progress.commit()
    if told := cutter.told():
        console.to_error(told)


def summarise(done: Bulk, rows: Rows) -> None:
    """Print how many images each verdict or label has, and how many failed. Raise UserError where all did."""
    for note in rows.notes(done.counts) if done.rows > done.failed else ():
        print(note, file=sys.stderr)
    if done.counts:
        count_up(done.counts, done.rows - done.failed)
    console.print(f"{done.asked.table}: {done.rows:,} rows, {done.reused:,} of them from an earlier start")
    if done.rows:  # a shard may have none
        tell_failures(done.failed, done.rows)
