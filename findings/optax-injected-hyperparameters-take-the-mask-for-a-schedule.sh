#!/usr/bin/env bash
# One would expect optax.inject_hyperparams(optax.adamw)(rate, mask=matrices_only), the way to look at the learning rate or to
# change it, to train as optax.adamw(rate, mask=matrices_only) does. Every argument that can be called is taken for a schedule
# there: the mask's function is handed the number of the step instead of the weights. The usual one, tree.map(lambda weight:
# weight.ndim > 1, …) with a step of no dimensions, says False, and one False for the whole tree switches weight decay off; its
# twin weight.ndim != 1 says True, and biases and the scales of normalization are decayed as well. Nothing is said of either.
# Here the kernel ends 2.7 times as large as with decay, or a quarter is left of the biases that nothing should pull at. Whoever
# compares amounts of decay so compares runs that differ by chance, or networks with other biases.
# inject_hyperparams(optax.adamw, static_args="mask"), or a mask that is a tree of True and False; compare one update of both.
# Seen with optax 0.2.8, jax 0.10.2, 30 November 2026. Sources: https://github.com/google-deepmind/optax/issues/57,
# https://optax.readthedocs.io/en/latest/api/optimizer_schedules.html#optax.schedules.inject_hyperparams
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check optax==0.2.8 jax==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu venv/bin/python - <<'PYTHON'
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import optax

warnings.simplefilter("error", UserWarning)  # there are none
rng = np.random.default_rng(0)
images = rng.normal(size=(400, 16))
labels = (images @ rng.normal(size=(16, 4)) + 2 * np.arange(4)).argmax(1)
start = {"kernel": jnp.asarray(rng.normal(size=(16, 4)), jnp.float32), "bias": 2.0 * jnp.arange(4)}


def more_than_one(weights):
    return jax.tree.map(lambda weight: jnp.ndim(weight) > 1, weights)


def other_than_one(weights):
    return jax.tree.map(lambda weight: jnp.ndim(weight) != 1, weights)


@jax.grad
def slope(weights):
    logits = images @ weights["kernel"] + weights["bias"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def train(name, optimizer, mask):
    """Return what one step without a gradient takes from each, as shares of it, and the sizes after 500 steps."""
    make = optimizer(0.01, weight_decay=1.0, mask=mask)
    nothing = jax.tree.map(jnp.zeros_like, start)
    taken = make.update(nothing, make.init(start), start)[0]
    decays = {key: bool(np.any(np.asarray(taken[key]) != 0)) for key in start}
    weights, state = start, make.init(start)
    step = jax.jit(lambda weights, state: make.update(slope(weights), state, weights))
    for _ in range(500):
        updates, state = step(weights, state)
        weights = optax.apply_updates(weights, updates)
    sizes = {key: float(jnp.linalg.norm(weights[key])) for key in start}
    print(f"{name}, {getattr(mask, '__name__', 'a tree')}: decayed {decays}, sizes", *(f"{s:.2f}" for s in sizes.values()))
    return decays, sizes


print("optax", optax.__version__, "jax", jax.__version__)
injected = optax.inject_hyperparams(optax.adamw)
held = optax.inject_hyperparams(optax.adamw, static_args="mask")
kernel_only = {"kernel": True, "bias": False}
plain = [train("adamw", optax.adamw, mask) for mask in (more_than_one, other_than_one)]
kept = [train("static_args", held, mask) for mask in (more_than_one, other_than_one)]
kept.append(train("injected", injected, more_than_one(start)))
assert all(decays == kernel_only for decays, _ in plain + kept)
none, sizes = train("injected", injected, more_than_one)
both, small = train("injected", injected, other_than_one)
assert none == {"kernel": False, "bias": False} and both == {"kernel": True, "bias": True}
assert sizes["kernel"] > 1.5 * plain[0][1]["kernel"] and small["bias"] < plain[0][1]["bias"] / 2
PYTHON
