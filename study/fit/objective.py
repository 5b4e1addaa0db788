"""What a training makes small, and how: the weights of the classes, the penalties, the optimiser, the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import keras
import numpy as np

from errors import UserError
from study import tasks
from study.fit import auxiliary
from study.fit.counted import Counted
from study.fit.losses import make_loss
from study.fit.muon import KernelMuon, last_kernels
from study.fit.schedules import learning_rate_schedule
from study.settings.stages import Stage, decay_of
from study.settings.train import TrainSettings

SPARED = r"(^|/)(bias|gamma|beta)(:0)?$"  # by weight decay; TensorFlow's names have the layer's before them


def class_weights(
    labels: np.ndarray, rule: str | Mapping[str, float], class_names: Sequence[str]
) -> dict[int, float] | None:
    """Return weight per class index: those given by name (others 1); "balanced": as `balanced_weights` has them.

    Raises:
        UserError: a name that is no class.
    """
    if rule == "none":
        return None
    if rule == "balanced":
        return balanced_weights(np.bincount(labels))
    if unknown := sorted(set(rule) - set(class_names)):
        raise UserError(f"--class-weight: no class {', '.join(unknown)}. There are: {', '.join(class_names)}.")
    return {index: rule.get(name, 1.0) for index, name in enumerate(class_names)}


def weight_array(class_weight: Mapping[int, float] | None, classes: int) -> np.ndarray:
    """Return the weight of each class, float32 (classes,): 1 for those that have none."""
    return np.array([(class_weight or {}).get(index, 1.0) for index in range(classes)], np.float32)


def balanced_weights(counts: np.ndarray) -> dict[int, float]:
    """Return n / (classes * count) for each class that is there, scikit-learn's "balanced".

    `counts`: of the training images, or of their pixels, int (classes,).
    """
    present = np.flatnonzero(counts)
    return {int(i): float(counts.sum() / (len(present) * counts[i])) for i in present}


def make_optimizer(
    name: str,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    weight_decay: float | None = None,
    clip_norm: float = 0.0,
    ema: float = 0.0,
    last_kernels: tuple[str, ...] = (),
) -> keras.Optimizer:
    """Return Keras' own optimiser; `momentum` and `nesterov` are SGD with momentum 0.9.

    Muon is for the kernels inside a network: those whose paths are `last_kernels` go by AdamW, as all else does.

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
        "muon": partial(KernelMuon, last_kernels=last_kernels, adam_beta_2=0.99, adam_weight_decay=decay),
    }
    averaged = {"use_ema": True, "ema_momentum": ema} if ema else {}
    optimizer = make[name](learning_rate, weight_decay=decay, global_clipnorm=clip_norm or None, **averaged)
    if optimizer.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=[SPARED])
    return optimizer


def add_weight_penalty(model: keras.Model, l2: float, l1: float = 0.0) -> None:
    """Put an L2 and an L1 penalty on every kernel that learns; biases and normalisation stay free.

    Both together are the elastic net (https://doi.org/10.1111/j.1467-9868.2005.00503.x).

    It hangs on the variable, not on the layer, so that it reaches every model alike and is no part of the saved file.
    """
    for variable in model.trainable_variables:
        if variable.path.endswith("kernel"):
            variable.regularizer = keras.regularizers.L1L2(l1, l2) if l1 or l2 else None


def compile_model(model: keras.Model, stage: Stage, settings: TrainSettings, steps: int) -> None:
    """Add the weight penalty to a model and compile it, for soft labels; its optimiser has its variables.

    What is reported as cross-entropy is that, whatever the loss, and knows no smoothing.
    """
    optimization, regularization = settings.optimization, settings.regularization
    add_weight_penalty(model, regularization.l2, regularization.l1)
    rate = learning_rate_schedule(optimization.schedule, stage.learning_rate, steps, optimization.warmup)
    optimizer = make_optimizer(
        optimization.optimizer,
        rate,
        regularization.weight_decay,
        optimization.clip_norm,
        optimization.ema,
        last_kernels(model),
    )
    chosen, task = settings.loss, tasks.get(settings.task.name)
    binary = task.ACTIVATION == "sigmoid"
    loss = make_loss(chosen.name, regularization.label_smoothing, chosen.focal_gamma, chosen.dice_weight, binary)
    metrics = task.metrics(model.outputs[0].shape[-1])
    if auxiliary.has_auxiliary_head(model):
        auxiliary.compile_two_heads(
            model, optimizer, loss, metrics, settings.task.auxiliary_weight, settings.task.ignores
        )
    else:
        if task.PER_PIXEL and settings.task.ignores:
            metrics = [Counted(metric) for metric in metrics]
        model.compile(optimizer, loss, metrics=metrics)
    make_variables(model)


def make_variables(model: keras.Model) -> None:
    """Make the variables of a compiled model's optimiser, metrics and loss before its step is traced.

    A step that makes variables is traced twice by TensorFlow: half of the seconds before the first step.
    """
    model.optimizer.build(model.trainable_variables)
    # A mask has a side of its own at each size of images.
    shapes = [[side or 1 for side in output.shape[1:]] for output in model.outputs]
    zeros = [keras.ops.zeros((1, *shape)) for shape in shapes]
    y = zeros if len(zeros) > 1 else zeros[0]
    model.compute_loss(None, y, y)
    model.compute_metrics(None, y, y)
    model.reset_metrics()
