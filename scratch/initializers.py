"""With which weights to begin: 0 for a bias, small random numbers for a kernel, so wide that signals stay alive.

A sum of fan_in products w x has the variance fan_in Var(w) Var(x). For the signal to keep its size through many
layers, Var(w) must be about 1 / fan_in; on the way back, where fan_out gradients are summed, about 1 / fan_out:

    lecun    Var(w) = 1 / fan_in                 LeCun et al., Efficient BackProp (1998)
    glorot   Var(w) = 2 / (fan_in + fan_out)     Glorot, Bengio (AISTATS 2010): both ways, the mean
    he       Var(w) = 2 / fan_in                 He et al., https://arxiv.org/abs/1502.01852: relu drops one half

Each as a uniform distribution on +-sqrt(3 Var(w)) or as a normal one, cut off at two of its standard deviations.
All weights equal, such as all zero, would stay equal: every unit of a layer would get the same gradient.

The first layer can do better than chance, as what it will see is known: its filters may begin as the directions along
which patches of the pictures are largest (after Krähenbühl et al., https://arxiv.org/abs/1511.06856). No mean is taken
away before, so the first of them is about the mean patch.
"""

import math

import numpy as np

# The standard deviation of a standard normal that is cut off at +-2.
CUT_NORMAL = 0.87962566103423978


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return fan_in and fan_out of a matrix (in, out) or a kernel (height, width, in, out)."""
    cells = math.prod(shape[:-2])  # a unit sees, and is seen by, that many places
    return cells * shape[-2], cells * shape[-1]


def variance(scheme: str, shape: tuple[int, ...]) -> float:
    """Return the Var(w) that "lecun", "glorot" or "he" ask for."""
    fan_in, fan_out = fans(shape)
    return {"lecun": 1 / fan_in, "glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in}[scheme]


def constant(shape: tuple[int, ...], value: float = 0.0) -> np.ndarray:
    """The same value everywhere; 0 for biases and beta, 1 for gamma."""
    return np.full(shape, value, np.float32)


def normal(shape: tuple[int, ...], rng: np.random.Generator, stddev: float = 0.05) -> np.ndarray:
    """A fixed width, whatever the shape: fine for one layer, too much or too little for a stack."""
    return rng.normal(0, stddev, shape).astype(np.float32)


def cut_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Standard normal numbers, those beyond +-2 drawn again: no single weight outshouts the others."""
    values = rng.standard_normal(shape)
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = rng.standard_normal(beyond.sum())
    return values


def scaled(scheme: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw by a name such as "he_normal" or "glorot_uniform", the two parts of the docstring above."""
    name, distribution = scheme.split("_")
    stddev = math.sqrt(variance(name, shape))
    if distribution == "uniform":
        values = rng.uniform(-math.sqrt(3) * stddev, math.sqrt(3) * stddev, shape)
    else:
        values = cut_normal(shape, rng) * stddev / CUT_NORMAL
    return values.astype(np.float32)


def principal_pairs(patches: np.ndarray, filters: int) -> np.ndarray:
    """Directions of the largest second moments of patches, with both signs: (n, values) -> (values, 2 pairs).

    Pairs are half as many as filters, or as many as values if that is less. The products of a patch with two
    directions are 0 on average. relu drops the negative ones, hence both signs.
    """
    directions = np.linalg.eigh(patches.T @ patches)[1][:, ::-1]  # eigh sorts upwards
    directions = directions[:, : filters // 2]
    return np.concatenate([directions, -directions], axis=1).astype(np.float32)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    for shape in ((100, 100), (100, 400), (3, 3, 16, 32)):
        print(f"{shape}: fan_in, fan_out = {fans(shape)}")
        for scheme in ("lecun", "glorot", "he"):
            drawn = {kind: scaled(f"{scheme}_{kind}", shape, rng) for kind in ("uniform", "normal")}
            told = ", ".join(f"{kind} {w.std():.3f} within ±{abs(w).max():.3f}" for kind, w in drawn.items())
            print(f"  {scheme:6} asks for {math.sqrt(variance(scheme, shape)):.3f}; drawn: {told}")
