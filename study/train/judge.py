"""After a training: what its run keeps to judge its later answers by, and what that is worth on validation and test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from data.batches import Examples
from study.confidence import calibration, neighbours, selective
from study.confidence.calibration import OUT_OF_FOLD, VALIDATION, Temperature
from study.confidence.known import Known
from study.inference import channel_statistics
from study.inference.engine import engine_for
from study.inference.features import embed_some
from study.inference.frozen import FrozenBackbone
from study.tasks.contract import Evaluation, Task
from study.train.calibrate import HeldOutAnswers

LOSSES = {VALIDATION: "loss_on_validation", OUT_OF_FOLD: "loss_out_of_fold"}  # of the images a temperature is fitted on


def evaluate_calibrated(
    task: Task,
    classifier: keras.Model,
    model: keras.Model,
    examples: Examples,
    outputs: Sequence[str],
    val: Evaluation,
    temperature: Temperature | None,
) -> dict[str, Evaluation]:
    """Put the temperature into the head, evaluate validation anew where that changes it, then test, once.

    Args:
        task: of the classifier.
        classifier: pixels -> probabilities.
        model: it, or its head alone.
        examples: what `model` takes.
        outputs: names of what it tells apart.
        val: evaluation of validation without a temperature.
        temperature: None of a task without verdicts.

    Returns:
        Evaluations of "val" and "test".
    """
    if temperature and temperature.value != 1:
        apply_temperature(classifier, temperature.value)
        val = task.evaluate(model, examples, outputs, "val")
    return {"val": val, "test": task.evaluate(model, examples, outputs, "test", val)}


def backbone_of(classifier: keras.Model) -> keras.Model:
    """Return the network that gives the features which the head takes."""
    _, backbone, _ = classifier.layers
    return backbone


def rows_by_split(pixels: Examples, seed: int) -> dict[str, np.ndarray]:
    """Return the rows of some training images, drawn by `seed`, and of all of validation and test."""
    rows = dict(pixels.indices)
    rows["train"] = rows["train"][neighbours.sample(pixels.labels[rows["train"]], neighbours.MOST, seed)]
    return rows


def features_by_split(
    rows: Mapping[str, np.ndarray],
    pixels: Examples,
    features: Examples | None,
    frozen: FrozenBackbone,
    layers: Sequence[str] = (),
) -> dict[str, np.ndarray]:
    """Return the features of the rows of each split: float32 (images, features).

    Args:
        rows: split -> rows.
        pixels: the images.
        features: theirs, where the backbone never learned; else they are computed.
        frozen: the backbone as it is now; with layers, the classifier with the statistics of these.
        layers: whose channel statistics are taken in place of the backbone's features.
    """
    if features is not None:
        return {split: np.asarray(features.inputs[of_split]) for split, of_split in rows.items()}
    run = channel_statistics.runner(frozen) if layers else frozen.runner(engine_for(frozen)[0], "float32")
    return {split: embed_some(run, pixels, of_split, f"embed {split}") for split, of_split in rows.items()}


def judge(
    features: Mapping[str, np.ndarray],
    evaluations: Mapping[str, Evaluation],
    truth: Mapping[str, np.ndarray],
    units: Sequence[str],
    answers: HeldOutAnswers | None = None,
    layers: Sequence[str] = (),
) -> tuple[Known, dict[str, Any]] | None:
    """Return what is kept to judge answers by, and what `run.json` says of it.

    None where the training images are one, or all belong together.

    Args:
        features: split -> features of its images; of "train", of some.
        evaluations: of "val" and "test".
        truth: split -> class indices.
        units: of those training images, names of what belongs together: near duplicates, the images of a group.
        answers: out of fold, by which the threshold is chosen in place of validation.
        layers: whose channel statistics the features are; none: they are the backbone's own.
    """
    known = neighbours.directions(features["train"]).astype(np.float16).astype(np.float32)  # as they are read again
    of_known = neighbours.leave_one_out(known, np.unique(units, return_inverse=True)[1])
    if not len(of_known):
        return None
    limit = neighbours.limit(of_known, neighbours.FALSE_ALARMS)
    far = {split: neighbours.distances(features[split], known) for split in ("val", "test")}
    largest = {split: evaluations[split].predictions.max(axis=1) for split in far}
    right = {split: evaluations[split].predictions.argmax(axis=1) == truth[split] for split in far}
    kept = Known(known, limit, largest["val"], right["val"], far["val"])
    if answers:
        right_of = answers.probabilities.argmax(axis=1) == answers.labels
        kept = Known(known, limit, answers.probabilities.max(axis=1), right_of, answers.distance, answers.what)
    unlike = {
        "neighbours": neighbours.NEIGHBOURS,
        "known": len(known),
        "limit": limit,
        "layers": list(layers),
        "false_alarm_rate": neighbours.FALSE_ALARMS,
        "called_unlike": {split: float((distance > limit).mean()) for split, distance in far.items()},
    }
    return kept, {"unlike": unlike, "unsure": answered(kept, largest["test"], right["test"], far["test"])}


def answered(known: Known, probability: np.ndarray, right: np.ndarray, distance: np.ndarray) -> dict[str, Any]:
    """Return the threshold of the default rate, and what it comes to on test: share answered, and of these right."""
    threshold = known.threshold(selective.RIGHT)
    given = (distance <= known.limit) & (probability >= (2 if threshold is None else threshold))
    return {
        "right": selective.RIGHT,
        "threshold": threshold,
        "images": int(known.alike.sum()),  # by which the threshold is chosen
        "out_of_fold": known.what == OUT_OF_FOLD,
        "test": {
            "images": len(right),
            "answered": int(given.sum()),
            "right": int((given & right).sum()),
        },
    }


def apply_temperature(classifier: keras.Model, temperature: float) -> None:
    """Divide the scores before softmax, in the head itself: whoever runs the network gets calibrated probabilities."""
    layer = classifier.layers[-1].get_layer("probabilities")
    for weight in layer.weights:
        weight.assign(weight / temperature)


def calibration_of(temperature: Temperature, test: Evaluation, truth: np.ndarray) -> dict[str, Any]:
    """Return what `run.json` says of the calibration: temperature, and on test the error, its noise floor and bins."""
    probability, right = test.predictions.max(axis=1), test.predictions.argmax(axis=1) == truth
    return {
        "temperature": temperature.value,
        "reason": temperature.reason,
        "images": temperature.images,
        LOSSES[temperature.what]: {"before": temperature.before, "after": temperature.after},
        "test": {
            "error": calibration.calibration_error(probability, right),
            "noise_floor": calibration.noise_floor(probability),
            "bins": calibration.reliability(probability, right),
        },
    }


def truth_of(pixels: Examples, splits: Sequence[str] = ("val", "test")) -> dict[str, np.ndarray]:
    """Return split -> class indices."""
    return {split: pixels.labels[pixels.indices[split]] for split in splits}
