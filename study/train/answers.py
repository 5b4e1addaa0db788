"""Why the network answered as it did: the mistakes of the test split as images, Grad-CAM, nearest training images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from PIL import Image

from data import display
from data.batches import Examples
from data.dataset import Dataset
from data.image import WORKERS
from data.pixels import Pixels, Squares
from errors import UserError
from study.confidence import neighbours
from study.confidence.known import Known
from study.inference.gradcam import grad_cam
from study.inference.openvino_ir import Runner
from study.pages.blocks import Figure
from study.pages.language import t
from study.pages.pictures import jpeg_within, overlay
from study.pages.reasons import translated
from study.runs.answers import Answers, Card, Picture
from study.runtime import console
from study.tasks import classify
from study.train.prepare import stopwatch

MOST = 24  # mistakes with a card
FEW = 6  # right answers with a card, where there is no mistake
SMALL = 240  # mistakes that the cells of the confusion matrix open
NEAREST = 3
BLOCK = 2048  # training images whose features are compared at a time
# Pixels of the longer side, and the bytes of a file: all of them come to 2.5 MB of page at the most.
CARD, NEIGHBOUR, THUMBNAIL = 320, 128, 80
SHOWN = 256  # pixels of the longer side in which the image of a card stands on the page; a click enlarges it
GONE = t("the file was changed or removed", "ファイルが変更または削除されました")
CARD_BYTES, HEAT_BYTES, NEIGHBOUR_BYTES, THUMBNAIL_BYTES = 22_000, 14_000, 4_000, 2_500


@dataclass(frozen=True)
class Evidence:
    """What answers are explained by.

    `classifier`: pixels -> probabilities. `dataset`: the images. `pixels`: theirs, and the rows of each split.
    `probabilities`: of the test split, float32 (n, classes). `features`: of the test split, float32 (n, features).
    `maps`: what gives the last maps of a frozen backbone, if anything does so faster than Keras.
    `learned`: rows of training images and their features, block by block. `judged`: as `study.train.judge.judge`
    returns it.
    """

    classifier: keras.Model
    dataset: Dataset
    pixels: Examples
    probabilities: np.ndarray
    features: np.ndarray
    learned: Iterator[tuple[np.ndarray, np.ndarray]] | Sequence[tuple[np.ndarray, np.ndarray]]
    judged: tuple[Known, Mapping[str, Any]] | None
    maps: Runner | None = None


def blocks(features: np.ndarray, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cut the features of some rows into blocks: those of many images are not held at a time."""
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        yield block, np.asarray(features[block])


def collect(evidence: Evidence, compared: int, seconds: dict[str, float]) -> Answers:
    """Return what the report shows of single answers; `seconds` is told how long each step took.

    `compared`: how many training images `evidence.learned` has.
    """
    dataset = evidence.dataset
    wrong = classify.mistakes(dataset, evidence.probabilities)
    chosen = wrong[:MOST] or classify.least_sure(dataset, evidence.probabilities)[:FEW]
    rows = np.array([entry["row"] for entry in chosen], int)
    features = evidence.features[np.searchsorted(evidence.pixels.indices["test"], rows)]
    with console.bar("show the mistakes", 3) as advance:
        with stopwatch(seconds, "nearest training images"):
            nearest, _ = neighbours.nearest_rows(features, evidence.learned, NEAREST)
        advance()
        with stopwatch(seconds, "Grad-CAM"):
            heats, no_heat = heats_of(evidence, rows, [entry["predicted"] for entry in chosen])
        advance()
        with stopwatch(seconds, "images of the report"):
            kinds = kinds_of(evidence, chosen, features)
            cards = cards_of(dataset, chosen, nearest, heats, kinds)
            small = small_by_cell(dataset, wrong[:SMALL], len(cards))
        advance()
    return Answers(cards, len(wrong), small, compared, no_heat)


def heats_of(evidence: Evidence, rows: np.ndarray, predicted: Sequence[str]) -> tuple[dict[int, np.ndarray], str]:
    """Return row -> Grad-CAM of the class predicted, float32 (size, size); and why there is none, if there is none."""
    names = evidence.dataset.class_names
    classes = {int(row): names.index(name) for row, name in zip(rows, predicted, strict=True)}
    readable, pixels = still_readable(evidence.pixels.inputs, rows)
    if not len(readable):
        return {}, ""
    try:
        asked = [classes[row] for row in readable.tolist()]
        heats = grad_cam(evidence.classifier, pixels, asked, seen=evidence.maps)
    except UserError as error:  # a network without a convolution
        return {}, translated(str(error))
    return dict(zip(readable.tolist(), heats, strict=True)), ""


def still_readable(pixels: Pixels | Squares, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return those of some rows whose pixels can still be had, and the pixels, uint8 (m, height, width, 3)."""
    try:
        return rows, pixels[rows]
    except UserError:  # a file that the store does not have was changed or removed since
        found = {}
        for row in rows.tolist():
            try:
                found[row] = pixels[np.array([row])][0]
            except UserError:
                continue
        return np.array(list(found), int), np.array(list(found.values()), np.uint8).reshape(-1, *pixels.shape[1:])


def kinds_of(evidence: Evidence, chosen: Sequence[Mapping[str, Any]], features: np.ndarray) -> list[str]:
    """Return the kind of verdict on each answer; "" where the run keeps nothing to judge by."""
    if evidence.judged is None:
        return [""] * len(chosen)
    known, verdicts = evidence.judged
    distances = neighbours.distances(features, known.directions).tolist()
    threshold = verdicts["unsure"]["threshold"]
    return [
        known.kind(entry["probability"], distance, threshold) for entry, distance in zip(chosen, distances, strict=True)
    ]


def cards_of(
    dataset: Dataset,
    chosen: Sequence[Mapping[str, Any]],
    nearest: np.ndarray,
    heats: Mapping[int, np.ndarray],
    kinds: Sequence[str],
) -> list[Card]:
    """Return a card of each answer; files are read in threads, and of each only what the page shows is kept."""

    def card(entry: Mapping[str, Any], of_nearest: np.ndarray, kind: str) -> Card:
        row = entry["row"]
        picture, heat = large(dataset, row, heats.get(row))
        alike = [neighbour(dataset, other) for other in of_nearest.tolist()]
        return Card(picture, entry["predicted"], entry["probability"], kind, heat, alike)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(card, chosen, nearest, kinds))


def large(dataset: Dataset, row: int, heat: np.ndarray | None) -> tuple[Picture, Figure | None]:
    """Return an image as large as it takes to judge it, and what the network saw of it under a map of heat."""
    shown = file_of(dataset, row, CARD)
    if isinstance(shown, str):
        return picture(dataset, row, None, translated(shown)), None
    name = dataset.entries[row].path
    figure = Figure(jpeg_within(shown.whole, CARD_BYTES), name, size_within(shown.whole.size, SHOWN))
    if heat is None:
        return picture(dataset, row, figure), None
    seen = overlay(Image.fromarray(shown.square).resize((SHOWN, SHOWN)), heat)
    return picture(dataset, row, figure), Figure(jpeg_within(seen, HEAT_BYTES), f"Grad-CAM: {name}", (SHOWN, SHOWN))


def neighbour(dataset: Dataset, row: int) -> Picture:
    """Return an image in a smaller size."""
    shown = file_of(dataset, row, NEIGHBOUR)
    if isinstance(shown, str):
        return picture(dataset, row, None, translated(shown))
    return picture(dataset, row, small_figure(shown.whole, NEIGHBOUR, NEIGHBOUR_BYTES, dataset.entries[row].path))


def small_by_cell(
    dataset: Dataset, wrong: Sequence[Mapping[str, Any]], cards: int
) -> dict[tuple[str, str], list[tuple[int, Picture]]]:
    """Return (label, predicted) -> small images as the network saw them, each with the number of its card or 0."""
    rows = np.array([entry["row"] for entry in wrong], int)
    readable, pixels = still_readable(dataset.images.pixels, rows)
    place = {row: at for at, row in enumerate(readable.tolist())}
    found = defaultdict(list)
    for number, entry in enumerate(wrong, 1):
        row, figure = entry["row"], None
        if row in place:
            image = Image.fromarray(pixels[place[row]])
            figure = small_figure(image, THUMBNAIL, THUMBNAIL_BYTES, entry["path"])
        shown = picture(dataset, row, figure, "" if figure else GONE)
        found[entry["label"], entry["predicted"]].append((number if number <= cards else 0, shown))
    return dict(found)


def file_of(dataset: Dataset, row: int, side: int) -> display.Shown | str:
    """Return an image of the data set from its file, or the reason why it cannot be shown any more."""
    images = dataset.images
    box = images.boxes[row] if images.boxes else None
    return display.show(images.records[row].path, images.sha256[row], side, images.pixels.rule, images.ranges, box)


def picture(dataset: Dataset, row: int, figure: Figure | None, gone: str = "") -> Picture:
    """Return what the page says of an image, with an address of its file."""
    entry, file = dataset.entries[row], dataset.images.records[row].path
    return Picture(entry.path, file.absolute().as_uri(), entry.label, figure, gone)


def small_figure(image: Image.Image, side: int, most: int, text: str) -> Figure:
    """Return an image as a thumbnail that no click enlarges."""
    image.thumbnail((side, side))
    return Figure(jpeg_within(image, most), text, size_within(image.size, side), enlarges=False)


def size_within(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return width and height that an image is shown in, `side` at the longer one: small ones are made larger."""
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
