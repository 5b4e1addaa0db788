"""The perceptron learns what a line divides, and XOR takes a hidden layer."""

import numpy as np
import pytest

from scratch import perceptron
from scratch.perceptron import GATES, INPUTS


@pytest.mark.parametrize("gate", ["AND", "OR", "NAND"])
def test_the_rule_finds_a_line_where_there_is_one(gate):
    w, b, mistakes = perceptron.learn(INPUTS, GATES[gate], 50)
    assert mistakes[-1] == 0
    np.testing.assert_array_equal(perceptron.step(INPUTS @ w + b), GATES[gate])


def test_it_makes_mistakes_on_xor_in_every_epoch():
    mistakes = perceptron.learn(INPUTS, GATES["XOR"], 50)[2]
    assert len(mistakes) == 50
    assert min(mistakes) > 0


def test_the_rate_changes_the_size_of_the_weights_alone():
    w, b, mistakes = perceptron.learn(INPUTS, GATES["AND"], 50)
    halved = perceptron.learn(INPUTS, GATES["AND"], 50, rate=0.5)
    assert mistakes == halved[2]
    np.testing.assert_allclose([*w, b], [2 * value for value in (*halved[0], halved[1])])


def test_a_hidden_layer_of_nand_and_or_computes_xor():
    hidden = perceptron.layer(INPUTS, *perceptron.HIDDEN)
    np.testing.assert_array_equal(hidden, np.stack([GATES["NAND"], GATES["OR"]], axis=1))
    np.testing.assert_array_equal(perceptron.xor_by_hand(INPUTS), GATES["XOR"])


def test_the_step_is_zero_at_zero():
    np.testing.assert_array_equal(perceptron.step(np.array([-1.0, 0.0, 1e-9])), [0, 0, 1])
