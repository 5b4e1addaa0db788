"""Several classes for an image, or none: precision, recall, F1 and average precision of every class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.csv_table import guarded
from data.multilabel_split import assign as assign
from data.names import distinct, join_labels, split_labels
from data.split import SplitEntry
from study.pages.blocks import Block, Figure, Heading, Table, Text
from study.pages.language import japanese, joined, t
from study.runtime import console, output
from study.runtime.format import significant
from study.tasks import crossentropy
from study.tasks.classify import WORST, predict
from study.tasks.contract import Evaluation
from study.tasks.scores import class_rows
from study.tasks.sentences import counted_by, never_found, others_of
from study.tasks.several_labels import by_chance, choose_thresholds, decide, measure_labels

if TYPE_CHECKING:
    import keras

    from data.batches import Examples
    from data.dataset import Dataset

MODEL = "original"
PER_PIXEL = False
ACCURACY = SCORE_NAME = "exact match"
SCORE = "accuracy"
MACRO_F1 = "macro F1"
VERDICTS = False
SEVERAL_LABELS = True
MIN_CLASSES = 1
ACTIVATION = "sigmoid"
LEARNING = ("scratch", "transfer", "finetune")
LOSSES = ("crossentropy",)
FIXED = {"auxiliary": "none", "labels": None, "label": "class", "sampler": "natural", "class_weight": "none"}

HEADER = (
    *(t("class", "クラス"), t("threshold", "しきい値"), t("precision", "適合率"), t("recall", "再現率"), "F1"),
    *(t("average precision", "平均適合率"), t("images", "画像数")),
)


# ---- learning and evaluating -----------------------------------------------------------------------------------------


def outputs(class_names: Sequence[str]) -> tuple[str, ...]:
    """Return the classes."""
    return tuple(class_names)


def metrics(num_outputs: int) -> list[Any]:
    """Return what is reported of every epoch: images whose every label is right at 0.5, and binary cross-entropy."""
    import keras

    ops = keras.ops

    def every_label(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        right = ops.equal(y_pred >= 0.5, ops.cast(y_true, y_pred.dtype) >= 0.5)
        return ops.cast(ops.all(right, axis=-1), "float32")

    return [keras.metrics.MeanMetricWrapper(every_label, name="accuracy"), crossentropy.metric(binary=True)]


def evaluate(
    model: keras.Model, examples: Examples, outputs: Sequence[str], split: str, val: Evaluation | None = None
) -> Evaluation:
    """Predict for a split and compare with its labels, by the thresholds that suit validation."""
    indices = examples.indices[split]
    probabilities, truth = predict(model, examples, indices, f"evaluate {split}"), np.asarray(examples.labels)[indices]
    thresholds = val.metrics["thresholds"] if val else choose_thresholds(truth, probabilities, outputs)
    together = examples.units_of(split), examples.seen_of(split)
    return Evaluation(probabilities, measure_labels(truth, probabilities, outputs, thresholds, *together))


# ---- showing and writing ---------------------------------------------------------------------------------------------


def describe(split: str, metrics: Mapping[str, Any]) -> str:
    """`test: mean average precision 0.953, macro F1 0.910, exact match 71.3 % (107 of 150; 95 % interval …)`."""
    low, high = (100 * bound for bound in metrics["accuracy_interval"])
    counted, apart = counted_by(metrics), joined(["", *others_of(metrics)], "; ", "。")
    right = round(metrics["accuracy"] * metrics["n"])
    return t(
        f"{split}: mean average precision {metrics['mean_average_precision']:.3f}, macro F1 {metrics['macro_f1']:.3f}, "
        f"exact match {100 * metrics['accuracy']:.1f} % ({right:,} of {metrics['n']:,}; 95 % interval {low:.1f} "
        f"to {high:.1f} %{counted}); in random order the mean average precision is about {by_chance(metrics):.3f}"
        f"{apart}",
        f"{japanese(split)}：平均適合率の平均 {metrics['mean_average_precision']:.3f}、"
        f"マクロ F1 {metrics['macro_f1']:.3f}、完全一致率 {100 * metrics['accuracy']:.1f}%"
        f"（{metrics['n']:,} 枚中 {right:,} 枚、95% 信頼区間 {low:.1f}〜{high:.1f}%{counted.ja}）。"
        f"無作為な順序での平均適合率の平均は約 {by_chance(metrics):.3f}{apart.ja}",
    )


def headline(metrics: Mapping[str, Any]) -> str:
    """Return the figures of the test split as a sentence."""
    figures = describe(t("On the test split", "テストデータでの結果"), metrics)
    return t(f"{figures}.", f"{figures.ja}です。")


def warnings(metrics: Mapping[str, Any]) -> list[str]:
    """Say in words where nothing was learned, and which classes are never found."""
    told = []
    if metrics["mean_average_precision"] <= by_chance(metrics):
        told.append(
            t(
                "This is no better than a random order: nothing was learned that helps.",
                "無作為な順序を上回っていません。有用な学習ができていません。",
            )
        )
    if never := [name for name, entry in metrics["per_class"].items() if entry["support"] and not entry["recall"]]:
        told.append(never_found(never))
    return told


def baseline(metrics: Mapping[str, Any]) -> None:
    """Return nothing: of several labels no single one is an answer."""


def accuracy_note(images: int) -> str:
    """Say what accuracy is here."""
    return (
        f"Exact match is the share of the {images:,} validation images whose every label is right, by thresholds that "
        "suit them; that of an epoch goes by thresholds of 0.5."
    )


def per_class_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a class, under `HEADER`."""
    return class_rows(metrics, ("threshold", "precision", "recall", "f1", "average_precision"))


def print_report(split: str, metrics: Mapping[str, Any]) -> None:
    """Print a split's figures and its per-class table."""
    console.print(describe(split, metrics))
    console.class_table("", HEADER, per_class_rows(metrics), HEADER.index("F1"), "the lowest F1")
    for sentence in warnings(metrics):
        console.print(sentence)


def write(
    folder: Path, dataset: Dataset, evaluations: Mapping[str, Evaluation], language: str = "en"
) -> dict[str, Any]:
    """Write a table of the test split and its surest mistakes; return the thresholds, by which predictions go on."""
    from study.tasks import figures

    names, test = dataset.class_names, evaluations["test"]
    info = {"class_names": names, "thresholds": test.metrics["thresholds"]}
    rows = [row for row in dataset.entries if row.split == "test"]
    lines = [[row.path, row.label, *cells(scores, info)] for row, scores in zip(rows, test.predictions, strict=True)]
    output.write_csv(folder / "predictions.csv", ["path", "label", *columns(names)], guarded(lines))
    wrong = mistakes(dataset, test.predictions, test.metrics["thresholds"])
    worst = [entry | {"pixels": dataset.images.pixels[[entry["row"]]][0]} for entry in wrong[:WORST]]
    figures.mistakes(worst, len(wrong), folder / "mistakes.png", language)
    return {"thresholds": test.metrics["thresholds"]}


def mistakes(dataset: Dataset, probabilities: np.ndarray, thresholds: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the test images with a wrong label, the surest first: by how far a probability is on the wrong side.

    `farthest` is the label whose that is, and `probability` its own.
    """
    names, wrong, none = dataset.class_names, [], distinct("none", dataset.class_names)
    test_indices = [i for i, row in enumerate(dataset.entries) if row.split == "test"]
    limits = np.array([thresholds[name] for name in names])
    for i, shares in zip(test_indices, probabilities, strict=True):
        decided = decide(shares, names, thresholds)
        row = dataset.entries[i]
        true = np.isin(names, split_labels(row.label))
        if (decided != true).any():
            apart = np.where(decided != true, np.abs(shares - limits), -1)
            farthest = int(apart.argmax())
            predicted = join_labels(np.array(names)[decided].tolist()) or none
            entry = {"path": row.path, "label": row.label or none, "predicted": predicted}
            entry |= {"farthest": names[farthest], "probability": float(shares[farthest])}
            wrong.append(entry | {"apart": float(apart[farthest]), "row": i})
    return sorted(wrong, key=lambda entry: -entry["apart"])


def sections(folder: Path, metrics: Mapping[str, Any]) -> list[Block]:
    """Return what the report shows of the test split."""
    return [
        Table(HEADER, per_class_rows(metrics)),
        Text(
            t(
                "A class is predicted from its threshold on, the one with the greatest F1 on validation. Average "
                "precision needs no threshold: the mean precision over all of them. The accuracy of an epoch, in the "
                "curves and in history.csv, is exact match by thresholds of 0.5.",
                "確率がしきい値以上のクラスを予測とします。しきい値は検証データで F1 が最大になる値です。"
                "平均適合率はしきい値によらず、すべてのしきい値にわたる適合率の平均です。"
                "エポックごとの正解率（学習曲線と history.csv）は、しきい値を 0.5 としたときの完全一致率です。",
            ),
            "note",
        ),
        Heading(t("Mistakes", "誤り")),
        Figure(
            (folder / "mistakes.png").read_bytes(),
            t(
                "The surest mistakes of the test split, each with the label that is farthest on the wrong side of its "
                "threshold, and its probability",
                "テストデータで確信度が最も高い誤り（しきい値から誤った側へ最も離れたラベルと、その確率を添えています）",
            ),
        ),
    ]


# ---- predicting by a saved run ---------------------------------------------------------------------------------------


def measure(
    entries: Sequence[SplitEntry],
    probabilities: np.ndarray,
    info: Mapping[str, Any],
    units: np.ndarray | None = None,
    seen: np.ndarray | None = None,
) -> dict[str, Any]:
    """Return the metrics of predictions by a saved run for entries of its split."""
    names = list(info["class_names"])
    truth = np.array([np.isin(names, split_labels(entry.label)) for entry in entries])
    return measure_labels(truth, probabilities, names, info["thresholds"], units, seen)


def describe_prediction(probabilities: np.ndarray, info: Mapping[str, Any]) -> str:
    """`cat 0.98, spotted 0.71`: the classes above their threshold, the likeliest first; `none`."""
    names = info["class_names"]
    predicted = decide(probabilities, names, info["thresholds"])
    order = [i for i in np.argsort(-probabilities, kind="stable").tolist() if predicted[i]]
    return ", ".join(f"{names[i]} {significant(float(probabilities[i]), 4)}" for i in order) or t(
        distinct("none", names), "なし"
    )


def columns(names: Sequence[str]) -> list[str]:
    """Return `predicted,p_<class>…`."""
    return ["predicted", *(f"p_{name}" for name in names)]


def predicted_label(probabilities: np.ndarray, info: Mapping[str, Any]) -> str:
    """Return the classes of one image, float32 (classes,), that are above their thresholds: `cat|spotted`."""
    names = info["class_names"]
    decided = decide(probabilities, names, info["thresholds"])
    return join_labels(name for name, above in zip(names, decided, strict=True) if above)


def cells(probabilities: np.ndarray, info: Mapping[str, Any]) -> list[str]:
    """Return what stands in these columns for one image."""
    limits = [info["thresholds"][name] for name in info["class_names"]]
    written = map(on_its_side, probabilities.tolist(), limits)
    return [predicted_label(probabilities, info), *written]


def on_its_side(share: float, threshold: float) -> str:
    """Return a share as `significant` does, with more places where these would put it on the threshold's other side."""
    places = 6
    while (float(significant(share, places)) >= threshold) != (share >= threshold):
        places += 1
    return significant(share, places)
