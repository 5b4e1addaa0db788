"""A run's network as a graph of TensorFlow from which every format is made: pixels -> probabilities and distance."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from study.confidence import known as known_file
from study.confidence import neighbours
from study.confidence.known import Known
from study.export.about import DISTANCE, IMAGE, KNOWN, PROBABILITIES
from study.runs.folder import Run, check_files, load_classifier

TINY = float(np.finfo(np.float32).tiny)
SHORTEST = 1e-12  # of a vector that is divided by it


class Network(tf.Module):
    """The network of a run, with all that belongs to an answer inside.

    Args:
        classifier: pixels, float -> probabilities.
        known: what distances are told to; None: there is no second output.
        layers: whose channel statistics the distance goes by; none: the features that the head takes.
    """

    def __init__(self, classifier: keras.Model, known: Known | None, layers: tuple[str, ...]) -> None:
        super().__init__()
        self.size, self.known, self.layers = classifier.input_shape[1], known, layers
        network = with_maps(classifier, layers) if known else classifier
        # TensorFlow finds the values here, each once: LiteRT would miss them, without a word, and a SavedModel have
        # them twice, if it found them through Keras' layers too, which a function hides.
        self.values = [variable.value for variable in network.variables]
        self.outputs_of = lambda pixels: network(pixels, training=False)

    def answer(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the probabilities of each image, and its distance to what was learned."""
        outputs = self.outputs_of(tf.cast(image, tf.float32))
        if self.known is None:
            return {PROBABILITIES: outputs}
        probabilities, *maps = outputs
        parts = [statistics(one) for one in maps] if self.layers else maps
        return {PROBABILITIES: probabilities, DISTANCE: distance(tf.concat(parts, -1), self.known.directions)}

    def traced(self, batch: int | None = None) -> tf.types.experimental.ConcreteFunction:
        """Return the graph for so many images at a time, uint8 (batch, size, size, 3); None: for any number."""
        spec = tf.TensorSpec((batch, self.size, self.size, 3), tf.uint8, name=IMAGE)
        return tf.function(self.answer, autograph=False).get_concrete_function(spec)


def network_of(run: Run) -> Network:
    """Return the network of a run that classifies images, with what its verdicts go by.

    Raises:
        UserError: a file of the run is damaged.
    """
    check_files(run, [known_file.FILE])
    known = known_file.read(run.folder, run.info)
    layers = tuple(run.info["verdicts"]["unlike"].get("layers", ())) if known else ()
    return Network(load_classifier(run), known, layers)


def with_maps(classifier: keras.Model, layers: tuple[str, ...]) -> keras.Model:
    """Return a classifier whose further outputs are the maps of some layers; of none, the features of the head."""
    _, backbone, head = classifier.layers
    maps = [backbone.get_layer(name).output for name in layers] or [backbone.output]
    return keras.Model(backbone.inputs, [head(backbone.output), *maps])


def statistics(maps: tf.Tensor) -> tf.Tensor:
    """Return what `channel_statistics.statistics` does, as a part of the graph.

    Of maps of one place, (n, 1, 1, channels), the mean is the map itself: tf2onnx makes a mean over their channels of
    one over their places, in some processes, and LiteRT ends the process at one in 8-bit integers.
    """
    _, height, width, channels = maps.shape
    rows = tf.reshape(maps, (-1, height * width, channels))
    if height * width == 1:
        mean, deviation = tf.reshape(maps, (-1, channels)), tf.zeros_like(tf.reshape(maps, (-1, channels)))
    else:
        mean, deviation = tf.reduce_mean(rows, 1), tf.math.reduce_std(rows, 1)
    both = tf.concat([mean, deviation], -1)
    return of_length_one(both)


def of_length_one(rows: tf.Tensor) -> tf.Tensor:
    """Return rows with length one each, by operations that LiteRT keeps in float; see `IN_FLOAT` there."""
    lengths = tf.sqrt(tf.reduce_sum(tf.square(rows), -1, keepdims=True))
    return rows / tf.maximum(lengths, SHORTEST)


def distance(features: tf.Tensor, known: np.ndarray) -> tf.Tensor:
    """Return what `neighbours.distances` does, as a part of the graph."""
    features = features / tf.maximum(tf.reduce_max(tf.abs(features), -1, keepdims=True), TINY)
    cosines = tf.matmul(of_length_one(features), tf.constant(known.T), name=KNOWN)
    nearest = tf.math.top_k(cosines, min(neighbours.NEIGHBOURS, len(known)), sorted=False).values
    return 1 - tf.reduce_mean(nearest, -1)


def frozen(traced: tf.types.experimental.ConcreteFunction) -> tuple[tf.compat.v1.GraphDef, dict[str, str]]:
    """Return a graph whose only input is the image, and the tensor of each output by its name.

    Freezing makes constants of variables alone. What a Normalization layer holds is a tensor from outside, which would
    become an input that nobody feeds.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    outside = {inner.op.name: value for value, inner in traced.graph.captures if value.dtype != tf.resource}
    constant = convert_variables_to_constants_v2(traced)
    graph = constant.graph.as_graph_def()
    for node in graph.node:
        if node.op == "Placeholder" and node.name in outside:
            value = outside[node.name].numpy()
            node.op = "Const"
            node.ClearField("attr")
            node.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    names = sorted(traced.structured_outputs)  # TensorFlow flattens a dictionary by its sorted keys
    return graph, dict(zip(names, (output.name for output in constant.outputs), strict=True))
