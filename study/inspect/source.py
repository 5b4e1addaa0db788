"""The images of `inspect`: those to look at, and batches of the training split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import folder, pixels
from data import names as names_module
from data.dataset import Dataset
from data.names import printable
from data.pixel_range import Ranges
from data.split import read_split
from data.squares import Size
from errors import UserError
from study.runs.folder import Run, size_of
from study.runs.images import folder_of, located
from study.runs.remedies import put_back, remedies
from study.runtime import console

MAX_SHOWN = 8


@dataclass(frozen=True)
class NamedImage:
    """An image to look at, as the network takes it: uint8 (size, size, 3); its true class where that is known."""

    name: str
    pixels: np.ndarray
    label: str | None = None

    @property
    def shown(self) -> np.ndarray:
        """Return it as a square; of several sizes, one below the other, the largest."""
        return self.pixels[: self.pixels.shape[1]]


@dataclass(frozen=True)
class Source:
    """A data set, of which only what is asked for is read.

    Args:
        class_names: in the order of the network's answers.
        names: of the images, n of them.
        labels: class indices, int (n,).
        indices: part -> indices.
        take: indices, int (m,) -> uint8 (m, size, size, 3).
    """

    class_names: tuple[str, ...]
    names: tuple[str, ...]
    labels: np.ndarray
    indices: dict[str, np.ndarray]
    take: Callable[[np.ndarray], np.ndarray]


def read_images(paths: Sequence[str], size: Size, rule: str, ranges: Ranges | None) -> list[NamedImage]:
    """Read the first images of files and folders. Raise UserError, naming it, where one cannot be read."""
    files, skipped = folder.list_images([Path(path) for path in paths])
    if skipped and not files:
        raise UserError(f"{skipped[0].name}: {skipped[0].reason}. Give images, or folders of them.")
    if not files:
        raise UserError(f"There is no image in {', '.join(paths)}. Give images, or folders of them.")
    if len(files) > MAX_SHOWN:
        console.print(f"maps are drawn of the first {MAX_SHOWN} of {len(files):,} images")
    return [
        NamedImage(names_module.printable(str(file)), _read(file, size, rule, ranges)) for file in files[:MAX_SHOWN]
    ]


def one_per_class(source: Source) -> list[NamedImage]:
    """Return the first image of each class in the validation split, which chose the weights anyway."""
    indices = source.indices["val"]
    firsts = [indices[source.labels[indices] == label][:1] for label in range(len(source.class_names))]
    chosen = np.concatenate(firsts)[:MAX_SHOWN]
    return [
        NamedImage(source.names[index], pixels, source.class_names[source.labels[index]])
        for index, pixels in zip(chosen, source.take(chosen), strict=True)
    ]


def from_dataset(dataset: Dataset) -> Source:
    """Return a data set that was read as for training."""
    examples, names = dataset.examples(), tuple(entry.path for entry in dataset.entries)
    return Source(
        dataset.class_names,
        names,
        examples.labels,
        dict(examples.indices),
        lambda indices: examples.inputs[np.asarray(indices)],
    )


def from_run(run: Run) -> Source:
    """Return the data set of a run, divided as it was. Raise UserError where its folder is gone."""
    names, root = tuple(run.info["class_names"]), folder_of(run)
    if not root.is_dir():
        raise UserError(f"The images of {run.folder} are no longer in {root}. Put them back.")
    path_of = located(run, ("train", "val")).files
    entries = read_split(run.folder / "split.csv")
    splits = np.array([entry.split for entry in entries])

    def take(indices: np.ndarray) -> np.ndarray:
        wanted = [entries[i] for i in indices]
        if gone := [entry.path for entry in wanted if entry.path not in path_of]:
            raise UserError(f"{gone[0]} of the run's images is no longer in {root}. {remedies(run)}.")
        with ThreadPoolExecutor(pixels.WORKERS) as pool:
            image = size_of(run), run.info["resize"], run.info.get("pixel_range")
            return np.stack(list(pool.map(lambda entry: _read(path_of[entry.path], *image, run, entry.sha256), wanted)))

    return Source(
        names,
        tuple(entry.path for entry in entries),
        np.array([names.index(entry.label) for entry in entries]),
        {split: np.flatnonzero(splits == split) for split in folder.SPLITS},
        take,
    )


def batches(source: Source, batch_size: int, steps: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield float32 pixels (batch, size, size, 3) and one-hot labels (batch, classes) of the training split, shuffled.

    Unlike in training, every batch is full and no image is changed.
    """
    rng, order = np.random.default_rng(seed), np.array([], int)
    for _ in range(steps):
        while len(order) < batch_size:
            order = np.concatenate([order, rng.permutation(source.indices["train"])])
        chosen, order = order[:batch_size], order[batch_size:]
        yield source.take(chosen).astype(np.float32), np.eye(len(source.class_names))[source.labels[chosen]]


def _read(
    path: Path, size: Size, rule: str, ranges: Ranges | None, run: Run | None = None, sha256: str = ""
) -> np.ndarray:
    result = pixels.read(path, size, rule, ranges)
    if isinstance(result, str):
        raise UserError(f"{printable(str(path))}: {result}.")
    if run and sha256 != result[0]:
        back = put_back(run) if run.drawn else "Put the image back"
        raise UserError(f"{printable(str(path))} was changed since the run. {back}.")
    return result[1]
