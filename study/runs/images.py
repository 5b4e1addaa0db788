"""The images that a run learned from, where they are now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from data.any_form import paths_below
from data.dataset import synthetic_images
from data.drawn.folder import drawn_now
from data.split import read_split
from study.runs.folder import Run
from study.runtime import console

AGAIN = "train again"
DRAW = ("numpy", "pillow")  # the libraries that drawings are made with
DRAWN = 8  # about so many drawings are drawn again, to see whether they come out as they did


def folder_of(run: Run) -> Path:
    """Return the folder of the images of a run; the program's own drawings are drawn again where they are gone."""
    root = Path(run.info["data"]["folder"])
    return synthetic_images(console.bar) if run.drawn and not root.is_dir() else root


def masks_of(run: Run) -> Path:
    """Return the folder of the masks of a run; those of the drawings lie beside their images."""
    return folder_of(run).parent / "masks" if run.drawn else Path(run.info["data"]["masks"])


def images_of(run: Run) -> dict[str, Path]:
    """Return name in `split.csv` -> file, of the images that are still where the run found them, or are drawn again."""
    root = folder_of(run)
    if run.info["data"].get("table"):
        files = {row.path: root / row.path for row in read_split(run.folder / "split.csv")}
        return {name: file for name, file in files.items() if file.is_file()}
    return paths_below(root) if root.is_dir() else {}


def put_back(run: Run, root: Path | None = None) -> str:
    """Return what brings missing or changed images back, or that nothing does: of drawings a user has no others.

    `root`: where the images of the run are looked for; None: in `folder_of(run)`.
    """
    if not run.drawn:
        return "Put them back"
    if drawn_alike(run):
        return f"They are drawings: remove {(root or folder_of(run)).parent} to have them drawn again"
    return f"They are drawings, which come out otherwise here than for the run{other_libraries(run)}: {AGAIN}"


def drawn_alike(run: Run) -> bool:
    """Say whether drawings of a run, drawn now, would be those that it learned from: another library draws others."""
    root, entries = Path(run.info["data"]["folder"]), read_split(run.folder / "split.csv")
    now = [(drawn_now(root, entry.path), entry.sha256) for entry in entries[:: max(1, len(entries) // DRAWN)]]
    return all(image is not None and hashlib.sha256(image).hexdigest() == then for image, then in now)


def other_libraries(run: Run) -> str:
    """Return ` (pillow 11.0.0 then, 12.0.0 now)`, of what draws and has another version than for the run."""
    noted = run.info.get("versions")
    then = noted if isinstance(noted, Mapping) else {}
    told = [f"{name} {then[name]} then, {now} now" for name in DRAW if then.get(name, now := version(name)) != now]
    return f" ({'; '.join(told)})" if told else ""
