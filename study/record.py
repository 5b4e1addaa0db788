"""Write down a finished training: all files of its run folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np

from data import split
from study import artifact, engine, evaluate, ir, plots, precedence, report, screen, segment_record, tasks
from study.annotations import masks_folder
from study.course import iterations
from study.dataset import Dataset
from study.embed import embed_traced
from study.fit import Outcome
from study.plan import class_doses, stage_images
from study.prepare import Prepared
from study.segment import Judged

WORST = 20  # mistakes that are shown
MOST_DIFFERENCE = 0.001  # of a probability; rounding alone comes to about 0.00001
COMPARED = 32  # pictures on which OpenVINO is compared with Keras: all would take as long as the rest of a warm run


@dataclass(frozen=True)
class Record:
    """All that a run folder tells beside the model.

    `prepared`: what it began with. `outcomes`: one for each of its stages. `results`: metrics of "val" and "test".
    `probabilities`: of the same, float32 (n, classes); of `--task segment` what `segment.judge` returned.
    `seconds`: name of a step -> what it took. `engine`, `frozen`: of the backbone, where it never learned.
    """

    prepared: Prepared
    outcomes: Sequence[Outcome]
    results: Mapping[str, Any]
    probabilities: Mapping[str, np.ndarray] | Mapping[str, Judged]
    seconds: Mapping[str, float]
    command: str
    engine: engine.Choice | None = None
    frozen: engine.Frozen | None = None


def write_run(classifier: keras.Model, record: Record) -> Path:
    """Write the run folder and return its path. Raise UserError where the disk is full; nothing is left then."""

    settings, dataset = record.prepared.settings, record.prepared.dataset

    def write(folder: Path) -> None:
        info = describe(record)
        # A fresh model of the same layers has no optimizer, which is no part of the answer and twice its size.
        keras.Model(classifier.inputs, classifier.outputs, name=classifier.name).save(folder / "model.keras")
        info["openvino_difference"] = export(classifier, record, folder)
        artifact.write_json(folder / "run.json", info)
        artifact.write_json(folder / "metrics.json", record.results)
        split.write(folder / "split.csv", dataset.rows)
        if settings.labels:
            (folder / "labels.csv").write_text(dataset.label_text, encoding="utf-8", newline="")
        history = [row for outcome in record.outcomes for row in outcome.history]
        columns = list(dict.fromkeys(name for row in history for name in row))
        artifact.write_csv(
            folder / "history.csv", columns, [[row.get(name, "") for name in columns] for row in history]
        )
        plots.curves(history, record.outcomes[-1].kept_epoch, folder / "curves.png")
        if settings.task == "segment":
            segment_record.write_answers(folder, record)
        else:
            write_answers(folder, record)
        report.write(folder, info, record.results)

    with screen.bar("write the run folder", 1):
        return artifact.save_run(Path(settings.runs), settings.model, write)


def write_answers(folder: Path, record: Record) -> None:
    """Write what was answered for the test part: a table, the confusion matrix and the worst mistakes."""
    dataset, test = record.prepared.dataset, record.results["test"]
    write_predictions(folder / "predictions.csv", dataset, record.probabilities["test"])
    plots.confusion(
        test["confusion"], dataset.class_names, f"Test part, {test['n']:,} images", folder / "confusion.png"
    )
    wrong = mistakes(dataset, record.probabilities["test"])
    worst = [entry | {"pixels": dataset.pictures.pixels[[entry["row"]]][0]} for entry in wrong[:WORST]]
    plots.mistakes(worst, len(wrong), folder / "mistakes.png")


def export(classifier: keras.Model, record: Record, folder: Path) -> dict[str, float] | None:
    """Write the network for OpenVINO too, which answers without TensorFlow's start.

    Returns:
        The greatest difference of its probabilities to those of Keras, over how many pictures of the validation part;
        None where OpenVINO is missing.
    """
    if not ir.available():
        return None
    examples = record.prepared.dataset.examples()
    rows = examples.rows["val"][:COMPARED]
    pixels = examples.inputs[rows]
    if record.frozen:
        head = ir.trace(classifier.layers[-1])
        network = ir.join(record.frozen.converted, ir.convert(head))
        expected = ir.run_traced(head, embed_traced(record.frozen, examples, rows, record.prepared.settings))
    else:
        traced = ir.trace(classifier)
        network = ir.take_bytes(ir.convert(traced))
        expected = ir.run_traced(traced, pixels)
    ir.save(network, folder)
    greatest = float(np.abs(ir.load(folder)(pixels) - expected).max())
    if greatest > MOST_DIFFERENCE:
        screen.say(f"OpenVINO's probabilities differ from Keras' by up to {greatest:.2g}: predict will use Keras")
        for name in ir.FILES:
            (folder / name).unlink()
    return {"greatest": greatest, "images": len(pixels)}


def describe(record: Record) -> dict[str, Any]:
    """Return the content of `run.json`."""
    prepared, settings, dataset = record.prepared, record.prepared.settings, record.prepared.dataset
    counts = dataset.counts()
    train_images, masks = sum(counts["train"].values()), masks_folder(dataset.root, settings)
    stages = []
    for stage, outcome in zip(prepared.stages, record.outcomes, strict=True):
        images = stage_images(stage, settings, train_images)
        stages.append(
            asdict(stage)
            | {"images": images, "iterations": iterations(images, stage.batch_size)}
            | {"epochs_run": len(outcome.history), "kept_epoch": outcome.kept_epoch, "ended": outcome.ended}
            | {"precision": asdict(outcome.precision) if outcome.precision else None}
            | {
                "images_per_second": round(
                    images * len(outcome.history) / sum(row["seconds"] for row in outcome.history)
                )
            }
        )
    return {
        "schema": artifact.SCHEMA,
        "model": settings.model,
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": record.command,
        "settings": precedence.as_json(settings),
        "learning": {"type": prepared.choice.learning, "reason": prepared.choice.reason},
        "stages": stages,
        "task": settings.task,
        "class_names": list(tasks.output_names(settings.task, dataset.class_names)),
        "image_size": settings.image_size,
        "resize": settings.resize,
        "classes": class_doses(settings, dataset, prepared.class_weight),
        "data": {
            "folder": str(dataset.root.resolve()),
            "drawn": dataset.drawn,
            "masks": str(masks.resolve()) if masks else None,
            "ready_made": dataset.pictures.images[0].part is not None,  # its folders say which part a picture is of
            "images": len(dataset.rows),
            "counts": counts,
            "fingerprint": dataset.fingerprint(),
            "copies": asdict(dataset.copies),
            "held_out_but_learned_before": prepared.learned_before,
            "left_out": [{"path": entry.name, "reason": entry.reason} for entry in dataset.skipped],
        },
        "engine": asdict(record.engine) if record.engine else None,
        "seconds": {name: round(value, 2) for name, value in record.seconds.items()},
        **artifact.machine(),
    }


def answers_of(dataset: Dataset, probabilities: np.ndarray) -> Iterator[tuple[int, str, float, np.ndarray]]:
    """Yield of each picture of the test part its row in the data set, the answer, how sure it is, and all (classes,).

    `probabilities`: of the test part, float32 (n, classes).
    """
    rows = [i for i, row in enumerate(dataset.rows) if row.part == "test"]
    for i, shares in zip(rows, probabilities, strict=True):
        yield i, *evaluate.best(dataset.class_names, shares), shares


def write_predictions(path: Path, dataset: Dataset, probabilities: np.ndarray) -> None:
    """Write `path,label,predicted,probability,p_<class>…` for the test part."""
    rows = dataset.rows
    lines = []
    for i, label, probability, shares in answers_of(dataset, probabilities):
        lines.append([rows[i].path, rows[i].label, label, f"{probability:.6f}", *(f"{share:.6f}" for share in shares)])
    header = ["path", "label", "predicted", "probability", *(f"p_{name}" for name in dataset.class_names)]
    artifact.write_csv(path, header, lines)


def mistakes(dataset: Dataset, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """Return the wrong answers on the test part, the surest first, each with its row in the data set."""
    rows, wrong = dataset.rows, []
    for i, label, probability, _ in answers_of(dataset, probabilities):
        if label != rows[i].label:
            entry = {"path": rows[i].path, "label": rows[i].label, "predicted": label, "probability": probability}
            wrong.append(entry | {"row": i})
    return sorted(wrong, key=lambda entry: -entry["probability"])
