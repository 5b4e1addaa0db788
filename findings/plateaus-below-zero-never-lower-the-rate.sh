#!/usr/bin/env bash
# One would expect a schedule that lowers the learning rate when a measure stops getting better to do so for any measure.
# PyTorch's ReduceLROnPlateau and Optax's reduce_on_plateau want a value better than the best so far by a small part of it, and
# compute that as best * (1 - 0.0001): below zero this lies on the wrong side of the best. A value that stands still, or even
# one that gets worse by less than a ten-thousandth in each epoch, then counts as the best so far: the rate is never lowered.
# Many measures of classifiers are below zero: a score "the higher, the better" made of a loss (neg_log_loss and all other
# neg_ scorers of scikit-learn, -loss with mode="max"), a log-likelihood, Matthews' coefficient or kappa of a network below
# chance, a loss with a similarity subtracted. Whoever records 1 + the same measure sees the rate fall.
# threshold_mode="abs" with PyTorch; rtol=0 and atol=0.0001 with Optax; or follow the loss itself.
# Seen with torch 2.13.0, optax 0.2.8, JAX 0.10.2, numpy 2.4.6, 30 November 2026. Sources:
# https://github.com/pytorch/pytorch/issues/47513 and https://github.com/google-deepmind/optax/pull/1767, both open
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import jax.numpy as jnp
import optax
import torch
from optax.contrib import reduce_on_plateau

EPOCHS = 40
STILL, WORSE = [0.7] * EPOCHS, [0.7 + 0.00005 * epoch for epoch in range(EPOCHS)]


def by_torch(values, **settings):
    """Return by how much the rate was lowered."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=5, **settings)
    for value in values:
        schedule.step(value)
    return optimizer.param_groups[0]["lr"]


def by_optax(values, **settings):
    schedule = reduce_on_plateau(patience=5, **settings)
    weights = jnp.zeros(1)
    state = schedule.init(weights)
    for value in values:
        _, state = schedule.update(weights, state, value=jnp.float32(value))
    return float(state.scale)


def below(values):
    return [-value for value in values]


print("torch", torch.__version__, "optax", optax.__version__)
found = {
    "torch, a loss that stands still": by_torch(STILL),
    "torch, one that gets worse": by_torch(WORSE),
    "torch, a score of 1 - loss that stands still": by_torch([1 - value for value in STILL], mode="max"),
    "torch, threshold_mode='abs', -loss that stands still": by_torch(below(STILL), mode="max", threshold_mode="abs"),
    "optax, a loss that stands still": by_optax(STILL),
    "optax, atol, a value below zero that stands still": by_optax(below(STILL), rtol=0.0, atol=1e-4),
}
never = {
    "torch, -loss that stands still": by_torch(below(STILL), mode="max"),
    "torch, -loss that gets worse": by_torch(below(WORSE), mode="max"),
    "torch, mode='min', a value below zero that stands still": by_torch(below(STILL)),
    "optax, a value below zero that stands still": by_optax(below(STILL)),
    "optax, one that gets worse": by_optax([-0.7 + 0.00005 * epoch for epoch in range(EPOCHS)]),
}
for name, rate in (found | never).items():
    print(f"{name}: after {EPOCHS} epochs the rate is {rate:g} of what it was")
assert max(found.values()) < 1e-3 and set(never.values()) == {1.0}
PYTHON
