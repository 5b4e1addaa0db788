"""Export a run: make the file, compare it with the run in a process of its own, and only then write it."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from data.pixel_range import KINDS, narrowed, shown
from data.split import read_split
from data.squares import text_of
from errors import UserError
from study.confidence import neighbours
from study.export import about as about_file
from study.export import formats
from study.export.parity import Parity, compare, gate, price_of
from study.export.place import Place
from study.export.running import Images, answers_of
from study.predict.own_split import predict_split
from study.predict.told import task_of
from study.predict.verdicts import judge_of
from study.runs.folder import Run, size_of
from study.runs.images import folder_of, images_of, located
from study.runs.remedies import ELSEWHERE, remedies
from study.runtime import backend, console, output

if TYPE_CHECKING:
    from study.export.network import Network

REPORT = "export.json"
CALIBRATION = 256  # training images by which the ranges of 8-bit integers are chosen


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, the file or folder of the network in it, and how far it is from the run.

    `unrounded`: the same in float, measured beside a file of 8-bit integers.
    """

    run: Run
    form: ModuleType
    folder: Path
    bytes: int
    about: Mapping[str, Any]
    parity: Parity
    unrounded: Parity | None

    def values(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        kept = ("images", "greatest", "changed", "changed_verdicts", "accuracy", "accuracy_of_run", "images_per_second")
        parity = self.parity.values()
        return {
            "run": str(self.run.folder),
            "folder": str(self.folder),
            "file": str(self.folder / self.form.FILE),
            "labels": str(self.folder / about_file.LABELS),
            "json": str(self.folder / REPORT),
            "format": self.form.__name__.rpartition(".")[2],
            "int8": self.about["int8"],
            "bytes": self.bytes,
            "class_names": self.about["class_names"],
            **{key: parity[key] for key in kept},
            "float32": {key: self.unrounded.values()[key] for key in kept} if self.unrounded else None,
        }


def export(run: Run, name: str, int8: bool, allowed: int, out: str | None, command: str) -> Exported:
    """Write a run's network in a format.

    Args:
        run: of a task that tells the class of an image, or its labels.
        name: of the format.
        int8: whether in 8-bit integers.
        allowed: how many answers on the validation split may change.
        out: folder to write, new or empty; None: one of its own in `exports`.
        command: as it was typed.

    Raises:
        UserError: it cannot be made here, or does not answer as the run does; nothing is written then.
    """
    check_run(run)
    formats.require(name, int8)
    form = formats.get(name)
    place = Place.of(out, f"{run.info['model']}-{name}{'-int8' if int8 else ''}")
    judge = judge_of(run, None)
    run = located(run, ("val", "train") if int8 else ("val",))
    answers = predict_split(run, "val", known=judge and judge.known)
    predictions, entries = answers.predictions, answers.entries
    backend.start()
    from study.export.network import network_of

    network = network_of(run)
    about = about_file.describe(run, network.known is not None, form.BATCH, int8)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        made, unrounded = work / "export", None
        files = images_for(run, [one.file for one in predictions])
        if int8:
            plain = work / "float"
            write(form, network, {**about, "int8": False}, plain)
            unrounded = compare(run, predictions, entries, judge, answers_of(plain, name, files, work))
            write(form, network, about, made, calibration_images(run))
        else:
            write(form, network, about, made)
        parity = compare(run, predictions, entries, judge, answers_of(made, name, files, work))
        gate(run, parity, allowed, unrounded)
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        (made / about_file.LABELS).write_text(about_file.labels(about), encoding="utf-8")
        output.write_json(made / REPORT, report(run, form, about, parity, unrounded, command))
        folder = place.take(made)
    return Exported(run, form, folder, size, about, parity, unrounded)


def check_run(run: Run, command: str = "export") -> None:
    """Raise UserError for a run that tells something else than the classes of whole images at one size."""
    if task_of(run).PER_PIXEL:
        raise UserError(f"{command} is for runs that classify images. Received: {run.folder}, of --task {run.task}.")
    if "crop" in run.info:
        raise UserError(
            f"{command} writes a network that is given whole images, and {run.folder} learned cut ones (--crop-to). "
            "Use predict."
        )
    if "image_sizes" in run.info:
        sizes = text_of(size_of(run))
        raise UserError(
            f"{command} takes images at one size, and {run.folder} at {sizes}: train with --image-size N for all."
        )
    if command == "page" and (ranges := narrowed(ranges_of(run))):
        kind, ends = next(iter(ranges.items()))
        raise UserError(
            f"page answers for what a browser makes of a file, which has 8 bits, and {run.folder} learned from "
            f"{KINDS[kind]} whose values {shown(ends)} are black to white. Use predict or serve."
        )


def write(
    form: ModuleType, network: Network, about: Mapping[str, Any], folder: Path, images: np.ndarray | None = None
) -> None:
    """Let a format write a network, with images in 8-bit integers. Raise UserError where it cannot."""
    folder.mkdir()
    try:
        if images is None:
            form.write(network, about, folder)
        else:
            form.quantize(network, about, folder, images)
    except (UserError, OSError):
        raise
    except Exception as error:  # converters raise nearly every built-in exception
        if output.is_disk_full(error):  # as TensorFlow says it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UserError(f"{about['model']} cannot be written as {form.TITLE}: {said}") from error


def images_for(run: Run, files: Sequence[Path]) -> Images:
    """Return images of some files, decoded as the run decodes them."""
    return Images(files, run.info["image_size"], run.info["resize"], ranges_of(run))


def ranges_of(run: Run) -> Mapping[str, Any]:
    """Return what is black and white in files that do not state it."""
    return run.info.get("pixel_range") or {}


def calibration_images(run: Run) -> np.ndarray:
    """Return some training images, every class by its share. Raise UserError where one is missing."""
    entries = [entry for entry in read_split(run.folder / "split.csv") if entry.split == "train"]
    labels = np.unique([entry.label for entry in entries], return_inverse=True)[1]
    chosen = [entries[i] for i in neighbours.sample(labels, CALIBRATION, seed=0)]
    file_of = images_of(run)
    if missing := [entry.path for entry in chosen if entry.path not in file_of]:
        raise UserError(
            f"--int8 chooses its ranges by training images, and {missing[0]} is missing in {folder_of(run)}. "
            f"{remedies(run, ELSEWHERE, 'leave --int8 out')}."
        )
    return np.concatenate(list(images_for(run, [file_of[entry.path] for entry in chosen]).chunks()))


def report(
    run: Run, form: ModuleType, about: Mapping[str, Any], parity: Parity, unrounded: Parity | None, command: str
) -> dict[str, Any]:
    """Return what `export.json` says."""
    packages = {**form.NEEDS, **((form.NEEDS_FOR_INT8 or {}) if about["int8"] else {})}
    return {
        "command": command,
        "run": str(run.folder.absolute()),
        "file": form.FILE,
        "metadata": about,
        "parity": parity.values(),
        "float32": unrounded.values() if unrounded else None,
        "versions": {package: version(package) for package in packages.values()},
    }


def tell(done: Exported) -> None:
    """Print what was written, and what it is worth."""
    names, size = done.about["class_names"], done.about["resize"]["size"]
    console.print(
        f"{done.folder / done.form.FILE}: {done.form.TITLE}{' in 8-bit integers' if done.about['int8'] else ''}, "
        f"{done.bytes / 1e6:,.1f} MB, {len(names)} classes, images of {size} × {size} pixels, preprocessing inside"
    )
    console.print(done.parity.sentence())
    for kind, ends in narrowed(done.about["resize"]["pixel_range"]).items():
        console.print(
            f"careful: the run learned from {KINDS[kind]} whose values {shown(ends)} are black to white: whoever uses "
            "the file has to map them to 0 to 255 first"
        )
    if plain := done.unrounded:
        console.print(f"price: {price_of(done.run, done.parity, plain)}")
        faster = done.parity.images_per_second / plain.images_per_second
        console.print(
            f"gain: {done.parity.images_per_second:,.0f} images/s, in float {plain.images_per_second:,.0f}, measured "
            f"now on this machine ({faster:.1f} times as fast)"
        )
    console.print(f"report: {done.folder / REPORT}; class names: {done.folder / about_file.LABELS}")
