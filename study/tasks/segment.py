"""The class of every pixel: IoU and Dice of each class, all from one confusion matrix of pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.csv_table import guarded
from data.mask_values import BACKGROUND, IGNORED
from data.masks import without_padding
from data.split import assign  # noqa: F401 - of the contract
from study.pages.blocks import Block, Figure, Heading, Table, Text
from study.pages.language import japanese, listed, one_of, t
from study.pages.palette import DARK, GREY, MASKS
from study.runtime import console, output
from study.runtime.format import shares_apart, significant
from study.tasks import crossentropy
from study.tasks.contract import Evaluation
from study.tasks.iou import confusions, iou, ious, mean_iou
from study.tasks.scores import class_rows
from study.tasks.sentences import MOST_NAMED, no_better_than

if TYPE_CHECKING:
    import keras

    from data.batches import Examples
    from data.dataset import Dataset

MODEL = "unet"
PER_PIXEL = True
ACCURACY = "pixel accuracy"
SCORE, SCORE_NAME = "mean_iou", "mean IoU"  # most pixels may be of one class
MACRO_F1 = "mean Dice"
VERDICTS = False
SEVERAL_LABELS = False
MIN_CLASSES = 1  # pixels of a single class can be told from the background
ACTIVATION = "softmax"
LEARNING = ("scratch",)
LOSSES = ("crossentropy", "focal", "dice", "crossentropy+dice")
FIXED = {"progressive": (), "auxiliary": "none", "crop_to": "none"}

BATCH = 32
SHOWN = 12  # validation images with their masks
MANY = 1_000_000  # pixels, from which they are counted in thousands
HEADER = (
    *(t("class", "クラス"), "IoU", "Dice", t("precision", "適合率"), t("recall", "再現率"), t("pixels", "ピクセル数")),
)


@dataclass(frozen=True)
class SegmentationResult:
    """What a network says of a split.

    Args:
        predicted: the likeliest class of each pixel, uint8 (n, size, size).
        confusion: pixels, rows true, columns predicted, int64 (classes, classes).
        loss: mean cross-entropy of a pixel.
        iou: of each image, the mean over the classes that are in it or called, float (n,); nan where no pixel counts.
    """

    predicted: np.ndarray
    confusion: np.ndarray
    loss: float
    iou: np.ndarray


def outputs(class_names: Sequence[str]) -> tuple[str, ...]:
    """Return the classes behind the background: pixels may be of nothing too."""
    return (BACKGROUND, *class_names)


def metrics(num_outputs: int) -> list[Any]:
    """Return what is reported of every epoch: accuracy and cross-entropy of the pixels, and the mean IoU."""
    import keras

    return [
        keras.metrics.CategoricalAccuracy("accuracy"),
        crossentropy.metric(),
        keras.metrics.OneHotMeanIoU(num_outputs, name="mean_iou"),
    ]


def evaluate(
    model: keras.Model, examples: Examples, outputs: Sequence[str], split: str, val: Evaluation | None = None
) -> Evaluation:
    """Predict every pixel of a split and compare with the masks."""
    result = predict_split(model, examples, split)
    return Evaluation(result, measure_pixels(result, outputs))


def predict_split(network: keras.Model, examples: Examples, split: str) -> SegmentationResult:
    """Answer for every pixel of a split and compare; probabilities of a batch are held at a time, not of all."""
    indices, classes = examples.indices[split], network.output_shape[-1]
    predicted = np.empty((len(indices), *examples.masks.shape[1:]), np.uint8)
    matrices, loss = [np.zeros((0, classes, classes), np.int64)], 0.0
    with console.bar(f"evaluate {split}", -(-len(indices) // BATCH)) as advance:
        for first in range(0, len(indices), BATCH):
            batch = indices[first : first + BATCH]
            probabilities = network.predict_on_batch(examples.inputs[batch].astype(np.float32))
            true = examples.masks[batch]
            predicted[first : first + BATCH] = probabilities.argmax(axis=-1)
            counts = (true < classes)[..., None]  # those that do not are of no class
            indices_of = np.where(counts, true[..., None], 0).astype(int)
            likely = np.take_along_axis(probabilities, indices_of, -1).clip(crossentropy.FLOOR)
            loss -= float((np.log(likely) * counts).sum())
            matrices.append(confusions(true, predicted[first : first + BATCH], classes))
            advance()
    confusions_of_images = np.concatenate(matrices)
    total = confusions_of_images.sum(axis=0)
    return SegmentationResult(predicted, total, loss / max(total.sum(), 1), ious(confusions_of_images))


def class_shares(mask: np.ndarray, classes: int, padded: tuple[int, int] | None) -> np.ndarray:
    """Return the share of each class in a mask, float (classes,); `padded`: width and height of an image in a frame."""
    mask = without_padding(mask, *padded) if padded else mask
    return np.bincount(mask.ravel(), minlength=classes) / mask.size


def palette(classes: int) -> np.ndarray:
    """Return red, green, blue of each class, uint8 (classes, 3): the background dark; of many, colours come again."""
    codes = [DARK, *(MASKS[i % len(MASKS)] for i in range(classes - 1))]
    return rgb(codes)


def rgb(codes: Sequence[str]) -> np.ndarray:
    """Return red, green, blue of colours such as #1A1A1A, uint8 (n, 3)."""
    return np.array([[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in codes], np.uint8)


def measure_pixels(result: SegmentationResult, names: Sequence[str]) -> dict[str, Any]:
    """Return what `metrics.json` says of a split.

    Dice of a class is its F1 over pixels, so that `macro_f1` is the mean Dice.

    Returns:
        `n` images, `pixels`, `accuracy` of pixels, `mean_iou`, `mean_dice` and `macro_f1`, `loss` (cross-entropy of a
        pixel), `per_class` with `iou`, `dice`, `precision`, `recall`, `pixels`, and `confusion` (rows true). None are
        the recall of a class without a pixel, and all figures of one that no pixel is called either.
    """
    matrix = result.confusion
    right, true, called = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    scores = {
        "iou": np.nan_to_num(iou(matrix)),
        "dice": 2 * right / np.maximum(true + called, 1),
        "precision": right / np.maximum(called, 1),
        "recall": right / np.maximum(true, 1),
    }
    known = dict.fromkeys(scores, true + called) | {"recall": true}
    per_class = {
        name: {key: float(of[i]) if known[key][i] else None for key, of in scores.items()} | {"pixels": int(true[i])}
        for i, name in enumerate(names)
    }
    dice = float(scores["dice"][true + called > 0].mean()) if matrix.any() else 0.0
    return {
        "n": len(result.predicted),
        "pixels": int(matrix.sum()),
        "accuracy": float(right.sum() / max(matrix.sum(), 1)),
        "mean_iou": mean_iou(matrix),
        "mean_dice": dice,
        "macro_f1": dice,
        "loss": result.loss,
        "per_class": per_class,
        "confusion": matrix.tolist(),
    }


def describe(split: str, result: Mapping[str, Any]) -> str:
    """`test: mean IoU 0.873, mean Dice 0.930, pixel accuracy 96.5 % (150 images); always answering …`."""
    name, constant = baseline(result)
    return t(
        f"{split}: mean IoU {result['mean_iou']:.3f}, mean Dice {result['mean_dice']:.3f}, "
        f"pixel accuracy {100 * result['accuracy']:.1f} % ({result['n']:,} images); always answering {name}: "
        f"{100 * constant:.1f} %",
        f"{japanese(split)}：平均 IoU {result['mean_iou']:.3f}、平均 Dice {result['mean_dice']:.3f}、"
        f"ピクセル正解率 {100 * result['accuracy']:.1f}%（{result['n']:,} 枚）。"
        f"常に「{name}」と答えた場合は {100 * constant:.1f}%",
    )


def headline(result: Mapping[str, Any]) -> str:
    """Return the figures of the test split as a sentence."""
    figures = describe(t("On the test split", "テストデータでの結果"), result)
    return t(f"{figures}.", f"{figures.ja}です。")


def baseline(result: Mapping[str, Any]) -> tuple[str, float]:
    """Return the class of most pixels, and the pixel accuracy of always answering that."""
    name, entry = max(result["per_class"].items(), key=lambda item: item[1]["pixels"])
    return name, entry["pixels"] / max(result["pixels"], 1)


def warnings(result: Mapping[str, Any]) -> list[str]:
    """Say in words where a constant answer is as good, and which classes are never found."""
    name, constant = baseline(result)
    told = [no_better_than(name)] if result["accuracy"] <= constant else []
    if never := [one for one, entry in result["per_class"].items() if entry["pixels"] and not entry["recall"]]:
        some = listed(never, MOST_NAMED)
        told.append(
            t(
                f"Not one pixel of {some} is found (recall 0).",
                f"クラス {some.ja} のピクセルは 1 つも見つけられていません（再現率 0）。",
            )
        )
    return told


def per_class_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a class, under `HEADER`."""
    return class_rows(result, ("iou", "dice", "precision", "recall"), "pixels")


def print_report(split: str, result: Mapping[str, Any]) -> None:
    """Print a split's figures and its per-class table."""
    console.print(describe(split, result))
    console.class_table("", HEADER, per_class_rows(result), HEADER.index("IoU"), "the lowest IoU")
    for sentence in warnings(result):
        console.print(sentence)


def accuracy_note(images: int) -> str:
    """Say what the figures are."""
    return (
        "Ranked by mean IoU, of which 0.01 is a point. Pixel accuracy is the share of the pixels of the "
        f"{images:,} validation images."
    )


def write(
    folder: Path, dataset: Dataset, evaluations: Mapping[str, Evaluation], language: str = "en"
) -> dict[str, Any]:
    """Write a table of the test split, its pixels' confusion matrix, and validation images with their masks."""
    from study.tasks import figures

    names, test = outputs(dataset.class_names), evaluations["test"].metrics
    write_table(folder / "predictions.csv", names, dataset, evaluations["test"].predictions)
    unit = 1 if test["pixels"] < MANY else 1000  # longer numbers would overlap
    say, counted = one_of(language), f"{test['pixels'] // unit:,}"
    title = say(
        f"Test split, {counted} {'pixels' if unit == 1 else 'thousand pixels'}",
        f"テストデータ（{counted} {'ピクセル' if unit == 1 else '千ピクセル'}）",
    )
    figures.confusion(test["confusion"], names, title, folder / "confusion.png", unit, language)
    result, val = evaluations["val"].predictions, dataset.examples().indices["val"]
    chosen = spread(result.iou)
    images, true = dataset.images.pixels[val[chosen]], dataset.masks[val[chosen]]
    score = say("mean IoU", "平均 IoU")
    titles = [f"{dataset.entries[val[i]].path}\n{score} {result.iou[i]:.2f}" for i in chosen]
    colours = palette(len(names))
    if dataset.masks.meaning.ignores:
        true = np.where(true == IGNORED, len(names), true)
        names, colours = (*names, say("ignored", "対象外")), np.concatenate([colours, rgb([GREY])])
    figures.masks(images, true, result.predicted[chosen], titles, names, colours, folder / "masks.png", language)
    return {}


def spread(scores: np.ndarray) -> np.ndarray:
    """Return indices from the worst to the best score, evenly, `SHOWN` at most; none of what has no score."""
    order = np.argsort(scores, kind="stable")[: np.isfinite(scores).sum()]  # nan comes last
    return order[np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(int)]


def write_table(path: Path, names: Sequence[str], dataset: Dataset, result: SegmentationResult) -> None:
    """Write `path,label,mean_iou,share_<class>…` for the test split: shares of the pixels by what they were called."""
    lines, test = [], [i for i, entry in enumerate(dataset.entries) if entry.split == "test"]
    for i, mask, score in zip(test, result.predicted, result.iou, strict=True):
        shares = class_shares(mask, len(names), dataset.masks.sides[i] if dataset.masks.sides else None)
        cells = ["" if np.isnan(score) else significant(score, 6), *shares_apart(shares.tolist(), 6)]
        lines.append([dataset.entries[i].path, dataset.entries[i].label, *cells])
    output.write_csv(path, ["path", "label", "mean_iou", *(f"share_{name}" for name in names)], guarded(lines))


def sections(folder: Path, metrics: Mapping[str, Any]) -> list[Block]:
    """Return what the report shows of the test split, and some validation images."""
    return [
        Table(HEADER, per_class_rows(metrics)),
        Text(
            t(
                "IoU: the pixels that are and are called so, of those that are or are called so. Dice: the harmonic "
                "mean of precision and recall.",
                "IoU は、実際にそのクラスであるか、そう予測されたピクセルのうち、両方にあたるピクセルの割合です。"
                "Dice は適合率と再現率の調和平均です。",
            ),
            "note",
        ),
        Figure(
            (folder / "confusion.png").read_bytes(),
            t("Confusion matrix of the test split's pixels", "テストデータのピクセルの混同行列"),
        ),
        Heading(t("Masks", "マスク")),
        Figure(
            (folder / "masks.png").read_bytes(),
            t("Validation images, their true and their predicted masks", "検証画像と、その正解マスク、予測マスク"),
        ),
    ]
