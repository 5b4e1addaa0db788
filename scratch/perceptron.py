"""The perceptron: one neuron with a step for its activation, and what it takes to compute XOR.

    output   y = step(x w + b),  step(a) = 1 if a > 0, else 0
    rule     w += r (t - y) x        b += r (t - y)          only a mistake changes anything

The rule finds weights without a mistake wherever some exist, that is where a straight line (a plane) divides the two
classes (Novikoff 1962). No line does so for XOR: with b <= 0, w1 + b > 0 and w2 + b > 0, the sum w1 + w2 + b is greater
than -b >= 0, but (1, 1) asks for one that is not. A layer in between, here NAND and OR, moves the four points to places
that a line divides.

Source: Rosenblatt, The perceptron, Psychological Review 65 (1958); Minsky, Papert, Perceptrons (MIT Press 1969).
"""

import numpy as np

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)  # all there are of two bits
GATES = {
    "AND": np.array([0.0, 0.0, 0.0, 1.0]),
    "OR": np.array([0.0, 1.0, 1.0, 1.0]),
    "NAND": np.array([1.0, 1.0, 1.0, 0.0]),
    "XOR": np.array([0.0, 1.0, 1.0, 0.0]),
}
# By hand: two hidden neurons, NAND and OR, and one that is AND of them. A matrix is (inputs, outputs).
HIDDEN = np.array([[-2.0, 2.0], [-2.0, 2.0]]), np.array([3.0, -1.0])
OUTPUT = np.array([[2.0], [2.0]]), np.array([-3.0])


def step(a: np.ndarray) -> np.ndarray:
    """1 above 0, else 0; its slope is 0 wherever it has one, so that no gradient says how to change a weight."""
    return (a > 0).astype(float)


def layer(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A layer of such neurons: (N, inputs) -> (N, outputs)."""
    return step(x @ w + b)


def xor_by_hand(x: np.ndarray) -> np.ndarray:
    """XOR by the two layers above: (N, 2) -> (N,)."""
    return layer(layer(x, *HIDDEN), *OUTPUT)[:, 0]


def learn(x: np.ndarray, t: np.ndarray, epochs: int, rate: float = 1.0) -> tuple[np.ndarray, float, list[int]]:
    """Follow the rule from w = 0, b = 0, point by point; return w, b and how many mistakes each epoch made.

    It ends with the first epoch that makes none. x is (N, inputs), t (N,) of 0 and 1.
    """
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    while len(mistakes) < epochs and (not mistakes or mistakes[-1] > 0):
        mistakes.append(0)
        for point, right in zip(x, t, strict=True):
            error = right - float(step(point @ w + b))
            w, b = w + rate * error * point, b + rate * error
            mistakes[-1] += int(error != 0)
    return w, b, mistakes


if __name__ == "__main__":
    for name, right in GATES.items():
        w, b, mistakes = learn(INPUTS, right, 12)
        found = f"w = {w}, b = {b:g}" if mistakes[-1] == 0 else "no weights found"
        print(f"{name:4} mistakes epoch by epoch {mistakes}: {found}")
    print("XOR by a hidden layer of NAND and OR:", xor_by_hand(INPUTS))
