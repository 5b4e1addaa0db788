"""Members joined by Keras' own layers: the same as their mean, their votes, their regression; saved and read."""

from study.runtime import backend

backend.start()
import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from small import assert_same  # noqa: E402

from models.parts.head import classifier, head  # noqa: E402
from study.ensemble import combine  # noqa: E402
from study.inference import openvino_ir  # noqa: E402
from study.runtime import hardware  # noqa: E402
from study.train.judge import apply_temperature  # noqa: E402

FEATURES = np.random.default_rng(0).normal(0, 1, (20, 8)).astype(np.float32)


def heads(count, features=8, classes=3):
    keras.utils.set_random_seed(0)
    return [head(features, classes, 0.2) for _ in range(count)]


def answers(network, features=FEATURES):
    return np.asarray(network(features, training=False))


def saved_and_read(network, path):
    network.save(path / "head.keras")
    return keras.saving.load_model(path / "head.keras", compile=False, safe_mode=True)


def test_the_mean_head_answers_with_the_mean_of_its_members(tmp_path):
    members = heads(4)
    mean = np.mean([answers(member) for member in members], axis=0)
    joined = combine.mean_head(members, [slice(0, 8)] * 4, 8)
    np.testing.assert_allclose(answers(joined), mean, atol=1e-6)
    np.testing.assert_allclose(answers(saved_and_read(joined, tmp_path)), mean, atol=1e-6)


def test_each_member_takes_its_own_features():
    first, second = heads(1, 3)[0], heads(1, 5)[0]
    joined = combine.mean_head([first, second], [slice(0, 3), slice(3, 8)], 8)
    mean = (answers(first, FEATURES[:, :3]) + answers(second, FEATURES[:, 3:])) / 2
    np.testing.assert_allclose(answers(joined), mean, atol=1e-6)


def test_a_probability_of_zero_is_no_trouble():
    certain = combine.dense_head([(np.eye(3) * 1e4, np.zeros(3))])
    joined = combine.mean_head([certain, certain], [slice(0, 3)] * 2, 3)
    np.testing.assert_allclose(answers(joined, np.eye(3, dtype=np.float32)), np.eye(3), atol=1e-6)


def test_a_temperature_is_applied_as_to_a_single_head():
    members = heads(3)
    joined = combine.mean_head(members, [slice(0, 8)] * 3, 8)
    mean = answers(joined)
    inputs = keras.Input((4, 4, 3))
    backbone = keras.Model(inputs, keras.layers.Dense(8)(keras.layers.Flatten()(inputs)))
    apply_temperature(classifier(backbone, joined), 2.5)
    expected = mean ** (1 / 2.5)
    np.testing.assert_allclose(answers(joined), expected / expected.sum(axis=1, keepdims=True), atol=1e-6)


def test_the_stacked_head_is_a_regression_on_what_its_members_say(tmp_path):
    members = heads(2)
    rng = np.random.default_rng(1)
    kernel, bias = rng.normal(0, 2, (6, 3)), rng.normal(0, 1, 3)
    joined = combine.stacked_head(members, kernel, bias)
    scores = np.hstack([answers(member) for member in members]) @ kernel + bias
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answers(joined), expected, atol=1e-6)
    np.testing.assert_allclose(answers(saved_and_read(joined, tmp_path)), expected, atol=1e-6)


def votes_by_hand(kernels, biases, weights):
    sums = sum(
        weight * np.eye(biases.shape[1])[(FEATURES @ kernel + bias).argmax(axis=1)]
        for kernel, bias, weight in zip(kernels, biases, weights, strict=True)
    )
    return np.exp(sums) / np.exp(sums).sum(axis=1, keepdims=True)


def voting():
    rng = np.random.default_rng(2)
    return rng.normal(0, 1, (5, 8, 3)), rng.normal(0, 1, (5, 3)), rng.uniform(0.1, 2, 5)


def test_the_voting_head_counts_weighted_votes(tmp_path):
    joined = combine.voting_head(*voting())
    np.testing.assert_allclose(answers(joined), votes_by_hand(*voting()), atol=1e-6)
    np.testing.assert_allclose(answers(saved_and_read(joined, tmp_path)), votes_by_hand(*voting()), atol=1e-6)


@pytest.mark.skipif(not hardware.openvino_available(), reason="needs OpenVINO")
def test_openvino_counts_the_same_votes():
    joined = combine.voting_head(*voting())
    converted = openvino_ir.convert(openvino_ir.trace(joined))
    compiled = hardware.core().compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = np.concatenate([compiled(row[None])[0] for row in FEATURES])
    np.testing.assert_allclose(found, votes_by_hand(*voting()), atol=1e-6)


def test_votes_have_the_slope_of_a_softmax():
    import tensorflow as tf

    joined, features = combine.voting_head(*voting()), tf.Variable(FEATURES)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(joined(features)[:, 0])
    assert np.abs(tape.gradient(total, features)).max() > 0


def test_a_head_from_dense_layers_has_relu_between_them():
    rng = np.random.default_rng(3)
    (first, shift), (second, last) = [
        (rng.normal(0, 1, (8, 4)), rng.normal(0, 1, 4)),
        (rng.normal(0, 1, (4, 3)), np.ones(3)),
    ]
    scores = np.maximum(FEATURES @ first + shift, 0) @ second + last
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answers(combine.dense_head([(first, shift), (second, last)])), expected, atol=1e-5)


def test_a_sigmoid_of_two_classes_becomes_a_softmax():
    kernel, bias = np.array([[1.5], [-2.0]]), np.array([0.3])
    x = np.array([[0.2, 1.0], [3.0, -1.0]], np.float32)
    sigmoid = 1 / (1 + np.exp(-(x @ kernel + bias)[:, 0]))
    found = answers(combine.dense_head([combine.two_columns(kernel, bias)]), x)
    np.testing.assert_allclose(found, np.stack([1 - sigmoid, sigmoid], axis=1), atol=1e-6)


def backbones():
    made = []
    for seed, features in ((0, 3), (1, 5)):
        keras.utils.set_random_seed(seed)
        inputs = keras.Input((6, 6, 3))
        x = keras.layers.Conv2D(features, 3, name="conv")(inputs)
        made.append(keras.Model(inputs, keras.layers.GlobalAveragePooling2D(name="pool")(x), name="backbone"))
    return made


def test_several_backbones_give_their_features_one_behind_the_other(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 6, 3)).astype(np.float32)
    expected = np.hstack([answers(backbone, pixels) for backbone in backbones()])
    joined = combine.joined_backbone(backbones())
    np.testing.assert_allclose(answers(joined, pixels), expected, rtol=1e-5)
    np.testing.assert_allclose(answers(saved_and_read(joined, tmp_path), pixels), expected, rtol=1e-5)
    (alone, _) = backbones()
    assert combine.joined_backbone([alone]) is alone


def test_every_layer_has_a_name_of_its_own_in_the_opened_network():
    from models.parts.graph import build_layer_graph

    joined = classifier(
        combine.joined_backbone(backbones()),
        combine.mean_head([*heads(1, 3), *heads(1, 5)], [slice(0, 3), slice(3, 8)], 8),
    )
    graph = build_layer_graph(joined)
    names = [step.name for step in graph.steps]
    assert len(names) == len(set(names))
    assert {"backbone_1_conv", "backbone_2_conv", "member_2_probabilities", "probabilities"} <= set(names)
    pixels = np.ones((1, 6, 6, 3), np.float32)
    assert_same(answers(graph.model(), pixels), answers(joined, pixels))
