"""The images that a run learned from, where they are now: at their paths, or wherever their content lies."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from data import folder, moved
from data.any_form import paths_below
from data.dataset import synthetic_images
from data.first_pass import hashes_of
from data.names import printable
from data.split import SplitEntry, read_split
from errors import UserError
from study.runs.folder import Run
from study.runtime import console


def with_data(run: Run, data: str | None) -> Run:
    """Return a run whose images are in a folder that the user names, or where it noted them.

    Raises:
        UserError: there is no such folder.
    """
    if data is None:
        return run
    if not Path(data).is_dir():
        what = "a file" if Path(data).is_file() else "which is not there"
        raise UserError(f"--data takes the folder that holds the run's images now. Received: {data}, {what}")
    return replace(run, data=Path(data))


def folder_of(run: Run) -> Path:
    """Return the folder of the images of a run; the program's own drawings are drawn again where they are gone."""
    root = run.data or Path(run.info["data"]["folder"])
    return synthetic_images(console.bar) if run.drawn and not root.is_dir() else root


def masks_of(run: Run) -> Path:
    """Return the folder of the masks of a run; those of the drawings lie beside their images.

    Where the images lie in another folder now, and the masks are gone, they are taken to be at the same place beside.
    """
    if run.drawn:
        return folder_of(run).parent / "masks"
    noted = Path(run.info["data"]["masks"])
    if run.data is None or noted.is_dir():
        return noted
    return Path(os.path.normpath(run.data / os.path.relpath(noted, run.info["data"]["folder"])))


def images_of(run: Run) -> Mapping[str, Path]:
    """Return name in `split.csv` -> file, of the images that are still where the run found them, or are drawn again.

    Of a run that `located` returned, those that were found by their content too.
    """
    return _at_their_names(run, read_split(run.folder / "split.csv")) if run.files is None else run.files


def located(run: Run, splits: Collection[str]) -> Run:
    """Return the run with the files of its images, those of some splits that were renamed or moved among them.

    These are found by content, which costs reading files; nothing is read where every image's path holds a file. A
    line says how many they are. Again, it changes nothing.
    """
    if run.files is not None:
        return run
    entries = read_split(run.folder / "split.csv")
    there = _at_their_names(run, entries)
    disturbed = any(entry.path not in there for entry in entries)
    lost = _lost([entry for entry in entries if entry.split in splits], there) if disturbed else []
    file_of = _by_content(run, entries, there, lost) if lost else {}
    found = {entry.path: file_of[entry.sha256] for entry in lost if entry.sha256 in file_of}
    if found:
        place = printable(str(folder_of(run)))
        console.to_error(
            f"note: {len(found):,} of the run's images are no longer at their paths in {place} and were found there by "
            "their content"
        )
    gone = {entry.path for entry in lost}
    return replace(run, files={name: file for name, file in there.items() if name not in gone} | found)


def _at_their_names(run: Run, entries: Sequence[SplitEntry]) -> dict[str, Path]:
    """Return name -> file of the images whose path still holds a file, whatever that holds."""
    root = folder_of(run)
    if run.info["data"].get("table"):
        files = {entry.path: root / entry.path for entry in entries}
        return {name: file for name, file in files.items() if file.is_file()}
    below = paths_below(root) if root.is_dir() else {}
    return {entry.path: below[entry.path] for entry in entries if entry.path in below}


def _lost(entries: Sequence[SplitEntry], there: Mapping[str, Path]) -> list[SplitEntry]:
    """Return the images whose path holds no file, or one of another content: names may have been given anew."""
    held = [entry for entry in entries if entry.path in there]
    with console.bar("compare images", len(held)) as advance:
        hashes = hashes_of([there[entry.path] for entry in held], advance)
    same = {entry.path for entry, sha256 in zip(held, hashes, strict=True) if sha256 == entry.sha256}
    return [entry for entry in entries if entry.path not in same]


def _by_content(
    run: Run, entries: Sequence[SplitEntry], there: Mapping[str, Path], lost: Sequence[SplitEntry]
) -> dict[str, Path]:
    """Return SHA-256 -> file of the lost images that are found.

    Looked at are duplicates of them, then files at no image's path, first those that kept their name; then, where some
    are still missing, all other files: names may have been given anew, so that one lies at the path of another now.
    """
    wanted, names = {entry.sha256 for entry in lost}, {Path(entry.path).name for entry in lost}
    duplicates = [there[entry.path] for entry in entries if entry.sha256 in wanted and entry.path in there]
    at_a_path = set(there.values())
    loose = [file for file in _all_files(run, entries) if file not in at_a_path]
    loose.sort(key=lambda file: file.name not in names)
    candidates = list(dict.fromkeys((*duplicates, *loose, *there.values())))
    with console.bar("look for moved images", len(candidates)) as advance:
        return moved.find(wanted, candidates, advance)


def _all_files(run: Run, entries: Sequence[SplitEntry]) -> Collection[Path]:
    """Return the image files of the folder of a run; of a table's images, of the folder that held all of them."""
    root = folder_of(run)
    if run.info["data"].get("table"):
        root = root if run.data else _common_folder(root, entries)
        return folder.paths_below(root).values() if root.is_dir() else ()
    return paths_below(root).values() if root.is_dir() else ()


def _common_folder(root: Path, entries: Sequence[SplitEntry]) -> Path:
    """Return the folder that holds all images of a table, which may lie among much else; never one above the table."""
    parents = {os.path.normpath((root / entry.path).parent) for entry in entries}
    try:
        common = Path(os.path.commonpath(parents))
    except ValueError:  # on several drives of Windows
        return root
    return root if root.is_relative_to(common) else common
