"""The images that a run learned from, where they are now."""

from __future__ import annotations

from pathlib import Path

from data.any_form import paths_below
from data.dataset import synthetic_images
from data.split import read_split
from study.runs.folder import Run
from study.runtime import console


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


def put_back(run: Run) -> str:
    """Return what brings missing or changed images back: of drawings a user has no others."""
    if not run.drawn:
        return "Put them back"
    return (
        f"They are drawings: remove {folder_of(run).parent} to have them drawn again; if that is no help, train again"
    )
