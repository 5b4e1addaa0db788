"""Train a classifier: one stage is one call of Keras' `fit`, a learning type is one or two stages."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from data.batches import Examples, eval_batches, shares, train_batches
from errors import UserError
from models._head import unfreeze
from study import auxiliary, fused, screen
from study.auxiliary import Joint
from study.backend import user_errors
from study.changes import changes
from study.config import TrainSettings
from study.course import Phase, Stage, decay_of, phases
from study.losses import make_loss
from study.rates import lowering, rates

if TYPE_CHECKING:
    import tensorflow as tf

EVAL_BATCH = 64
MORE = ("val_mean_iou", "val_auxiliary_accuracy", "val_auxiliary_iou")  # figures that some trainings have


@dataclass(frozen=True)
class Outcome:
    """What a stage did: a history row an epoch, which epoch's weights were kept, why it ended, in what precision."""

    history: list[dict[str, float | int | str]]
    kept_epoch: int
    ended: str
    precision: fused.Choice | None = None


def make_optimizer(
    name: str,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    weight_decay: float | None = None,
    clip_norm: float = 0.0,
    ema: float = 0.0,
) -> keras.Optimizer:
    """Return Keras' own optimiser; `momentum` and `nesterov` are SGD with momentum 0.9.

    Weight decay is apart from the gradient (AdamW, https://arxiv.org/abs/1711.05101) and spares biases and
    normalisation. AdamW remembers 100 squared gradients instead of 1,000: some thousand iterations are all it has.
    Clipping is by the norm of all gradients together (https://arxiv.org/abs/1211.5063).
    """
    optimizers, decay = keras.optimizers, decay_of(name, weight_decay)
    make = {
        "sgd": optimizers.SGD,
        "momentum": partial(optimizers.SGD, momentum=0.9),
        "nesterov": partial(optimizers.SGD, momentum=0.9, nesterov=True),
        "adam": optimizers.Adam,
        "adamw": partial(optimizers.AdamW, beta_2=0.99),
        "rmsprop": optimizers.RMSprop,
        "adagrad": optimizers.Adagrad,
        "muon": partial(optimizers.Muon, adam_weight_decay=decay),  # it has a second one for all but dense kernels
    }
    averaged = {"use_ema": True, "ema_momentum": ema} if ema else {}
    optimizer = make[name](learning_rate, weight_decay=decay, global_clipnorm=clip_norm or None, **averaged)
    if optimizer.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def penalise(model: keras.Model, l2: float, l1: float = 0.0) -> None:
    """Put an L2 and an L1 penalty on every kernel that learns; biases and normalisation stay free.

    Both together are the elastic net (https://doi.org/10.1111/j.1467-9868.2005.00503.x).

    It hangs on the variable, not on the layer, so that it reaches every model alike and is no part of the saved file.
    """
    for variable in model.trainable_variables:
        if variable.path.endswith("kernel"):
            variable.regularizer = keras.regularizers.L1L2(l1, l2) if l1 or l2 else None


def class_weights(
    labels: np.ndarray, rule: str | Mapping[str, float], class_names: Sequence[str]
) -> dict[int, float] | None:
    """Return weight per class index: those given by name (others 1); "balanced": n / (classes * count), scikit-learn's.

    Raises:
        UserError: a name that is no class.
    """
    if rule == "none":
        return None
    if rule == "balanced":
        classes = np.unique(labels)
        weights = compute_class_weight("balanced", classes=classes, y=labels)
        return dict(zip(classes.tolist(), weights.tolist(), strict=True))
    if unknown := sorted(set(rule) - set(class_names)):
        raise UserError(f"--class-weight: no class {', '.join(unknown)}. There are: {', '.join(class_names)}.")
    return {index: rule.get(name, 1.0) for index, name in enumerate(class_names)}


def pixel_weights(
    counts: np.ndarray, rule: str | Mapping[str, float], class_names: Sequence[str]
) -> dict[int, float] | None:
    """Return weight per class of pixel, as `class_weights` does, from the training pixels of each."""
    if rule != "balanced":
        return class_weights(np.array([]), rule, class_names)
    there = np.flatnonzero(counts)
    return {int(at): float(counts.sum() / (len(there) * counts[at])) for at in there}


def iterations(images: int, batch_size: int) -> int:
    """Return the batches of one epoch: images / batch, rounded up."""
    return math.ceil(images / batch_size)


def predict(model: keras.Model, examples: Examples, rows: np.ndarray, label: str) -> np.ndarray:
    """Run a model over some rows of the inputs, behind a progress bar: float32 (rows, outputs)."""
    batches = eval_batches(Examples(examples.inputs, examples.labels, {"": rows}), "", EVAL_BATCH).map(lambda x, y: x)
    with screen.bar(label, iterations(len(rows), EVAL_BATCH)) as advance:
        after_batch = keras.callbacks.LambdaCallback()
        after_batch.on_predict_batch_end = lambda batch, logs=None: advance()
        return model.predict(batches, verbose=0, callbacks=[after_batch])


class EpochLines(keras.callbacks.Callback):
    """A progress bar within an epoch, one line and one history row after it."""

    def __init__(self, stage: Stage, calls: int, first_epoch: int) -> None:
        super().__init__()
        self.stage, self.calls, self.first_epoch = stage, calls, first_epoch
        self.size = 0  # of the pictures of the phase
        self.rows: list[dict[str, float | int | str]] = []

    def on_epoch_begin(self, epoch: int, logs: Mapping | None = None) -> None:
        """Start the clock and the bar."""
        self.started = time.perf_counter()
        self.bar = screen.bar(f"{self.stage.name}, epoch {epoch + 1}", self.calls)
        self.advance = self.bar.__enter__()

    def on_train_batch_end(self, batch: int, logs: Mapping | None = None) -> None:
        """Move the bar on: Keras calls after `steps_at_once` iterations."""
        self.advance()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Keep and print the epoch's figures. Raise UserError where the loss is no number any more."""
        self.bar.__exit__(None, None, None)
        row = {"epoch": self.first_epoch + epoch, "stage": self.stage.name, "image_size": self.size}
        # Cross-entropy alone, so that stages compare: Keras' own loss holds the L2 penalty too.
        row |= {"loss": float(logs["crossentropy"]), "accuracy": float(logs["accuracy"])}
        row |= {"val_loss": float(logs["val_crossentropy"]), "val_accuracy": float(logs["val_accuracy"])}
        row |= {name: float(logs[name]) for name in logs if name.endswith("mean_iou") or "auxiliary_" in name}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = round(time.perf_counter() - self.started, 3)
        self.rows.append(row)
        screen.say(
            f"{self.stage.name} epoch {epoch + 1:>3}/{self.stage.epochs}  loss {row['loss']:.4f}  "
            f"accuracy {row['accuracy']:.4f}  val_loss {row['val_loss']:.4f}  "
            f"val_accuracy {row['val_accuracy']:.4f}  "
            + "".join(f"{name} {row[name]:.4f}  " for name in MORE if name in row)
            + f"{row['seconds']:.1f} s"
        )
        broken = [logs[key] for key in ("loss", "val_loss") if not math.isfinite(logs[key])]
        if broken:
            raise UserError(
                f"Training diverged: the loss is {broken[0]} in epoch {epoch + 1} of stage {self.stage.name}. "
                f"Give a smaller --learning-rate than {self.stage.learning_rate:g}."
            )


def run_stage(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    first_epoch: int = 1,
) -> Outcome:
    """Train `model` for one stage; its weights are then those of the best validation loss, the start included.

    A copy of it learns and judges itself, in the precision that is faster here. The head, on stored features, has
    nothing to gain from that.
    """
    if stage.name == "head":
        outcome = run_epochs(model, stage, examples, settings, class_weight, first_epoch)
        model.compiled = False  # else a saved classifier would name our losses and schedules, and not load without them
        return outcome
    choice = precision_for(model, stage, examples, settings)
    screen.say(f"precision of training: {choice.reason}")
    if choice.images_per_second:
        minutes = minutes_at(choice.images_per_second[choice.precision], stage, settings, len(examples.rows["train"]))
        screen.say(
            f"training: about {minutes:.0f} minutes on this machine" if minutes >= 1 else "training: under a minute"
        )
    copy = fused.training_copy(model, choice.precision, any_size=bool(settings.progressive))
    outcome = run_epochs(copy, stage, examples, settings, class_weight, first_epoch)
    model.set_weights(copy.get_weights())
    return replace(outcome, precision=choice)


def precision_for(model: keras.Model, stage: Stage, examples: Examples, settings: TrainSettings) -> fused.Choice:
    """Return the precision in which a stage trains, tried on its first pictures where that is asked for."""
    rows = examples.rows["train"]
    steps = iterations(len(rows), stage.batch_size) * stage.epochs
    pixels, answers = first_batch(model, stage, examples, settings)
    return fused.choose(
        model, lambda copy: prepare(copy, stage, settings, steps), pixels, answers, settings.precision, steps
    )


def first_batch(model: keras.Model, stage: Stage, examples: Examples, settings: TrainSettings) -> tuple[tf.Tensor, Any]:
    """Return the first training pictures as they are, float32, and what is to be learned of them."""
    first = replace(examples, rows={"": examples.rows["train"][: stage.batch_size]})
    return next(iter(targets(eval_batches(first, "", stage.batch_size), model, first, settings)))[:2]


def targets(
    batches: tf.data.Dataset,
    model: keras.Model,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
) -> tf.data.Dataset:
    """Turn batches of examples into what Keras learns from: shares of the classes, of a picture or of every pixel.

    A network of two heads gets what both learn.
    """
    if auxiliary.is_joint(model):
        return auxiliary.targets(batches, model, examples, class_weight)
    if settings.task == "segment":
        batches = batches.map(lambda pixels, labels, masks: (pixels, masks))
    return shares(batches, model.output_shape[-1], class_weight)


def prepare(model: keras.Model, stage: Stage, settings: TrainSettings, steps: int) -> None:
    """Penalise and compile a model, for labels that are shares of the classes.

    What is reported as cross-entropy is that, whatever the loss, and knows no smoothing.
    """
    penalise(model, settings.l2, settings.l1)
    rate = rates(settings.schedule, stage.learning_rate, steps, settings.warmup)
    optimizer = make_optimizer(settings.optimizer, rate, settings.weight_decay, settings.clip_norm, settings.ema)
    loss = make_loss(settings.loss, settings.label_smoothing, settings.focal_gamma, settings.dice_weight)
    metrics = ["accuracy", keras.metrics.CategoricalCrossentropy("crossentropy")]
    if auxiliary.is_joint(model):
        auxiliary.compile(model, optimizer, loss, metrics, settings.auxiliary_weight)
        return
    if settings.task == "segment":
        metrics.append(keras.metrics.OneHotMeanIoU(model.output_shape[-1], name="mean_iou"))
    model.compile(optimizer, loss, metrics=metrics, steps_per_execution=steps_at_once(stage))


def steps_at_once(stage: Stage) -> int:
    """Return the iterations that TensorFlow does by itself before Python is asked again.

    Those of a head are so short that Python would take half of the time.
    """
    return 32 if stage.name == "head" else 1


def run_epochs(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    first_epoch: int,
) -> Outcome:
    """Train this very model for one stage, and leave it with the weights of the best validation loss.

    Of a stage in phases, only the last one is judged: another size, another loss.
    """
    per_epoch = iterations(len(examples.rows["train"]), stage.batch_size)
    prepare(model, stage, settings, stage.epochs * per_epoch)
    judged = targets(eval_batches(examples, "val", EVAL_BATCH), model, examples, settings)
    before = (model.get_weights(), crossentropy_of(model, judged)) if stage.name == "finetune" else None
    lines = EpochLines(stage, iterations(per_epoch, steps_at_once(stage)), first_epoch)
    stopping = keras.callbacks.EarlyStopping(
        "val_crossentropy", mode="min", patience=settings.patience or stage.epochs, restore_best_weights=True
    )
    # Before all others, so that they see the averaged weights and what those are worth. A phase goes on from the
    # average of the one before. Statistics of normalisation are averages already.
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if settings.ema else []
    renaming = [auxiliary.PlainNames()] if auxiliary.is_joint(model) else []
    watching = [*averaging, *renaming, lines, *lowering(settings.schedule, settings.patience)]
    sizes = () if stage.name == "head" else settings.progressive
    for number, phase in enumerate(phases(stage.epochs, sizes, settings.image_size or 0)):
        training, validation = phase_batches(model, stage, examples, settings, class_weight, phase, number)
        lines.size = phase.size
        if number:  # graphs for any size would be slower than those for this one
            model.make_train_function(force=True)
            model.make_test_function(force=True)
        model.fit(
            training,
            validation_data=judged if phase.last else validation,
            initial_epoch=phase.first,
            epochs=phase.end,
            callbacks=[*watching, stopping] if phase.last else watching,
            shuffle=False,  # the batches come shuffled
            verbose=0,
        )
    ended = (
        f"validation loss had not improved for {settings.patience} epochs"
        if len(lines.rows) < stage.epochs
        else f"the last of {stage.epochs} epochs was reached"
    )
    if before and before[1] <= stopping.best:
        model.set_weights(before[0])
        return Outcome(lines.rows, first_epoch - 1, f"{ended}; it never improved on the head alone, which was kept")
    return Outcome(lines.rows, first_epoch + stopping.best_epoch, ended)


def phase_batches(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    phase: Phase,
    number: int,
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Return the batches to learn from and to judge by at a phase's size.

    Mixed pictures have no place in the last of several phases: it shows whole ones, as they will be judged.
    """
    classes = model.outputs[0].shape[-1]
    size = phase.size if settings.progressive and stage.name != "head" else None
    mirror = examples.mirror
    if second := examples.second:  # both labels are one number
        mirror, classes = second.mirror(mirror), classes * (len(second.names) + 1)
    augment = None  # a head's views were made before
    if stage.name != "head":
        augment = changes(settings, mirror, classes, size, number, mixing=not (number and phase.last))
    seed = settings.seed + number  # else a phase would see the order of the one before
    training = train_batches(examples, stage.batch_size, seed, augment, settings.sampler == "balanced")
    validation = eval_batches(examples, "val", EVAL_BATCH, size)
    return targets(training, model, examples, settings, class_weight), targets(validation, model, examples, settings)


def crossentropy_of(model: keras.Model, batches: tf.data.Dataset) -> float:
    """Return the mean cross-entropy of a compiled model over batches."""
    return auxiliary.plain(model.evaluate(batches, verbose=0, return_dict=True))["crossentropy"]


def fit(
    classifier: keras.Model,
    pixels: Examples,
    features: Examples | None,
    stages: Iterable[Stage],
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    joint: Joint | None = None,
) -> list[Outcome]:
    """Train through all stages: the head on features, the whole classifier on pixels, with a second head if any."""
    _, backbone, head = classifier.layers
    outcomes: list[Outcome] = []
    for stage in stages:
        if stage.name == "finetune":
            unfreeze(backbone)
        whole = (joint.model, joint.examples) if joint else (classifier, pixels)
        model, examples = (head, features) if stage.name == "head" else whole
        first_epoch = 1 + sum(len(outcome.history) for outcome in outcomes)
        with user_errors():
            outcomes.append(run_stage(model, stage, examples, settings, class_weight, first_epoch))
    return outcomes


def minutes_at(images_per_second: float, stage: Stage, settings: TrainSettings, images: int) -> float:
    """Return the minutes of a stage, from the rate at the input's size: the cost of a picture goes with its area."""
    size = settings.image_size or 1
    parts = phases(stage.epochs, settings.progressive, size)
    epochs = sum((phase.end - phase.first) * (phase.size / size) ** 2 for phase in parts)
    return epochs * images / images_per_second / 60


def minutes_for(classifier: keras.Model, examples: Examples, stage: Stage, settings: TrainSettings) -> float:
    """Time one iteration of a stage on this machine and return the minutes that all its epochs would take."""
    copy = fused.training_copy(classifier, "bfloat16" if settings.precision == "bfloat16" else "float32")
    prepare(copy, stage, settings, 1)
    x, y = first_batch(classifier, stage, examples, settings)
    copy.train_on_batch(x, y)  # builds the graph
    started = time.perf_counter()
    copy.train_on_batch(x, y)
    seconds = time.perf_counter() - started
    whole_batches = iterations(len(examples.rows["train"]), stage.batch_size) * stage.batch_size
    return minutes_at(stage.batch_size / seconds, stage, settings, whole_batches)
