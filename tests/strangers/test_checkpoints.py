"""Checkpoints of strangers: whatever stands in them under a name that fits, they are taken, or it is said why not."""

import hashlib
import io
import json
import math
import random
import zipfile

import numpy as np
import pytest
from hypothesis import strategies as st
from mutations import changed_bytes, changed_values, fuzz

from errors import UserError
from study.checkpoint import comparison, files, unfinished
from study.checkpoint.files import Checkpoint
from study.fit import restored

pytestmark = [pytest.mark.slow, pytest.mark.soak]
ROW = {"epoch": 1, "stage": "scratch", "image_size": 32, "loss": 0.5, "accuracy": 0.5, "seconds": 1.0}
PRECISION = {"precision": "float32", "reason": "asked for", "images_per_second": {}}
ASKED = {
    **{"schema": 1, "model": "original", "begun": "2026-01-01T00:00:00", "data": "0f", "program": "1f", "threads": 2},
    **{"flags": {"epochs": "3"}, "settings": {"epochs": 3, "l2": 0.5}, "versions": {"keras": "3.15.1"}},
}


def sound():
    drawn, shared = random.Random(0).getstate(), np.random.RandomState(0).get_state()
    state = {
        "outcomes": [{"history": [ROW], "kept_epoch": 1, "ended": "at the end", "precision": PRECISION}],
        "precision": PRECISION,
        "seconds": 1.5,
        "standing": {"phase": 0, "epoch": 2, "iteration": 1},
        "callbacks": {
            "EarlyStopping": {"wait": 1, "best": math.inf},
            "Divergence": {"start": None, "end": math.nan, "broken": "", "iterations": 3},
            "EpochLines": {"rows": [ROW]},
        },
        "random": {"python": [drawn[0], list(drawn[1]), None], "numpy": [shared[0], shared[1].tolist(), *shared[2:]]},
    }
    arrays = {name: [np.ones((2, 3), np.float32)] for name in ("whole", "model", "optimizer", "metrics", "best")}
    return Checkpoint(state, arrays | {"augmentation": [np.zeros(3, np.int64)]})


def kept(folder, content):
    """Write a checkpoint file under the name that its content asks for, as a stranger could, and no other."""
    for path in files.files_of(folder):
        path.unlink()
    path = folder / f"00000001-{hashlib.sha256(content).hexdigest()[:16]}.npz"
    path.write_bytes(content)
    return path


def taken(folder, path):
    """Do with a checkpoint what a training that goes on, and `runs`, do."""
    found = unfinished.Found(folder, ASKED, False)
    assert isinstance(found.place(), str)
    checkpoint, _ = unfinished.load(found)
    restored.check(checkpoint, str(path))
    unfinished.place_of(checkpoint.state)


def test_a_sound_one_is_taken(tmp_path):
    taken(tmp_path, files.write(tmp_path, sound()))
    files.write(tmp_path, Checkpoint({**sound().state, "standing": None}, {"whole": sound().arrays["whole"]}))
    taken(tmp_path, tmp_path)


def test_changed_bytes_are_taken_or_refused(tmp_path):
    content = files.write(tmp_path, sound()).read_bytes()
    fuzz("checkpoint files", changed_bytes(content), lambda case: taken(tmp_path, kept(tmp_path, case)))


def test_a_changed_state_is_taken_or_refused(tmp_path):
    path = files.write(tmp_path, sound())
    with zipfile.ZipFile(path) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}

    def read(state):
        told, whole = io.BytesIO(), io.BytesIO()
        np.save(told, np.frombuffer(json.dumps(state).encode(), np.uint8))
        with zipfile.ZipFile(whole, "w") as archive:
            for name, content in {**parts, "state.npy": told.getvalue()}.items():
                archive.writestr(name, content)
        taken(tmp_path, kept(tmp_path, whole.getvalue()))

    counts = {name: len(arrays) for name, arrays in sound().arrays.items()}
    fuzz("states of checkpoints", changed_values({"state": sound().state, "arrays": counts}), read)


def test_a_changed_training_json_is_taken_or_refused(tmp_path):
    folder = tmp_path / unfinished.FOLDER / "20260101-000000-original"
    folder.mkdir(parents=True)
    files.write(folder, sound())
    content = json.dumps(ASKED, indent=1)

    def read(case):
        (folder / unfinished.ASKED).write_bytes(case if isinstance(case, bytes) else json.dumps(case).encode())
        for found in unfinished.found_in(tmp_path):
            assert isinstance(found.place(), str)
        asked = unfinished.find(folder.name, tmp_path).asked
        comparison.differences(asked, ASKED, "--{}".format)
        comparison.remedy(asked, ASKED, "--{}".format)
        comparison.remedy(ASKED, asked, "--{}".format)
        comparison.differences(ASKED, asked, "--{}".format)

    fuzz("training.json", st.one_of(changed_values(ASKED), changed_bytes(content.encode())), read)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (
            {"standing": {"phase": 0, "epoch": -1, "iteration": 0}},
            "standing must be a phase, an epoch and an iteration",
        ),
        ({"seconds": math.inf}, "seconds must be how long it had trained"),
        ({"outcomes": [{"history": []}]}, "outcomes must be a list of what each stage did"),
        ({"precision": {**PRECISION, "precision": "int8"}}, "precision must be float32 or bfloat16"),
        ({"callbacks": {"EarlyStopping": {"wait": "x"}}}, "callbacks must be what each of them remembers"),
        ({"random": {"python": [3, [1], None], "numpy": []}}, "a value is missing or of another kind (state vector is"),
    ],
)
def test_each_value_of_a_state_is_checked(change, wrong):
    found = sound()
    with pytest.raises(UserError) as error:
        restored.check(Checkpoint({**found.state, **change}, found.arrays), "it")
    assert str(error.value).startswith(f"it is no checkpoint of this program: {wrong}")
    assert str(error.value).endswith("Train anew without --resume.")
