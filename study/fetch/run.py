"""Show the licence, download or take what is there, lay out a folder, and say how to train on it."""

from __future__ import annotations

from pathlib import Path

from errors import UserError
from study.fetch import animals10, catalogue, members, oxford_pets, place
from study.fetch.catalogue import OXFORD_PETS, DataSet
from study.fetch.download import PART, Patience, download, size_of
from study.fetch.place import Placed
from study.runtime import console, new_folder, output
from study.runtime.locks import holding
from study.runtime.result import Result
from study.settings.as_command import as_command
from study.settings.fetch import FetchSettings


def fetch(settings: FetchSettings, command_line: str) -> Result:
    """Fetch a data set into a new folder; what was downloaded is kept for the next start, whatever happens."""
    data_set = catalogue.find(settings.paths)
    out = Path(settings.out or data_set.name + ("-species" if settings.species else ""))
    new_folder.check(out, make=True)
    for line in data_set.told():
        console.print(line)
    try:
        if data_set.name == OXFORD_PETS.name:
            placed, left_out, archives = _oxford_pets(settings, data_set, out)
        else:
            placed, left_out = _animals10(settings, data_set, out)
            archives = None
    except KeyboardInterrupt as stop:
        if any(_archives_of(out, data_set).glob(f"*{PART}")):
            stop.resume = command_line
        raise
    return _told(data_set, out, placed, left_out, archives)


def _oxford_pets(settings: FetchSettings, data_set: DataSet, out: Path) -> tuple[Placed, int, Path]:
    archives = _archives_of(out, data_set)
    output.check_writable(archives, "--out")
    busy = f"Another process is downloading into {archives}: wait for it."
    with holding(archives / ".lock", 0, busy, "Give an --out DIR on another disk."):
        missing = sum(_lacking(archives / one.name, one.size) for one in data_set.archives)
        unpacked = max(one.size for one in data_set.archives)  # JPEG does not shrink in an archive
        place.check_space(archives, missing + unpacked, data_set.name)
        annotations, images = (download(one, archives, Patience()) for one in data_set.archives)
        with members.readable(annotations):
            label_of = oxford_pets.read_labels(annotations, settings.species)
        with members.readable(images), place.filling(out, data_set) as placed:
            left_out = oxford_pets.fill(placed, images, label_of)
    return placed, left_out, archives


def _animals10(settings: FetchSettings, data_set: DataSet, out: Path) -> tuple[Placed, int]:
    path = animals10.source(settings.source)
    if settings.copy and path.is_file():
        raise UserError(f"--copy goes with a folder. Received: --from {path}; leave --copy out.")
    output.refuse_within(out, path, "--out")
    with members.readable(path):
        needed = animals10.needed(path, out, settings.all, settings.copy)
    place.check_space(out.absolute().parent, needed, data_set.name)
    with members.readable(path), place.filling(out, data_set) as placed:
        left_out = animals10.fill(placed, path, settings.all, settings.copy)
    return placed, left_out


def _archives_of(out: Path, data_set: DataSet) -> Path:
    """Return the folder beside `out` for what is downloaded: another `out` there takes the same."""
    return out.parent / f"{data_set.name}-archives"


def _lacking(path: Path, size: int) -> int:
    return 0 if path.exists() else max(0, size - size_of(path.with_name(path.name + PART)))


def _told(data_set: DataSet, out: Path, placed: Placed, left_out: int, archives: Path | None) -> Result:
    """Print what is there now, and return it."""
    counts = dict(sorted(placed.counts.items()))
    some = ", ".join(f"{label} {number:,}" for label, number in list(counts.items())[:10])
    more = f" … ({len(counts)} classes)" if len(counts) > 10 else ""
    console.print(f"{out}: {placed.counts.total():,} images: {some}{more}; {left_out:,} left out")
    console.print(f"the licence is kept in {out / place.LICENCE}")
    if archives:
        console.print(f"the archives are kept in {archives}; remove that folder when you need them no longer")
    values = {
        "folder": out,
        "data_set": data_set.name,
        "page": data_set.page,
        "licence": data_set.licence,
        "images": placed.counts.total(),
        "classes": counts,
        "left_out": left_out,
        "archives": archives,
    }
    return Result(values, as_command("train", {"data": out}), "learn them")
