"""Run an exported file over images, in a process that has nothing else in it: `python -m study.export.running`.

What is exported must answer without the program that made it: the process imports no Keras, and TensorFlow only where
that is the format's own engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import pixels
from errors import UserError
from study.runtime import module

Run = Callable[[np.ndarray], Mapping[str, np.ndarray]]  # uint8 (n, size, size, 3) -> name of an output -> its values
CHUNK = 32  # images decoded and answered at a time


@dataclass(frozen=True)
class Images:
    """Files, and how each becomes pixels."""

    files: Sequence[Path]
    size: int
    rule: str
    ranges: Mapping[str, Sequence[float]] | None

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the pixels of some files at a time, uint8 (n, size, size, 3)."""
        with ThreadPoolExecutor(pixels.WORKERS) as pool:
            for first in range(0, len(self.files), CHUNK):
                yield np.stack(list(pool.map(self.read, self.files[first : first + CHUNK])))

    def read(self, file: Path) -> np.ndarray:
        """Return the pixels of a file. Raise UserError where it cannot be read."""
        found = pixels.read(file, self.size, self.rule, self.ranges)
        if isinstance(found, str):
            raise UserError(f"{file} cannot be read any more: {found}. Put it back.")
        return found[1]


@dataclass(frozen=True)
class Answers:
    """What an exported file gives: name of an output -> its values for every image; and how fast."""

    outputs: Mapping[str, np.ndarray]
    images_per_second: float


def answers_of(folder: Path, form: str, images: Images, work: Path) -> Answers:
    """Run the exported file of a folder over images in a fresh process; `work`: a folder for what they tell each other.

    Raises:
        UserError: the process failed; what it said last is the reason.
    """
    asked, found = work / "asked.json", work / "found.npz"
    files = [os.fsencode(file.absolute()).hex() for file in images.files]  # a name may be no UTF-8
    question = {"folder": str(folder.absolute()), "form": form, "size": images.size, "rule": images.rule}
    asked.write_text(json.dumps({**question, "ranges": images.ranges, "files": files}), encoding="utf-8")
    command = module.command("study.export.running", str(asked), str(found))
    environment = module.environment(TF_CPP_MIN_LOG_LEVEL="3")
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if ran.returncode:
        if ran.returncode < 0:  # a signal: the engine itself fell over, and has no reason to give
            crash = f"its engine crashed (signal {-ran.returncode})"
            raise UserError(f"The exported file does not run in a process of its own, so nothing was written: {crash}")
        last = (ran.stderr.strip().splitlines() or [f"it ended with {ran.returncode} and said nothing"])[-1]
        raise UserError(f"The exported file does not run in a process of its own, so nothing was written: {last}")
    with np.load(found, allow_pickle=False) as file:
        outputs = {name: file[name] for name in file.files if name != "seconds"}
        return Answers(outputs, len(images.files) / float(file["seconds"]))


def main(asked: Path, found: Path) -> None:
    """Answer for the images of a question, and write the outputs and the seconds that the network itself took."""
    from study.export import formats

    question = json.loads(asked.read_text(encoding="utf-8"))
    files = [Path(os.fsdecode(bytes.fromhex(name))) for name in question["files"]]
    images = Images(files, question["size"], question["rule"], question["ranges"])
    run = formats.get(question["form"]).load(Path(question["folder"]))
    parts, seconds = [], 0.0
    for chunk in images.chunks():
        if not parts:
            run(chunk)  # the first one allocates memory
        started = time.perf_counter()
        parts.append(run(chunk))
        seconds += time.perf_counter() - started
    outputs = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    np.savez(found, seconds=np.array(seconds), **outputs)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
