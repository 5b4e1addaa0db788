"""A network of `train --task segment` that finds the animal: its mask, and the box of the largest region in that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data import cut, pixels, regions
from data.crop import Box
from data.formats import ImageError
from data.header import header
from data.mask_values import BACKGROUND, INDEX, OWN, pairs
from data.store.rows import RowType
from errors import UserError
from study.inference import openvino_ir
from study.runs.folder import Run, by_name, check_files, hashes, read_run
from study.runtime.background import prefetch
from study.saved.runner import load_runner

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from data.pixels import LoadedImages
    from data.store.store import Store

FOLDER = "finder"  # of its files, in the folder of a run that cuts by it
FILES = ("model.keras", *openvino_ir.FILES)
KEPT = ("model", "image_size", "resize", "pixel_range", "class_names")  # of its `run.json`, in that of such a run
LEAST = 0.001  # of the pixels that it sees: a smaller region is no animal
CHUNK = 32  # images decoded and answered at a time
VERSION = 1  # of the boxes in the store: raise it whenever they come out differently


def opened(name: str, runs: str) -> Run:
    """Return the run that finds, by its folder or name.

    Raises:
        UserError: it is none, or no run that tells an animal from the background.
    """
    run = read_run(by_name(name, runs), runs)
    if (task := run.task) != "segment":
        raise UserError(f"--finder takes a run of train --task segment. Received: {run.folder}, of --task {task}")
    values = run.info.get("settings", {}).get("mask_values", OWN)
    meanings = {BACKGROUND, ""} if values in (OWN, INDEX) else set(pairs(values).values())
    if BACKGROUND not in meanings or run.info["class_names"][0] != BACKGROUND:
        raise UserError(f"{run.folder} finds nothing: its --mask-values {values} have no {BACKGROUND}. Give another.")
    if not meanings - {BACKGROUND, "ignore"}:
        raise UserError(
            f"{run.folder} finds nothing: its --mask-values {values} name no class but the {BACKGROUND}. Give another."
        )
    return run


def within(run: Run) -> Run:
    """Return the finder that lies in the folder of a run which cuts by one."""
    return Run(run.folder / FOLDER, run.info["crop"]["finder"])


def copy(run: Run, folder: Path) -> dict[str, Any]:
    """Copy the network of a run that finds into the folder of another run; return what that keeps of it.

    Raises:
        UserError: a file of it is not what training saved.
    """
    (folder / FOLDER).mkdir()
    for name in FILES:
        if (run.folder / name).is_file():
            (folder / FOLDER / name).write_bytes((run.folder / name).read_bytes())
    check_files(Run(folder / FOLDER, run.info), FILES)
    kept = {name: run.info[name] for name in KEPT if name in run.info}
    return {"run": str(run.folder.resolve()), **kept, "files": hashes(folder / FOLDER, FILES)}


class Finder:
    """What finds: `run` says where its network is, and how that sees images; it is loaded when it is needed first."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def _network(self) -> openvino_ir.RunnerOfAll:
        return load_runner(self.run)

    @property
    def fingerprint(self) -> str:
        """Return a hash of all that its boxes depend on beside the image."""
        info = self.run.info
        files = hashes(self.run.folder, FILES)
        depends = [files, info["image_size"], info["resize"], info.get("pixel_range"), LEAST, VERSION]
        return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()

    def boxes_of(self, paths: Sequence[Path]) -> list[Box | None]:
        """Return the box of the animal in each of some files; None where nothing is found, or none can be read."""
        return [box for _, box in next(self._found(iter([paths])))]

    def _found(self, chunks: Iterator[Sequence[Path]]) -> Iterator[list[tuple[str, Box | None]]]:
        """Yield the content's hash and the box of each file of a chunk; the next ones are decoded meanwhile."""
        for chunk, outcomes in prefetch(self._decoded(chunks)):
            squares = [outcome[1] for outcome in outcomes if not isinstance(outcome, str)]
            masks = iter(self._network(np.stack(squares))[0].argmax(axis=-1) > 0 if squares else ())
            yield [
                ("", None) if isinstance(outcome, str) else (outcome[0], self._box(path, next(masks)))
                for path, outcome in zip(chunk, outcomes, strict=True)
            ]

    def _decoded(
        self, chunks: Iterator[Sequence[Path]]
    ) -> Iterator[tuple[Sequence[Path], list[tuple[str, np.ndarray] | str]]]:
        how = self.run.info["image_size"], self.run.info["resize"], self.run.info.get("pixel_range")
        with ThreadPoolExecutor(pixels.WORKERS) as pool:
            for chunk in chunks:
                yield chunk, list(pool.map(lambda path: pixels.read(path, *how), chunk))

    def _box(self, path: Path, mask: np.ndarray) -> Box | None:
        box = regions.largest(mask, round(LEAST * mask.size))
        if box is None:
            return None
        try:
            with path.open("rb") as file:
                found = header(file)
        except (OSError, ImageError):  # gone since: told when it is decoded
            return None
        return regions.in_image(box, len(mask), found.width, found.height, self.run.info["resize"])

    def boxes_by_name(
        self,
        images: LoadedImages,
        root: Path,
        store: Store,
        progress: Callable[[str, int], AbstractContextManager[Callable[[], None]]],
        note: Callable[[str], None],
    ) -> Mapping[str, Box]:
        """Return the boxes of a data set's images by their names, as `data.source.Source` asks; the store keeps them.

        `note` is told of how many nothing is found.
        """
        rows, boxes = RowType(f"boxes {self.fingerprint}", (4,), "int32"), np.zeros((len(images.sha256), 4), np.int32)
        missing = np.flatnonzero(~store.rows(rows, images.sha256).read_into(boxes)).tolist()
        chunks = [missing[first : first + CHUNK] for first in range(0, len(missing), CHUNK)]
        with progress("find the animals", len(missing)) as advance, store.writer(rows) as keep:
            paths = ([images.records[i].path for i in chunk] for chunk in chunks)
            for chunk, found in zip(chunks, self._found(paths), strict=True):
                for i, (sha256, box) in zip(chunk, found, strict=True):
                    boxes[i] = box or 0
                    if sha256 == images.sha256[i]:
                        keep.add(sha256, boxes[i])
                    advance()
        names = [record.name for record in images.records]
        by_name = {name: tuple(box) for name, box in zip(names, boxes.tolist(), strict=True) if any(box)}
        note(cut.line_of(names, by_name, "a found animal"))
        return by_name
