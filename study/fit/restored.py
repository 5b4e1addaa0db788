"""What a checkpoint has to say to go on from: checked once, before anything is made of it; it may be a stranger's."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from errors import UserError
from study.checkpoint.files import Checkpoint

MOST = 10**9  # epochs, iterations
KINDS = ("whole", "model", "optimizer", "metrics", "best", "augmentation")  # of arrays
PRECISIONS = ("float32", "bfloat16")
DRAWN = (3,)  # shape of the state of TensorFlow's generator


def check(checkpoint: Checkpoint, name: str) -> None:
    """Raise UserError where a checkpoint, which `name` tells, is none that a training wrote."""
    try:
        wrong = next(faults(checkpoint), "")
    except (TypeError, KeyError, ValueError, AttributeError, IndexError, OverflowError) as error:
        wrong = f"a value is missing or of another kind ({error})"
    if wrong:
        raise UserError(f"{name} is no checkpoint of this program: {wrong}. Train anew without --resume.")


def faults(checkpoint: Checkpoint) -> Iterator[str]:
    """Yield what is wrong; whatever is of another kind altogether raises a built-in exception."""
    state, arrays = checkpoint.state, checkpoint.arrays
    if not all(map(is_outcome, state["outcomes"])) or not isinstance(state["outcomes"], list):
        yield "outcomes must be a list of what each stage did"
    if not is_random_state(state["random"]):
        yield "random must be the states of two generators"
    if not (is_number(state["seconds"]) and 0 <= state["seconds"] < math.inf):
        yield "seconds must be how long it had trained"
    if strange := arrays.keys() - set(KINDS):
        yield f"{min(strange)} are arrays of no known kind"
    if state["standing"] is None:
        return
    if not is_standing(state["standing"]):
        yield "standing must be a phase, an epoch and an iteration"
    if not is_precision(state["precision"]):
        yield f"precision must be {' or '.join(PRECISIONS)}"
    if not all(map(is_memory, state["callbacks"].values())):
        yield "callbacks must be what each of them remembers"
    if lacking := set(KINDS) - arrays.keys():
        yield f"{min(lacking)} are missing"
    drawn = arrays["augmentation"]
    if len(drawn) > 1 or any(array.shape != DRAWN or array.dtype != np.int64 for array in drawn):
        yield "augmentation must be the state of one generator"


def is_count(value: Any) -> bool:  # noqa: ANN401 - whatever JSON may hold
    """Say whether it is a number of epochs or iterations."""
    return type(value) is int and 0 <= value <= MOST


def is_number(value: Any) -> bool:  # noqa: ANN401
    """Say whether it is a number, infinite ones and none at all included: so begins what is best so far."""
    return isinstance(value, int | float)


def is_row(row: Any) -> bool:  # noqa: ANN401
    """Say whether it is what the history has of an epoch."""
    return (
        isinstance(row, dict) and is_count(row["epoch"]) and isinstance(row["stage"], str) and is_number(row["seconds"])
    )


def is_precision(value: Any) -> bool:  # noqa: ANN401
    """Say whether it is a choice of a precision."""
    rates = value["images_per_second"]
    known = isinstance(rates, dict) and all(map(is_number, rates.values())) and rates.keys() in (set(), set(PRECISIONS))
    return known and value["precision"] in PRECISIONS and isinstance(value["reason"], str) and len(value) == 3


def is_outcome(value: Any) -> bool:  # noqa: ANN401
    """Say whether it is what a stage did."""
    named = value.keys() == {"history", "kept_epoch", "ended", "precision"} and isinstance(value["history"], list)
    if not named or not is_count(value["kept_epoch"]) or not isinstance(value["ended"], str) or not value["history"]:
        return False
    return all(map(is_row, value["history"])) and (value["precision"] is None or is_precision(value["precision"]))


def is_standing(value: Any) -> bool:  # noqa: ANN401
    """Say whether it is a place within a stage."""
    return value.keys() == {"phase", "epoch", "iteration"} and all(map(is_count, value.values()))


def is_memory(values: Any) -> bool:  # noqa: ANN401
    """Say whether it is what a callback remembers: numbers, why a loss is none, and the rows of the epochs."""
    return isinstance(values, dict) and all(is_remembered(name, value) for name, value in values.items())


def is_remembered(name: str, value: Any) -> bool:  # noqa: ANN401
    """Say whether it is of the kind that a callback remembers under a name."""
    if name == "rows":
        return isinstance(value, list) and all(map(is_row, value))
    if name == "broken":
        return isinstance(value, str)
    return is_number(value) or (value is None and name in ("start", "best"))  # before the first epoch


def is_random_state(value: Mapping[str, Any]) -> bool:
    """Say whether the generators of Python and NumPy take it."""
    version, numbers, gauss = value["python"]
    random.Random().setstate((version, tuple(numbers), gauss))
    kind, keys, place, has_gauss, cached = value["numpy"]
    words: Sequence[int] = np.array(keys, np.uint32)
    np.random.RandomState().set_state((kind, words, place, has_gauss, cached))
    return 0 <= place <= len(words) and (gauss is None or is_number(gauss))
