"""What brings the images of a run back, where they are missing or others than they were."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from data.drawn.folder import drawn_now
from data.split import read_split
from study.runs.folder import Run
from study.runs.images import folder_of

AGAIN = "train again"
ELSEWHERE = "name the folder that holds them now by --data DIR"
DRAW = ("numpy", "pillow")  # the libraries that drawings are made with
DRAWN = 8  # about so many drawings are drawn again, to see whether they come out as they did


def remedies(run: Run, *others: str) -> str:
    """Return what brings missing or changed images back, or does without them: of drawings a user has no others."""
    if run.drawn and run.data is None:
        others = tuple(other for other in others if other != ELSEWHERE)
    *some, last = put_back(run), *others
    return f"{', '.join(some)}, or {last}" if some else last


def put_back(run: Run, root: Path | None = None) -> str:
    """Return what brings missing or changed images back, or that nothing does.

    `root`: where the images of the run are looked for; None: in `folder_of(run)`.
    """
    if not run.drawn or run.data is not None:
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
