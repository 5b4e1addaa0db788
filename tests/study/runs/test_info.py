import json

import pytest
from helpers import message
from hypothesis import given, settings
from hypothesis import strategies as st

from study.runs import folder as run_folder
from study.runs.info import fault

SOUND = {
    "model": "lenet",
    "class_names": ["cat", "dog"],
    "image_size": 32,
    "resize": "crop",
    "data": {"folder": "photos", "drawn": False, "masks": None},
    "task": "classify",
    "settings": {},
    "seconds": {"train": 1.5},
}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_what_training_writes_is_sound():
    assert fault(SOUND) == ""
    assert fault(SOUND | {"task": "multilabel", "thresholds": {"cat": 0.5, "dog": 1}}) == ""


CROP = "crop must be an object with to, and a finder where that is mask"
RANGES = "pixel_range must be two numbers, the lower first, for each kind of values"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"model": "../../lenet"}, "model must be a name that a folder may have"),
        ({"model": "C:\\lenet"}, "model must be a name that a folder may have"),
        ({"model": "lenet\x1b[2J"}, "model must be a name that a folder may have"),
        ({"model": "l" * 101}, "model must be a name that a folder may have"),
        ({"class_names": "cat"}, "class_names must be a list of different names"),
        ({"class_names": ["cat", "cat"]}, "class_names must be a list of different names"),
        ({"class_names": ["cat", 7]}, "class_names must be a list of different names"),
        ({"image_size": "32"}, "image_size must be 1 to 4096"),
        ({"image_size": 10**9}, "image_size must be 1 to 4096"),
        ({"image_size": True}, "image_size must be 1 to 4096"),
        ({"resize": "stretch"}, "resize must be crop, pad, squash"),
        ({"pixel_range": [0, 1]}, RANGES),
        ({"pixel_range": {"float": [1]}}, RANGES),
        ({"crop": {"to": "mask"}}, CROP),
        ({"crop": {"to": "mask", "finder": {"model": "unet"}}}, CROP),
        ({"crop": {"to": 1}}, CROP),
        ({"pixel_range": {"float": [2, 1]}}, RANGES),
        ({"data": []}, "data must be an object with the folder of the images"),
        ({"data": {}}, "data must be an object with the folder of the images"),
        ({"data": {"folder": 3}}, "folder must be a path"),
        ({"task": "sing"}, "task must be classify, multilabel, segment"),
        ({"seconds": {"train": None}}, "seconds must be an object of numbers"),
        ({"task": "multilabel"}, "thresholds must be a number of 0 to 1 for each class"),
        ({"task": "multilabel", "thresholds": {"cat": 0.5}}, "thresholds must be a number of 0 to 1 for each class"),
    ],
)
def test_each_value_is_checked_where_it_is_read(tmp_path, changes, wrong):
    assert fault(SOUND | changes) == wrong
    folder = tmp_path / "run"
    folder.mkdir()
    for name in run_folder.FILES:
        (folder / name).write_text("x")
    (folder / "run.json").write_text(json.dumps({"schema": run_folder.SCHEMA, **SOUND, **changes}))
    assert message(run_folder.read_run, folder) == f"{folder / 'run.json'} cannot be read: {wrong}. Train again."


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*SOUND, "files", "pixel_range", "stages", "learning", "thresholds"]), ANY)
def test_no_value_of_json_ends_in_a_traceback(name, value):
    assert isinstance(fault(SOUND | {name: value}), str)


@settings(max_examples=100, deadline=None)
@given(ANY)
def test_no_content_of_json_ends_in_a_traceback(content):
    assert fault(json.loads(json.dumps(content, allow_nan=True)))


def test_a_run_json_without_end_is_not_read(tmp_path):
    for name in run_folder.FILES:
        (tmp_path / name).write_text("x")
    with (tmp_path / "run.json").open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk
    said = message(run_folder.read_run, tmp_path)
    assert said == (
        f"{tmp_path / 'run.json'} cannot be read: it has 1,099,511,627,776 bytes, and the limit is 268,435,456. "
        "Train again."
    )
