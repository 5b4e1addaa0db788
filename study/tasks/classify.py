"""One class for every image: accuracy with its interval, and precision, recall and F1 of every class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.batches import Examples, eval_batches, iterations
from data.csv_table import guarded
from data.numpy_batches import cut, gather
from data.split import assign  # noqa: F401 - of the contract
from study.pages.blocks import Block, Table
from study.pages.language import t
from study.runtime import console, hardware, output
from study.runtime.backend import user_errors
from study.runtime.format import shares_apart, significant
from study.tasks import crossentropy, intervals, scores
from study.tasks.contract import Evaluation
from study.tasks.sentences import baseline, describe, headline, warnings  # noqa: F401 - of the contract

if TYPE_CHECKING:
    import keras

    from data.dataset import Dataset
    from data.split import SplitEntry

MODEL = "original"
PER_PIXEL = False
ACCURACY = SCORE = SCORE_NAME = "accuracy"
MACRO_F1 = "macro F1"
VERDICTS = True
SEVERAL_LABELS = False
MIN_CLASSES = 2
ACTIVATION = "softmax"
LEARNING = ("scratch", "transfer", "finetune")
LOSSES = ("crossentropy", "focal", "dice", "crossentropy+dice")
FIXED: dict[str, Any] = {}

EVAL_BATCH = 64
WORST = 20  # mistakes that are shown
CONFUSED = 10  # pairs of classes that are named where the whole matrix would not fit
MAX_IN_A_MATRIX = 30  # classes
HEADER = (t("class", "クラス"), t("precision", "適合率"), t("recall", "再現率"), "F1", t("images", "画像数"))


def outputs(class_names: Sequence[str]) -> tuple[str, ...]:
    """Return the classes."""
    return tuple(class_names)


def metrics(num_outputs: int) -> list[Any]:
    """Return what is reported of every epoch: accuracy, and cross-entropy whatever the loss, without smoothing."""
    return ["accuracy", crossentropy.metric()]


def evaluate(
    model: keras.Model, examples: Examples, outputs: Sequence[str], split: str, val: Evaluation | None = None
) -> Evaluation:
    """Predict for a split and compare with its labels."""
    indices = examples.indices[split]
    probabilities = predict(model, examples, indices, f"evaluate {split}")
    together = examples.units_of(split), examples.seen_of(split)
    metrics = measure_probabilities(examples.labels[indices], probabilities, outputs, *together)
    return Evaluation(probabilities, metrics)


def measure_probabilities(
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    units: np.ndarray | None = None,
    seen: np.ndarray | None = None,
) -> dict[str, Any]:
    """Compare labels, int (n,), with probabilities, float (n, classes); `units` and `seen` as `intervals.measure`.

    Returns:
        `n`, `accuracy`, `accuracy_interval` (Wilson, 95 %), `loss` (cross-entropy), `per_class` with `precision`,
        `recall`, `f1`, `support`, the first three None for a class without an image; `macro_f1`, the mean over the
        classes that are there or were called; and `confusion`
        (rows true, columns predicted, in class order). Where the images fall into fewer units, `units` says into how
        many, here and of each class; where some are seen, `seen` says what the others come to.
    """
    predicted = probabilities.argmax(axis=1)
    confusion = scores.confusion(labels, predicted, len(class_names))
    of_classes = scores.precision_recall_f1(confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1))
    names, (_, _, f1, _) = ("precision", "recall", "f1", "support"), of_classes
    per_class = [
        dict(zip(names, values if values[-1] else (None, None, None, 0), strict=True))
        for values in zip(*(score.tolist() for score in of_classes), strict=True)
    ]
    counted = intervals.measure(predicted == labels, units, seen)
    for index in np.unique(labels).tolist() if "units" in counted else ():
        per_class[index]["units"] = len(np.unique(units[labels == index]))
    shares = probabilities / probabilities.sum(axis=1, keepdims=True, dtype=np.float64)  # 1 to the last digit
    return {
        "n": len(labels),
        **counted,
        "loss": crossentropy.mean(shares[np.arange(len(labels)), labels]),
        "per_class": dict(zip(class_names, per_class, strict=True)),
        "macro_f1": float(np.mean(f1[np.union1d(labels, predicted)])),
        "confusion": confusion.tolist(),
    }


def most_likely(names: Sequence[str], probabilities: np.ndarray) -> tuple[str, float]:
    """Return the likeliest class and its probability."""
    index = int(probabilities.argmax())
    return names[index], float(probabilities[index])


def per_class_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a class: name, precision, recall, F1, support."""
    return scores.class_rows(result, ("precision", "recall", "f1"))


def most_confused(names: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[tuple[str, str, int]]:
    """Return the largest counts beside the diagonal, as (true, predicted, images)."""
    counts = np.array(confusion) * (1 - np.eye(len(names), dtype=int))
    order = np.argsort(-counts, axis=None, kind="stable")[:CONFUSED]
    pairs = [(names[i // len(names)], names[i % len(names)], int(counts.flat[i])) for i in order.tolist()]
    return [entry for entry in pairs if entry[2]]


def print_report(split: str, result: Mapping[str, Any]) -> None:
    """Print a split's accuracy line, its per-class table and its confusion matrix."""
    console.print(describe(split, result))
    console.class_table("", HEADER, per_class_rows(result), HEADER.index("F1"), "the lowest F1")
    names = list(result["per_class"])
    rows = [[name, *row] for name, row in zip(names, result["confusion"], strict=True)]
    if len(names) <= MAX_IN_A_MATRIX and console.fits(("", *names), rows):
        console.table("", ("true \\ predicted", *names), rows)
    elif confused := most_confused(names, result["confusion"]):
        console.print(f"Of {len(names):,} classes, most often confused:")
        console.table("", ("true", "predicted", "images"), confused, left=2)
    for sentence in warnings(result):
        console.print(sentence)


def predict(model: keras.Model, examples: Examples, indices: np.ndarray, label: str) -> np.ndarray:
    """Run a model over some rows of the inputs, behind a progress bar: float32 (rows, outputs).

    A head is computed in NumPy: Keras' `predict` would trace it first, and on OpenVINO compute in bfloat16 where the
    processor can.
    """
    import keras

    steps, activation = iterations(len(indices), EVAL_BATCH), activation_of_head(model)
    with user_errors(), console.bar(label, steps) as advance:
        if activation:
            kernel, bias = model.get_weights()
            found = [np.empty((0, len(bias)), np.float32)]
            for rows in cut(indices, EVAL_BATCH):
                found.append(activation(np.asarray(examples.inputs[rows], np.float32) @ kernel + bias))
                advance()
            return np.concatenate(found)
        if hardware.tensorflow_available():
            subset = Examples(examples.inputs, examples.labels, {"": indices})
            batches = eval_batches(subset, "", EVAL_BATCH).map(lambda batch: batch["images"])
        else:
            batches = ((gather(examples, rows)["images"],) for rows in cut(indices, EVAL_BATCH))
        after_batch = keras.callbacks.LambdaCallback()
        after_batch.on_predict_batch_end = lambda batch, logs=None: advance()
        return model.predict(batches, verbose=0, steps=steps, callbacks=[after_batch])


def activation_of_head(model: keras.Model) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return what makes probabilities of the scores of dropout and one dense layer; None for any other network."""
    import keras

    kinds = [type(layer) for layer in model.layers]
    if kinds != [keras.layers.InputLayer, keras.layers.Dropout, keras.layers.Dense] or len(model.input_shape) != 2:
        return None
    return {"softmax": softmax, "sigmoid": sigmoid}.get(model.layers[-1].activation.__name__)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return shares of 1 along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e^-score); of a score far below 0 no power that float32 does not hold."""
    return np.exp(-np.logaddexp(0, -scores))


def accuracy_note(images: int) -> str:
    """Say what a point of accuracy is on so many validation images."""
    return f"One of the {images:,} validation images is {100 / images:.1f} points."


def write(
    folder: Path, dataset: Dataset, evaluations: Mapping[str, Evaluation], language: str = "en"
) -> dict[str, Any]:
    """Write what was predicted for the test split."""
    write_predictions(folder / "predictions.csv", dataset, evaluations["test"].predictions)
    return {}


def write_predictions(path: Path, dataset: Dataset, probabilities: np.ndarray) -> None:
    """Write `path,label,predicted,probability,p_<class>…` for the test split."""
    tested = [entry for entry in dataset.entries if entry.split == "test"]
    info = {"class_names": dataset.class_names}
    lines = ([row.path, row.label, *cells(shares, info)] for row, shares in zip(tested, probabilities, strict=True))
    output.write_csv(path, ["path", "label", *columns(dataset.class_names)], guarded(lines))


def answers(dataset: Dataset, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """Return what was answered on the test split, each with its row in the data set.

    `probabilities`: of the test split, float32 (n, classes).
    """
    tested = [(row, entry) for row, entry in enumerate(dataset.entries) if entry.split == "test"]
    found = []
    for (row, entry), shares in zip(tested, probabilities, strict=True):
        label, probability = most_likely(dataset.class_names, shares)
        one = {"path": entry.path, "label": entry.label, "predicted": label, "probability": probability, "row": row}
        found.append(one)
    return found


def mistakes(dataset: Dataset, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """Return the wrong answers on the test split, the surest first."""
    wrong = [entry for entry in answers(dataset, probabilities) if entry["predicted"] != entry["label"]]
    return sorted(wrong, key=lambda entry: -entry["probability"])


def least_sure(dataset: Dataset, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """Return the right answers on the test split, the least sure first."""
    right = [entry for entry in answers(dataset, probabilities) if entry["predicted"] == entry["label"]]
    return sorted(right, key=lambda entry: entry["probability"])


def sections(folder: Path, metrics: Mapping[str, Any]) -> list[Block]:
    """Return what the report shows of the test split beside its images."""
    return [Table(HEADER, per_class_rows(metrics))]


def measure(
    entries: Sequence[SplitEntry],
    probabilities: np.ndarray,
    info: Mapping[str, Any],
    units: np.ndarray | None = None,
    seen: np.ndarray | None = None,
) -> dict[str, Any]:
    """Return the metrics of predictions by a saved run for entries of its split."""
    names = list(info["class_names"])
    labels = np.array([names.index(entry.label) for entry in entries])
    return measure_probabilities(labels, probabilities, names, units, seen)


def describe_prediction(probabilities: np.ndarray, info: Mapping[str, Any]) -> str:
    """`dog  0.9987`."""
    label, probability = most_likely(info["class_names"], probabilities)
    return f"{label}  {significant(probability, 4)}"


def predicted_label(probabilities: np.ndarray, info: Mapping[str, Any]) -> str:
    """Return the likeliest class of one image, float32 (classes,)."""
    return most_likely(info["class_names"], probabilities)[0]


def columns(names: Sequence[str]) -> list[str]:
    """Return `predicted,probability,p_<class>…`."""
    return ["predicted", "probability", *(f"p_{name}" for name in names)]


def cells(probabilities: np.ndarray, info: Mapping[str, Any]) -> list[str]:
    """Return what stands in these columns for one image."""
    label, _ = most_likely(info["class_names"], probabilities)
    texts = shares_apart(probabilities.tolist(), 6)
    return [label, texts[info["class_names"].index(label)], *texts]
