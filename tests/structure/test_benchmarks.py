"""Benchmarks run, on very little: what they call is renamed now and then, and nobody runs all of them each day."""

import os
import subprocess
import sys

import pytest
from helpers import QUICK, ROOT, call, make_toy

SLOW, SOAK = pytest.mark.slow, pytest.mark.soak  # some of those that take long are left to `make soak`


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of images and a run that learned from them."""
    folder = tmp_path_factory.mktemp("benchmarks")
    make_toy(folder / "data")
    ended = call("train", "--data", folder / "data", *QUICK, "--epochs", 1, "--runs", folder / "runs")
    assert ended.code == 0, ended.err
    (run,) = (folder / "runs").iterdir()
    run.rename(folder / "run")
    return folder


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        pytest.param("store.py --rows 300 --images 60", "300 rows written", marks=SLOW),
        pytest.param("predict.py --data DATA --run RUN --images 24", "images/s", marks=SLOW),
        pytest.param("phone_photos.py --data DATA --run RUN --photos 2", "core-milliseconds a photo", marks=SLOW),
        pytest.param("serve.py --data DATA --run RUN --callers 2 --seconds 1 --hostile 20", "20 answered", marks=SLOW),
        pytest.param("checkpoint.py --model lenet --epochs 40 --data DATA", "of it checkpoints", marks=SOAK),
        pytest.param("slim_features.py --images 4", "cosine", marks=SOAK),
        pytest.param("near_duplicates.py --data DATA --copies 2 --sizes 40 80", "exponent", marks=SLOW),
        pytest.param("label_errors.py --data DATA --seeds 0", "recall", marks=SLOW),
        pytest.param("head.py --data DATA --seeds 0", "cross-entropy", marks=SOAK),
    ],
    ids=lambda words: words.partition(".")[0],
)
def test_it_runs(place, words, printed, tmp_path):
    asked = [str(place / word.lower()) if word.isupper() else word for word in words.split()]
    environment = os.environ | {"STUDY_CACHE": str(tmp_path / "store")}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / asked[0]), *asked[1:]],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert printed in ended.stdout
