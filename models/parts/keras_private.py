"""The private parts of Keras that this program relies on, each in one function: public ones give no such thing.

Known for Keras 3.15 (found by running 3.15.1). `tests/models/test_keras_private.py` fails where Keras changes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def flatten_layers(network: keras.Model) -> list[keras.Layer]:
    """Return a network and every layer within it, also those within a layer that is no model, such as a block.

    Relies on `keras.Layer._flatten_layers()`. The public `keras.Model.layers` does not look into a layer.
    """
    return list(network._flatten_layers())


def logits_of(probabilities: keras.KerasTensor) -> keras.KerasTensor | None:
    """Return what a softmax layer made probabilities of, in the same graph; None where it is not known.

    Relies on `_keras_logits`, which Keras' softmax leaves on its output. Its own losses look there too, but focal loss.
    """
    return getattr(probabilities, "_keras_logits", None)


def is_graph(layer: keras.Operation) -> bool:
    """Return whether a layer is a functional model, whose layers `run_graph` can apply one by one.

    Relies on `_run_through_graph` being a method of functional models and of nothing else.
    """
    return hasattr(layer, "_run_through_graph")


def run_graph(
    network: keras.Model, tensors: Sequence[keras.KerasTensor], call: Callable[..., keras.KerasTensor]
) -> keras.KerasTensor:
    """Apply the layers of a functional model to other inputs by `call(layer, *arguments)`; return its output.

    Relies on `_run_through_graph(inputs, call_fn)`. The public `keras.models.clone_model(call_function=)` does the
    same, but of a model within another it gives no output that is connected to these inputs.
    """
    return network._run_through_graph(tensors, call_fn=call)


def build_metrics(network: keras.Model, form: Any) -> None:  # noqa: ANN401 - whatever a batch may be
    """Make the variables of a compiled network's metrics, which it has only once it has seen a batch.

    `form`: of a batch as `fit` takes it, such as a data set's `element_spec`; nothing of it is computed.

    Relies on `_symbolic_build(data_batch=)`, which asks tensors for shape and dtype only. The public ways compute.
    """
    network._symbolic_build(data_batch=form)


def forget_new_variables() -> None:
    """Let the variables that were made within `keras.StatelessScope` never get values, which leaving it would give.

    Relies on the list `uninitialized_variables` of `keras.src.backend.common.global_state`. There is no public way to
    learn the shapes of a network's variables without memory for them.
    """
    from keras.src.backend.common import global_state

    global_state.set_global_attribute("uninitialized_variables", [])
