"""What is inside a network, a new one or that of a run, as images and one page in a folder of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import models
from data.pixel_range import Ranges
from data.squares import Size
from errors import UserError
from study.inspect.source import NamedImage, Source, from_dataset, from_run, one_per_class, read_images
from study.pages.language import t
from study.runs import folder as run_folder
from study.runs.folder import Run
from study.runtime import backend, console, output
from study.runtime.result import Result
from study.settings import conflicts, declare, learning_type
from study.settings import stages as training_stages
from study.settings.as_command import as_command
from study.settings.commands import InspectSettings
from study.settings.optimization import OptimizationSettings
from study.settings.resolve import from_json, options_of, size_of
from study.settings.source import load_dataset, store_of
from study.settings.stages import Stage
from study.settings.train import FIELDS, TrainSettings

if TYPE_CHECKING:
    from study.inspect.collect import Inspection, Subject

MAX_ROWS = 20  # of the table in the terminal
TOLD = ("model", "network", "batch_size", "learning_rate", "losses", "layers", "grad_cam")  # of inspect.json
PRINTED = (0, 1, 3, 4, 5)  # columns of the table that have room on a narrow terminal


def inspect_new(settings: InspectSettings, training: TrainSettings, command: str) -> Result:
    """Look into a network as training would begin with it; write the page, print a table, return what was seen.

    Args:
        settings: of the command.
        training: how the network is made and fed, with the image size settled.
        command: as it was typed.

    Raises:
        UserError: something that the user can mend; nothing is left behind.
    """
    output.check_results(settings.inspects, training.data.folder, "--inspects")
    conflicts.check_installed(training)
    weights = learning_type.start_weights(
        training.run.model, models.get(training.run.model).SPEC.weights, "auto", training.learning.weights
    )
    dataset = load_dataset(training, store_of(training.data))
    source, ranges = from_dataset(dataset), dataset.images.ranges
    images = _images(settings, size_of(training), training.data.resize, ranges)
    backend.start(training.data.seed)
    from models.parts.weights import build_backbone
    from study.fit import whitening
    from study.fit.network import with_head
    from study.inspect.collect import Subject

    backbone = build_backbone(
        training.run.model, training.data.image_size, weights, options_of(training.network, training.regularization)
    )
    whole = with_head(backbone, training.network, training.regularization, len(source.class_names), "classify")
    random = weights == "none"
    if training.learning.first_layer == "pca":
        whitening.init_first_layer(backbone, source.indices["train"], source.take)
    what = "a new network, random weights" if random else f"a new head on a backbone with the weights {weights}"
    stage = _stage(training.optimization, "scratch" if random else "finetune")
    subject = Subject(training.run.model, what, whole, training, stage, random)
    return Result(_write(settings, subject, source, images, command))


def inspect_run(settings: InspectSettings, flags: Mapping[str, Any], command: str) -> Result:
    """Look into the network of a run, on the images it was trained with.

    Args:
        settings: of the command, with the run.
        flags: those of train that were given; a run takes none but the model's name.
        command: as it was typed.

    Raises:
        UserError: something that the user can mend; nothing is left behind.
    """
    run = _run_of(settings, flags)
    output.check_results(settings.inspects, run.info["data"]["folder"], "--inspects")
    images = _images(settings, run_folder.size_of(run), run.info["resize"], run.info.get("pixel_range"))
    source, trained = from_run(run), _settings_of(run)
    backend.start(trained.data.seed)
    from study.inspect.collect import Subject
    from study.runs.folder import load_classifier

    kind = run.info.get("learning", {}).get("type", "scratch")
    if kind == "transfer":  # its batch and rate were those of a head alone
        trained = trained.with_values(batch_size=None, learning_rate=None)
    stage = _stage(trained.optimization, "scratch" if kind == "scratch" else "finetune")
    what, temperature = f"the trained network of {run.folder}", run.info.get("calibration", {}).get("temperature", 1.0)
    subject = Subject(run.info["model"], what, load_classifier(run), trained, stage, False, temperature)
    values = {**_write(settings, subject, source, images, command), "run": run.folder}
    why = "how good it is, class by class, on its own test split"
    return Result(values, as_command("predict", {"run": run.folder}), why)


def explain_run(settings: InspectSettings, flags: Mapping[str, Any], command: str) -> Result:
    """Write a page on which a reader clicks through the network of a run; nothing is trained.

    Args:
        settings: of the command, with the run and the page.
        flags: those of train that were given; a run takes none but the model's name.
        command: as it was typed.

    Raises:
        UserError: something that the user can mend; nothing is written.
    """
    run, path = _run_of(settings, flags), output.writable_page(settings.page)
    if run.info.get("ensemble"):
        raise UserError(f"--page shows one network, and {run.folder} is an ensemble: give --run a run of train.")
    if "+" in run.info["model"]:
        raise UserError(
            f"--page shows one network, and {run.folder} joins several ({run.info['model']}): give --run a run of one."
        )
    images = _images(settings, run_folder.size_of(run), run.info["resize"], run.info.get("pixel_range"))
    images = images or one_per_class(from_run(run))
    backend.start()
    from study.inspect.explainer import explain
    from study.inspect.explainer_page import page, sentences
    from study.runs.folder import load_classifier

    content = explain(load_classifier(run), images, run.info["class_names"])
    what = t(f"the trained network of {run.folder}", f"{run.folder} の学習済みネットワーク")
    output.write_page(path, page(run.info["model"], what, content, command, settings.language))
    told = sentences(content, len(images))
    for sentence in told:
        console.print(sentence)
    console.print(f"look at {path}")
    values = dict.fromkeys(("folder", "json", *TOLD)) | {"page": path, "run": run.folder, "model": run.info["model"]}
    why = "how good it is, class by class, on its own test split"
    return Result({**values, "network": str(what), "sentences": told}, as_command("predict", {"run": run.folder}), why)


def _run_of(settings: InspectSettings, flags: Mapping[str, Any]) -> Run:
    """Return the run that is named. Raise UserError where it is none that can be looked into."""
    if others := [declare.flag(name) for name in flags if name != "model"]:
        raise UserError(f"--run brings its own network and images: leave {', '.join(others)} out, or --run.")
    run = run_folder.find_run(settings.run, settings.runs, flags.get("model"))
    if run.task != "classify":
        raise UserError(f"inspect is for classifiers, and {run.folder} is a run of --task {run.info['task']}.")
    if "crop" in run.info:
        raise UserError(f"inspect reads whole images, and {run.folder} learned cut ones (--crop-to): give another run.")
    return run


def _images(settings: InspectSettings, size: Size, rule: str, ranges: Ranges | None) -> list[NamedImage]:
    """Read the images that were named, if any."""
    return read_images(settings.paths, size, rule, ranges) if settings.paths else []


def _stage(optimization: OptimizationSettings, name: str) -> Stage:
    """Return batch and learning rate of the iterations: as training would have them."""
    rate = optimization.learning_rate or training_stages.LEARNING_RATE[optimization.optimizer][name]
    return Stage(name, 1, optimization.batch_size or training_stages.BATCH_SIZE[name], rate)


def _settings_of(run: Run) -> TrainSettings:
    """Return the settings of a run, those that this program knows."""
    kept = {name: value for name, value in run.info.get("settings", {}).items() if name in FIELDS}
    return from_json(kept, run.folder / "run.json")


def _write(
    settings: InspectSettings, subject: Subject, source: Source, images: Sequence[NamedImage], command: str
) -> dict[str, Any]:
    """Look, write the folder at once or not at all, print the table, and return what a script is told."""
    from study.inspect import report as inspect_report
    from study.inspect.collect import inspect_network

    started = time.perf_counter()
    console.print(f"{subject.model}: {subject.what}")
    with console.bar("iterations", settings.steps) as advance:
        inspection = inspect_network(
            subject, source, images or one_per_class(source), settings.steps, settings.layer, advance
        )
    numbers = inspect_report.as_numbers(inspection, command, time.perf_counter() - started)

    def write(folder: Path) -> None:
        output.write_json(folder / "inspect.json", numbers)
        inspect_report.write(folder, inspection, command)

    with console.bar("write the page", 1):
        out = output.save_run(Path(settings.inspects), subject.model, write, "inspection", "--inspects")
    _print(inspection, out)
    told = {key: numbers[key] for key in TOLD}
    written = {"folder": out, "page": out / "inspect.html", "json": out / "inspect.json", "run": None}
    return {**written, **told, "sentences": inspect_report.summary_sentences(inspection)}


def _print(inspection: Inspection, out: Path) -> None:
    """Print the layers with weights, some of many, and what they say."""
    from study.inspect import report as inspect_report
    from study.inspect.statistics import evenly_spaced

    rows = inspect_report.learning_rows(inspection)
    title = "Layers with weights" + (f", {MAX_ROWS} of {len(rows)}" if len(rows) > MAX_ROWS else "")
    header, *shown = (
        [row[column] for column in PRINTED] for row in (inspect_report.LEARNING_HEADER, *evenly_spaced(rows, MAX_ROWS))
    )
    console.table(title, header, shown)
    for sentence in inspect_report.summary_sentences(inspection):
        console.print(sentence)
    console.print(f"look at {out / 'inspect.html'}; all numbers: {out / 'inspect.json'}")
