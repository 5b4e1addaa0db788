"""The gradients that TensorFlow would keep until the process ends, and with each of them a whole graph."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAME = "CustomGradient-"  # how TensorFlow begins the names of those that `tf.custom_gradient` registers


@contextmanager
def gradients_forgotten() -> Iterator[None]:
    """Let go, at the end, of the gradients that were registered within.

    Wherever `tf.custom_gradient` is traced, TensorFlow registers a function for good that holds the graph around it. In
    Keras that is the step of every `fit` (it adds up the gradients of all devices, even of one) and every SiLU. What
    was traced within keeps the gradients that it has; nobody can take another one of it afterwards.

    Relies on `gradient_registry` of `tensorflow.python.framework.ops`, a private part of TensorFlow (2.21). Without it
    nothing is let go.
    """
    before = set(_registered())
    try:
        yield
    finally:
        registered = _registered()
        for name in [name for name in registered if name.startswith(NAME) and name not in before]:
            del registered[name]


def _registered() -> dict[str, Any]:
    ops = sys.modules.get("tensorflow.python.framework.ops")  # nothing is registered where it was not imported
    return getattr(getattr(ops, "gradient_registry", None), "_registry", {})
