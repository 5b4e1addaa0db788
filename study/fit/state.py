"""All that decides how a stage goes on: gathered for a checkpoint, and given back to a stage that was begun anew.

That is the weights, the state of dropout, normalisation and optimiser, the sums of the epoch under way, what the
callbacks remember, and every generator of random numbers.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from errors import UserError
from models.parts.keras_private import build_metrics

AFRESH = ("EarlyStopping", "ReduceLROnPlateau")  # these forget where a phase ends
REMEMBERED = {  # what a callback knows of the epochs before; Keras' own forget it where training begins
    "EarlyStopping": ("wait", "stopped_epoch", "best", "best_epoch"),
    "ReduceLROnPlateau": ("wait", "cooldown_counter", "best"),
    "SwapEMAWeights": ("_ema_weights_in_model",),
    "Divergence": ("start", "end", "broken", "iterations"),
    "EpochLines": ("rows",),
}
Callbacks = Sequence[keras.callbacks.Callback]
Arrays = dict[str, list[np.ndarray]]


def memory_of(callbacks: Callbacks, between: bool) -> dict[str, dict[str, Any]]:
    """Return what callbacks remember, as plain values: name of the class -> attribute -> value.

    `between` two phases some begin afresh.
    """
    names = REMEMBERED.keys() - (AFRESH if between else ())
    known = [callback for callback in callbacks if type(callback).__name__ in names]
    return {
        type(callback).__name__: {name: plain(getattr(callback, name)) for name in REMEMBERED[type(callback).__name__]}
        for callback in known
    }


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a callback keeps
    """Return a number of NumPy or of the backend as Python's, with all its digits; anything else as it is."""
    return value if value is None or isinstance(value, bool | int | str | list) else float(value)


def remind(callbacks: Callbacks, memory: Mapping[str, Mapping[str, Any]]) -> None:
    """Let callbacks remember again. Raise UserError where there are others than those that were asked."""
    there = {type(callback).__name__: callback for callback in callbacks if type(callback).__name__ in REMEMBERED}
    if memory.keys() - there.keys():
        raise UserError("The checkpoint is of a training with other parts. Train anew without --resume.")
    for name, values in memory.items():
        for attribute in REMEMBERED[name]:
            setattr(there[name], attribute, values[attribute])


def gather(model: keras.Model, callbacks: Callbacks, within_epoch: bool) -> Arrays:
    """Return copies of all variables of a model that is being trained, and the best weights so far.

    `within_epoch`: the sums behind the epoch's figures too.
    """
    arrays = {name: [np.array(variable) for variable in variables] for name, variables in variables_of(model).items()}
    if not within_epoch:
        arrays["metrics"] = []
    best = next((callback.best_weights for callback in callbacks if hasattr(callback, "best_weights")), None)
    return arrays | {"best": list(best or [])}


def give_back(model: keras.Model, callbacks: Callbacks, arrays: Mapping[str, Sequence[np.ndarray]]) -> None:
    """Give a compiled model and its callbacks what `gather` returned, but the sums of the epoch."""
    model.optimizer.build(model.trainable_variables)
    for name in ("model", "optimizer"):
        assign(variables_of(model)[name], arrays[name])
    for callback in callbacks:
        if hasattr(callback, "best_weights"):
            callback.best_weights = list(arrays["best"]) or None


def give_back_sums(model: keras.Model, form: Any, sums: Sequence[np.ndarray]) -> None:  # noqa: ANN401
    """Give a model the sums behind the figures of an epoch that was begun; `form` is that of its batches."""
    if sums:
        build_metrics(model, form)
        assign(model.metrics_variables, sums)


def variables_of(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """Return the variables of the network, random seeds included, of its optimiser, and of its metrics."""
    return {
        "model": list(model.variables),
        "optimizer": list(model.optimizer.variables),
        "metrics": list(model.metrics_variables),
    }


def assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    """Assign values to variables. Raise UserError where number, shape or type do not fit."""
    given = [(value.shape, value.dtype.name) for value in values]
    if given != [(tuple(variable.shape), variable.dtype) for variable in variables]:
        raise UserError("The checkpoint is of another network or optimiser. Train anew without --resume.")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def random_state() -> dict[str, Any]:
    """Return the state of Python's and NumPy's shared generators, as plain values."""
    version, numbers, gauss = random.getstate()
    kind, keys, *rest = np.random.get_state()
    return {"python": [version, list(numbers), gauss], "numpy": [kind, keys.tolist(), *rest]}


def set_random_state(state: Mapping[str, Any]) -> None:
    """Set Python's and NumPy's shared generators to a state that `random_state` returned."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), *rest))
