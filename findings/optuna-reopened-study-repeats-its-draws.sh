#!/usr/bin/env bash
# One would expect a seeded search that is stopped and opened again (load_if_exists=True) to go on where it was. The trials are
# kept, the state of the sampler is not: it begins with its first draws again, so that a search of random settings that is
# opened three times tries the same settings three times, and the ten first trials of TPE, which are random, come again. The
# count of trials grows as if something had been tried.
# To workers that open one study at once with the same seed the same happens: all try the same settings.
# Seed by the number of trials so far, seed + len(study.trials), or leave the seed out when going on.
# Seen with Optuna 5.0.0, 30 November 2026. Source: https://github.com/optuna/optuna/issues/3255 and
# https://github.com/optuna/optuna/pull/3992
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check optuna==5.0.0
cd "$work"
venv/bin/python - <<'PYTHON'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def opened(name, sampler, times, seed_of=lambda study: 0):
    """Open a study again and again for four trials each; return how many different settings it tried."""
    for _ in range(times):
        study = optuna.create_study(study_name=name, storage="sqlite:///search.db", load_if_exists=True)
        study.sampler = sampler(seed=seed_of(study))
        study.optimize(lambda trial: trial.suggest_float("learning_rate", 0, 1), n_trials=4)
    rates = [round(trial.params["learning_rate"], 4) for trial in study.trials]
    print(f"{name}: {len(rates)} trials, {len({*rates})} different: {rates}")
    return len({*rates})


print("optuna", optuna.__version__)
assert opened("random, 3 times", optuna.samplers.RandomSampler, 3) == 4
assert opened("TPE, 2 times", optuna.samplers.TPESampler, 2) == 4
assert opened("seeded anew, 3 times", optuna.samplers.RandomSampler, 3, lambda study: len(study.trials)) == 12
PYTHON
