"""`predict --sort`: files that were predicted for, copied or linked into a folder for each class and verdict."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import Timeout

from data import unpacked
from data.csv_table import guarded
from data.file_names import as_file, folder_names, image_name
from data.names import printable
from data.store.hashes import hash_readable
from errors import UserError
from study.predict.answers import Answer
from study.predict.places import place_copy, place_link, settle
from study.predict.stream import Prediction
from study.predict.verdicts import Judge
from study.runs.folder import Run
from study.runtime import console, locks, output
from study.runtime.temporary import ASIDE, UNFINISHED, aside_in, sweep

TABLE, HEADER = "sort.csv", ("path", "verdict", "sorted_to", "error")
LOCK = ".lock"  # in the folder: of the process that sorts into it
FOR_EVER = -1.0  # seconds, to a lock
WAYS = {"copy": "copied", "link": "linked"}


@dataclass
class Sorted:
    """What came of it.

    Args:
        folder: that files were sorted into.
        table: that says where each is.
        now: how many were copied or linked, by the folder that they are in.
        before: how many were there from an earlier time.
        elsewhere: how many of these are in another folder than this verdict's.
    """

    folder: Path
    table: Path
    now: Counter[str] = field(default_factory=Counter)
    before: int = 0
    elsewhere: int = 0


def check_place(
    out: Path, way: str, run: Run, roots: Iterable[Path], files: Collection[Path], judge: Judge | None
) -> None:
    """Raise UserError where files cannot be sorted into a folder, or should not.

    Args:
        out: the folder; it need not be there.
        way: "copy" or "link".
        run: that predicts.
        roots: files and folders as they were given.
        files: that are predicted for.
        judge: of the run.
    """
    if way == "link" and any(map(unpacked.holds, files)):
        raise UserError(
            f"--sort-as link would lead to images that were unpacked into the cache {unpacked.place()}, from which "
            "they go again: leave it out, which copies them."
        )
    output.check_writable(out, "--sort", make=False)
    if not run.info["data"].get("table"):  # of a table the folder is only what its paths begin at
        output.refuse_within(out, run.info["data"]["folder"], "--sort")
    real, blocked = out.resolve(), "Give another --sort DIR."
    if real.is_relative_to(run.folder.resolve()):
        raise UserError(f"--sort {out} lies within the run folder {run.folder}, which stays as it is. {blocked}")
    folders = [out / name for name in folders_of(run, judge).values()]
    for place in (out, *(folder for folder in folders if folder.is_symlink())):
        for path in roots:
            if path.is_dir() and place.resolve().is_relative_to(path.resolve()):
                raise UserError(f"--sort {place} lies within {path}, whose images are to be sorted. {blocked}")
    inside = (path for path in {*roots, *(file.parent for file in files)} if path.resolve().is_relative_to(real))
    if path := min(map(str, inside), default=""):
        raise UserError(f"--sort {out} holds {printable(path)}, which is to be sorted. {blocked}")
    for folder in folders:
        if os.path.lexists(folder) and not folder.is_dir():
            raise UserError(f"--sort {out} needs a folder {folder.name}, and has a file of that name. {blocked}")


def name_of(prediction: Prediction) -> str:
    """Return the name to sort a file under: its own, or that in the data set of one that was unpacked."""
    file = prediction.file
    return as_file(image_name(Path(prediction.path).name, file.suffix)) if unpacked.holds(file) else file.name


def folders_of(run: Run, judge: Judge | None) -> dict[str, str]:
    """Return the name of the folder of each class and verdict."""
    return folder_names([*run.info["class_names"], *(judge.words.values() if judge else ())])


class Earlier:
    """The files in a folder before anything is sorted into it, found by content; each stands for one file."""

    def __init__(self, out: Path) -> None:
        self.by_size, self.hashes = defaultdict(list), dict[Path, str]()
        linked = [path for path in out.iterdir() if path.is_symlink()] if out.is_dir() else []  # folders elsewhere
        for folder, _, names in itertools.chain.from_iterable(map(os.walk, (out, *linked))):
            for path in (Path(folder, name) for name in names if not name.startswith(UNFINISHED)):
                if path.is_file():  # a link to a file that is gone is none
                    self.by_size[path.stat().st_size].append(path)

    def take(self, content: str, size: int, wanted: Path) -> Path | None:
        """Return a file of that SHA-256, the one at the wanted place or at least in its folder if there are several."""
        alike = [path for path in self.by_size[size] if self.hash_of(path) == content]
        if not alike:
            return None
        best = max(alike, key=lambda path: (path.parent == wanted.parent, path.name == wanted.name))
        self.by_size[size].remove(best)
        return best

    def hash_of(self, path: Path) -> str:
        """Return the SHA-256 of a file."""
        if path not in self.hashes:
            self.hashes[path] = hash_readable(path)
        return self.hashes[path]


def sort_files(
    out: Path, way: str, answers: Sequence[Answer], folders: dict[str, str], failed: Collection[Prediction]
) -> Sorted:
    """Copy or link each file into the folder of its verdict, but what lies in any of them already; write the table.

    Args:
        out: folder of the folders.
        way: "copy" or "link".
        answers: of the files.
        folders: class or verdict -> name of its folder.
        failed: those that got no answer.

    Raises:
        UserError: the disk is full, or a folder cannot be written.
    """
    place = {"copy": place_copy, "link": place_link}[way]
    rows, swept, result = [], set(), Sorted(out, out / TABLE)
    with alone_in(out), console.bar("sort", len(answers)) as advance:
        earlier = Earlier(out)
        for answer in answers:
            file, folder = answer.prediction.file, out / folders[answer.verdict]
            name = name_of(answer.prediction)
            try:
                found = earlier.take(answer.prediction.sha256, file.stat().st_size, folder / name)
                if found:
                    result.before += 1
                    result.elsewhere += found.parent != folder
                else:
                    folder.mkdir(parents=True, exist_ok=True)
                    if folder not in swept:
                        sweep(folder, UNFINISHED, ASIDE)
                        swept.add(folder)
                    found = place(file, folder, name)
                    result.now[folder.name] += 1
            except OSError as error:
                raise cannot_sort(error, out, way, file, len(rows), len(answers)) from error
            rows.append([answer.prediction.path, answer.verdict, printable(found.relative_to(out).as_posix()), ""])
            advance()
        rows += [[prediction.path, "", "", prediction.error] for prediction in failed]
        result.table = write_table(out, rows, earlier)
    return result


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Keep others out of a folder for the time of a block; who comes second waits, and then sees what is there.

    Where the file system has no locks, nobody can be kept out.

    Raises:
        UserError: the folder cannot be written.
    """
    lock = locks.lock_of(out / LOCK)
    try:
        out.mkdir(parents=True, exist_ok=True)
        try:
            locks.acquire(lock)
        except Timeout:
            console.to_error(f"another predict sorts into {out}: waiting for it to end")
            locks.acquire(lock, FOR_EVER)
    except locks.LocklessError:
        pass
    except OSError as error:
        why = "the disk is full" if output.is_disk_full(error) else error.strerror or str(error)
        raise UserError(f"Cannot sort into {out}: {why}. Free some space, or give another --sort DIR.") from error
    try:
        yield
    finally:
        lock.release()


def write_table(out: Path, rows: Sequence[Sequence[str]], earlier: Earlier) -> Path:
    """Write where each file is, under a name that nothing has; return where, or the same table from an earlier time."""
    aside = aside_in(out)
    try:
        output.write_csv(aside, HEADER, guarded(rows))
        content = hashlib.sha256(aside.read_bytes()).hexdigest()
        same = earlier.take(content, aside.stat().st_size, out / TABLE)
        return same or settle(aside, out, TABLE)
    finally:
        aside.unlink(missing_ok=True)


def cannot_sort(error: OSError, out: Path, way: str, file: Path, done: int, files: int) -> UserError:
    """Return what is told of a file that could not be copied or linked."""
    why = "the disk is full" if output.is_disk_full(error) else error.strerror or str(error)
    other = " Or leave --sort-as out, which copies." if way == "link" else ""
    return UserError(
        f"Cannot sort {printable(str(file))} into {out}: {why}. {done:,} of {files:,} files are there; the same "
        f"command goes on, and {'links' if way == 'link' else 'copies'} nothing twice.{other}"
    )


def describe(result: Sorted, way: str) -> str:
    """`sorted into DIR: 5 copied (cat 3, dog 2), 1 was there already; DIR/sort.csv says where each is`."""
    counted = ", ".join(f"{name} {count:,}" for name, count in result.now.most_common())
    said = f"{result.now.total():,} {WAYS[way]}{f' ({counted})' if counted else ''}"
    if result.before:
        said += f", {result.before:,} there already"
    if result.elsewhere:
        said += f" ({result.elsewhere:,} not in the folder of this verdict, and left where they are)"
    return f"sorted into {result.folder}: {said}; {result.table} says where each is"
