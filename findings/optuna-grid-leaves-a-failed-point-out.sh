#!/usr/bin/env bash
# One would expect a grid search to end with a value for every point, and a trial that failed (no memory, a full disk, a killed
# machine) to be tried again when the study goes on. GridSampler counts a failed trial as a point that is done: the search ends
# by itself with a hole, and going on tries a point once more that has a value, never the one that has none. So does
# BruteForceSampler, on purpose.
# The best setting may be the one that was never judged: large networks and large batches are what fails.
# Compare the values that there are with the grid, or enqueue_trial the points of failed trials.
# Seen with Optuna 5.0.0, 30 November 2026. Source: https://github.com/optuna/optuna/pull/4721 (kept so on purpose) and
# https://github.com/optuna/optuna/issues/3256
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check optuna==5.0.0
cd "$work"
venv/bin/python - <<'PYTHON'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
BATCHES = [16, 32, 64, 128]
full = True  # the machine's memory, for the time being


def train(trial):
    size = trial.suggest_categorical("batch_size", BATCHES)
    if size == 128 and full:
        raise MemoryError
    return 1 / size


def judged(study):
    """Return the points that have a value, and how many trials there were."""
    points = [trial.params["batch_size"] for trial in study.trials if trial.value is not None]
    print(f"{len(study.trials)} trials, with a value: {points}")
    return {*points}, len(study.trials)


print("optuna", optuna.__version__)
for sampler in (optuna.samplers.GridSampler({"batch_size": BATCHES}, seed=0), optuna.samplers.BruteForceSampler(seed=0)):
    full, study = True, optuna.create_study(sampler=sampler)
    print(type(sampler).__name__)
    study.optimize(train, catch=(MemoryError,))  # ends by itself
    assert judged(study) == ({16, 32, 64}, 4)
    full = False
    study.optimize(train, n_trials=1)
    assert judged(study)[0] == {16, 32, 64}
PYTHON
