#!/usr/bin/env bash
# One would expect CheckpointManager.save(step, …) to save, or to say that it does not. Where the folder holds a later step it
# writes nothing and returns False, which nobody looks at; there is no warning and no line in the log, for an equal step
# neither. So a training that starts over in the same folder with mended code or labels, or goes back to step 1,000 of 3,000
# with a lower rate, saves nothing until it passes the old last step; where it is no longer than the first one, never. What is
# restored afterwards, under the very step that was just trained, is the network of the first training.
# force=True saves below the latest step (and drops with max_to_keep whatever was written longest ago), but not over an equal
# step: it raises StepAlreadyExistsError there. The docstring of save speaks of steps that the options do not permit; that the
# order counts is said in an answer to an issue.
# A folder for each training, or delete(step) of the later ones first; assert that save returned True.
# Seen with orbax-checkpoint 0.12.8, jax 0.10.2, numpy 2.4.6, 1 December 2026. Source:
# https://github.com/google/orbax/issues/527
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check orbax-checkpoint==0.12.8 jax==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu venv/bin/python - <<'PYTHON'
import logging
import pathlib
import warnings
from importlib.metadata import version

import jax
import numpy as np
import orbax.checkpoint as ocp

warned = []
warnings.showwarning = lambda message, *rest, **more: warned.append(str(message))
handler = logging.Handler(logging.WARNING)
handler.emit = lambda record: warned.append(record.getMessage())
logging.getLogger().addHandler(handler)
logging.getLogger("absl").addHandler(handler)


def manager():
    return ocp.CheckpointManager(pathlib.Path("checkpoints").resolve(), options=ocp.CheckpointManagerOptions(max_to_keep=3))


def train(name, steps, training, **options):
    """Save weights that hold the number of the training; return what save answered."""
    with manager() as saved:
        answers = [
            saved.save(step, args=ocp.args.StandardSave({"weights": np.full(3, training)}), **options) for step in steps
        ]
        saved.wait_until_finished()
    with manager() as saved:
        holds = {step: int(saved.restore(step, args=ocp.args.StandardRestore())["weights"][0]) for step in saved.all_steps()}
    print(f"{name}: save answered {answers}; the folder holds, as step: training, {holds}")
    return answers, holds


print("orbax-checkpoint", version("orbax-checkpoint"), "jax", jax.__version__, "numpy", np.__version__)
first = train("training 1", (1000, 2000, 3000), 1)
assert first == ([True] * 3, {1000: 1, 2000: 1, 3000: 1})
warned.clear()
again = train("training 2, from the start", (1000, 2000, 3000), 2)
assert again == ([False] * 3, first[1])
between = train("training 3, from step 1000 on", (1500, 2500, 2999), 3)
assert between == ([False] * 3, first[1])
print("warnings:", warned)
assert not warned
later = train("training 4, up to step 3500", (500, 1500, 2500, 3500), 4)
assert later == ([False] * 3 + [True], {2000: 1, 3000: 1, 3500: 4})

forced = train("training 5, force=True", (100, 200), 5, force=True)
assert forced[0] == [True, True] and forced[1] == {100: 5, 200: 5, 3500: 4}
with manager() as saved:
    try:
        saved.save(3500, args=ocp.args.StandardSave({"weights": np.full(3, 6)}), force=True)
        error = None
    except Exception as raised:
        error = type(raised).__name__
    print("force=True on an equal step:", error)
    for step in saved.all_steps():
        saved.delete(step)
assert error == "StepAlreadyExistsError"
assert train("training 7, later steps deleted", (100, 200), 7) == ([True, True], {100: 7, 200: 7})
PYTHON
