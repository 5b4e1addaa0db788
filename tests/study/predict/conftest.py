"""A run whose verdicts a test decides."""

import json
import shutil

import numpy as np
import pytest

from study.confidence import known
from study.confidence.known import Known


@pytest.fixture
def judging(run, tmp_path):
    """A copy of the trained run whose validation had so many sure answers, so many of them wrong, and this limit.

    `probability` is that of the right ones, `wrong_at` that of the wrong ones; the last `unlike` of them are beyond the
    limit; `names` renames classes; what else is given goes into `run.json`.
    """

    def copy(images=400, wrong=0, limit=2.0, probability=0.3, wrong_at=0.3, names=None, unlike=0, **facts):
        folder = shutil.copytree(run, tmp_path / "run", dirs_exist_ok=True)
        info = json.loads((folder / "run.json").read_text())
        kept = known.read(run, info)
        right = np.arange(images) >= wrong
        far = np.where(np.arange(images) < images - unlike, 0, 2 * limit).astype(np.float32)
        largest = np.where(right, probability, wrong_at).astype(np.float32)
        known.write(folder, Known(kept.directions, limit, largest, right, far))
        info["verdicts"]["unlike"]["limit"] = limit
        info["files"].pop("known.npz")
        split = (folder / "split.csv").read_text()
        for old, new in (names or {}).items():
            info["class_names"] = [new if name == old else name for name in info["class_names"]]
            split = split.replace(f",{old},", f",{new},")
        (folder / "split.csv").write_text(split)
        (folder / "run.json").write_text(json.dumps(info | facts))
        return folder

    return copy
