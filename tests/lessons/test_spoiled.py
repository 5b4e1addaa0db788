"""Bursts of drawings and a spoiled copy: what was planted is there, and `check` finds it."""

import numpy as np
import pytest

from data.drawn.folder import cached
from lessons import bursts, spoiled
from lessons.training import read


def test_shots_of_a_scene_are_near_duplicates_and_scenes_are_not(tmp_path):
    folder = bursts.write(tmp_path, scenes=4, shots=3)
    dataset = read(str(folder), image_size=32)
    names = [record.name for record in dataset.images.records]
    scenes = bursts.scene_numbers(names)
    assert np.bincount(scenes).tolist() == [3] * 12
    assert len({name.partition("/")[0] for name in names}) == 3
    pixels = np.asarray(dataset.images.pixels[np.arange(len(names))], float)
    pixels -= pixels.mean(axis=(1, 2), keepdims=True)  # the light differs
    distances = np.abs(pixels[:, None] - pixels[None]).mean(axis=(2, 3, 4))
    same = scenes[:, None] == scenes[None]
    assert np.median(distances[same]) < np.median(distances[~same]) / 2


def test_fresh_drawings_are_as_many_of_each_class_and_in_no_data_set():
    pixels, labels = bursts.fresh(3)
    assert pixels.shape == (9, 32, 32, 3)
    assert pixels.dtype == np.uint8
    assert labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.slow
def test_check_finds_what_was_spoiled(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    dataset = read(str(cached(count=60)), image_size=32)
    done = spoiled.spoil(dataset, tmp_path / "copy", number=8)
    for name in done:
        assert (tmp_path / "copy" / name).is_file()
    findings = spoiled.look(tmp_path / "copy", tmp_path / "out")
    assert {path for _, _, path in findings} >= set(done)
    assert sum(spoiled.counted(findings).values()) == len(findings)
    assert (tmp_path / "out" / "check.html").is_file()
    with pytest.raises(ValueError, match="received number=7; right is 8 or more"):
        spoiled.spoil(dataset, tmp_path / "more", number=7)
