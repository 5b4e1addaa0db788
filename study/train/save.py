"""Write down a finished training: all files of its run folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import keras

from data.batches import iterations
from data.csv_table import guarded
from data.split import write_split
from study import tasks
from study.confidence import known
from study.confidence.calibration import Temperature
from study.confidence.known import Known
from study.fit.outcome import Outcome
from study.inference import openvino_ir
from study.inference.engine import EngineChoice
from study.inference.frozen import FrozenBackbone
from study.runs import folder as run_folder
from study.runs import members, report
from study.runs.answers import Answers
from study.runs.folder import Run
from study.runs.report import Asked
from study.runtime import console, environment, output
from study.settings.resolve import as_json, size_of
from study.tasks.contract import Evaluation
from study.train import crop, crossval, repeat, suggest
from study.train import figures as train_figures
from study.train.embed import feature_spec
from study.train.export import export
from study.train.judge import calibration_of
from study.train.plan import class_balance, stage_images
from study.train.prepare import Prepared


@dataclass(frozen=True)
class Evaluated:
    """What a training is worth.

    `evaluations`: of "val" and "test". `frozen`: the backbone, where it is run by itself, or the classifier with a
    second output. `judged`: what later answers are judged by, and what `run.json` says of it. `temperature`: that the
    probabilities are calibrated by. `shown`: the answers that the report shows.
    """

    evaluations: Mapping[str, Evaluation]
    frozen: FrozenBackbone | None = None
    judged: tuple[Known, dict[str, Any]] | None = None
    temperature: Temperature | None = None
    shown: Answers | None = None

    def metrics(self) -> dict[str, Mapping[str, Any]]:
        """Return what `metrics.json` says of each split."""
        return {split: entry.metrics for split, entry in self.evaluations.items()}


@dataclass(frozen=True)
class Members:
    """What a run folder tells of the members of an ensemble.

    `method`: how they were made. `info`: what `run.json` has of its own, `ensemble` among it.
    `history`: a row for each member, in place of a row an epoch. `asked`: how it was asked for, and how to repeat it.
    """

    method: str
    info: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    asked: Asked


@dataclass(frozen=True)
class Record:
    """All that a run folder tells beside the model.

    `prepared`: what it began with. `outcomes`: one for each of its stages. `evaluated`: what they are worth.
    `seconds`: name of a step -> what it took. `engine`: of the backbone, where it never learned. `crossval`: what
    predictions out of fold say, where they are there already. `asked`: flags that were given. `members`: of an
    ensemble, what they are.
    """

    prepared: Prepared
    outcomes: Sequence[Outcome]
    evaluated: Evaluated
    seconds: Mapping[str, float]
    command: str
    engine: EngineChoice | None = None
    same_scene: Mapping[str, int] | None = None
    crossval: Mapping[str, Any] | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    members: Members | None = None

    def history(self) -> list[dict[str, Any]]:
        """Return a row for each epoch of all stages; of an ensemble, for each member."""
        if self.members:
            return list(self.members.history)
        return [row for outcome in self.outcomes for row in outcome.history]


def write_run(classifier: keras.Model, record: Record) -> Run:
    """Write the run folder and return it. Raise UserError where the disk is full; nothing is left then."""
    settings, dataset, evaluated = record.prepared.settings, record.prepared.dataset, record.evaluated
    info, language, examples = describe(record), settings.run.language, record.prepared.pixels

    def write(folder: Path) -> None:
        # A fresh model of the same layers has no optimizer, which is no part of the answer and twice its size.
        keras.Model(classifier.inputs, classifier.outputs, name=classifier.name).save(folder / "model.keras")
        info["openvino_difference"] = export(
            classifier,
            evaluated.frozen,
            examples,
            feature_spec(settings),
            folder,
            evaluated.judged is not None,
            evaluated.evaluations["val"].predictions,
        )
        if evaluated.judged:
            known.write(folder, evaluated.judged[0])
            info["verdicts"] = evaluated.judged[1]
        if "crop" in info:
            crop.write(folder, settings, dataset, info["crop"])
        info["files"] = run_folder.hashes(folder, ("model.keras", *openvino_ir.FILES, known.FILE, crop.FILE))
        info.update(tasks.get(settings.task.name).write(folder, dataset, evaluated.evaluations, language))
        if evaluated.temperature:
            truth = examples.labels[examples.indices["test"]]
            info["calibration"] = calibration_of(evaluated.temperature, evaluated.evaluations["test"], truth)
            train_figures.reliability(info["calibration"]["test"]["bins"], folder / "reliability.png", language)
        write_split(folder / "split.csv", dataset.entries, dataset.units)
        if settings.data.labels:
            (folder / "labels.csv").write_text(dataset.label_text, encoding="utf-8", newline="")
        history = record.history()
        columns = list(dict.fromkeys(name for row in history for name in row))
        output.write_csv(folder / "history.csv", columns, [[row.get(name, "") for name in columns] for row in history])
        if record.members:
            train_figures.members(history, folder / "curves.png")
            output.write_csv(folder / members.FILE, members.HEADER, guarded(members.rows(info["ensemble"])))
        else:
            train_figures.curves(history, record.outcomes[-1].kept_epoch, folder / "curves.png", language)
        write_results(folder, record, info, evaluated.metrics(), record.crossval)

    with console.bar("write the run folder", 1):
        name = f"{info['model']}-{record.members.method}" if record.members else info["model"]
        return Run(output.save_run(Path(settings.run.runs), name, write), info)


def write_results(
    folder: Path,
    record: Record,
    info: Mapping[str, Any],
    results: Mapping[str, Any],
    out_of_fold: Mapping[str, Any] | None,
) -> None:
    """Write `run.json`, `metrics.json` and the report, which tell of predictions out of fold where there are such."""
    if out_of_fold:
        info = {**info, "crossval": crossval.short(out_of_fold)}
        results = {**results, "crossval": out_of_fold}
    output.write_json(folder / "run.json", info)
    output.write_json(folder / "metrics.json", results)
    settings, dataset = record.prepared.settings, record.prepared.dataset
    commands = suggest.commands(settings, record.asked, dataset)
    if info["model"] != settings.run.model:  # several: no one command trains or divides for them
        commands = replace(commands, crossval="", longer="", unweighted="")
    asked = record.members.asked if record.members else repeat.asked(record.asked, settings)
    report.write(folder, info, results, record.history(), commands, asked, record.evaluated.shown)


def add_crossval(run: Path, record: Record, out_of_fold: Mapping[str, Any]) -> None:
    """Tell of predictions out of fold in a run folder that is complete without them."""
    info, results = (json.loads((run / name).read_text(encoding="utf-8")) for name in ("run.json", "metrics.json"))
    write_results(run, record, info, results, out_of_fold)


def describe(record: Record) -> dict[str, Any]:
    """Return the content of `run.json`."""
    prepared, settings, dataset = record.prepared, record.prepared.settings, record.prepared.dataset
    return {
        "schema": run_folder.SCHEMA,
        "model": settings.run.model,
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": record.command,
        "settings": as_json(settings),
        "learning": {"type": prepared.choice.learning, "reason": prepared.choice.reason},
        "stages": stages_as_json(record),
        "task": settings.task.name,
        "class_names": list(prepared.outputs),
        **run_folder.sizes_as_json(size_of(settings)),
        "resize": settings.data.resize,
        "pixel_range": {kind: list(ends) for kind, ends in dataset.images.ranges.items()},
        "classes": class_balance(prepared),
        "data": data_as_json(record),
        **({"crop": crop.describe(settings, dataset)} if dataset.images.boxes else {}),
        "engine": asdict(record.engine) if record.engine else None,
        "seconds": {name: round(value, 2) for name, value in record.seconds.items()},
        **environment.machine(),
        **(record.members.info if record.members else {}),
    }


def stages_as_json(record: Record) -> list[dict[str, Any]]:
    """Return what `run.json` says of each stage: how it was to learn, and what came of it."""
    settings, train_images = record.prepared.settings, record.prepared.dataset.sizes()["train"]
    stages = []
    for stage, outcome in zip(record.prepared.stages, record.outcomes, strict=True):
        images, history = stage_images(stage, settings, train_images), outcome.history
        stages.append(
            {
                **asdict(stage),
                "images": images,
                "iterations": iterations(images, stage.batch_size),
                "epochs_run": len(history),
                "kept_epoch": outcome.kept_epoch,
                "ended": outcome.ended,
                "precision": asdict(outcome.precision) if outcome.precision else None,
                "images_per_second": round(images * len(history) / sum(row["seconds"] for row in history)),
            }
        )
    return stages


def data_as_json(record: Record) -> dict[str, Any]:
    """Return what `run.json` says of the images."""
    dataset, masks = record.prepared.dataset, record.prepared.dataset.masks_folder
    return {
        "folder": str(dataset.root.resolve()),
        "drawn": dataset.synthetic,
        **({"table": str(dataset.table.resolve())} if dataset.table else {}),
        "masks": str(masks.resolve()) if masks else None,
        "ready_made": dataset.images.records[0].split is not None,  # its folders say which split an image is in
        "images": len(dataset.entries),
        "counts": dataset.counts(),
        "fingerprint": dataset.fingerprint(),
        "copies": asdict(dataset.duplicates),
        "same_scene": record.same_scene,
        "held_out_but_learned_before": record.prepared.contaminated,
        "fixes": dataset.fixed.counts() if dataset.fixed else None,
        "left_out": [{"path": entry.name, "reason": entry.reason} for entry in dataset.skipped],
    }
