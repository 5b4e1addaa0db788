import numpy as np

from study.runtime import backend

backend.start()

from scipy.special import softmax  # noqa: E402
from small import noisy_images, tiny  # noqa: E402

from study.tasks.contract import Evaluation  # noqa: E402
from study.train.judge import answered, apply_temperature, judge  # noqa: E402


def test_the_temperature_becomes_part_of_the_network():
    network, pixels = tiny(), noisy_images().inputs.astype(np.float32)
    before = network.predict(pixels, verbose=0)
    apply_temperature(network, 2.0)
    after = network.predict(pixels, verbose=0)
    np.testing.assert_allclose(after, softmax(np.log(before) / 2, axis=1), atol=1e-6)
    assert np.abs(after - before).max() > 0.001


def evaluation(labels, sure):
    """Right answers, all of the same probability."""
    other = (1 - sure) * (1 - np.eye(2))[labels]
    return Evaluation((sure * np.eye(2)[labels] + other).astype(np.float32), {})


def test_what_is_kept_tells_known_images_from_others_and_sure_answers_from_unsure_ones():
    rng = np.random.default_rng(0)
    centres = np.array([[5.0, 0, 0], [0, 5, 0]])
    labels = {split: rng.integers(0, 2, count) for split, count in (("train", 500), ("val", 400), ("test", 300))}
    features = {split: centres[of_split] + rng.normal(0, 1, (len(of_split), 3)) for split, of_split in labels.items()}
    features["test"][:30] = [0, 0, 9]  # a third kind of thing
    evaluations = {split: evaluation(labels[split], 0.9) for split in ("val", "test")}
    kept, told = judge(features, evaluations, labels, [str(row) for row in range(500)])
    assert 0.1 <= told["unlike"]["called_unlike"]["test"] <= 0.13
    assert told["unlike"]["called_unlike"]["val"] <= 0.03
    assert told["unsure"]["threshold"] <= 0.9
    assert told["unsure"]["test"]["right"] == told["unsure"]["test"]["answered"] <= 270
    sure = np.full(300, 0.005)
    assert answered(kept, sure, np.ones(300, bool), np.zeros(300))["test"]["answered"] == 0


def test_training_images_that_belong_together_are_nothing_to_judge_by():
    one = {split: np.ones((1, 3)) for split in ("train", "val", "test")}
    labels = {split: np.zeros(1, int) for split in one}
    assert judge(one, {split: evaluation(labels[split], 0.9) for split in ("val", "test")}, labels, ["a"]) is None
