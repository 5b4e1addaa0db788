"""The sheet of `train --augment-preview`, of labels of every form."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import numpy as np
from helpers import call, toy_image
from PIL import Image

from study.train.preview import label_text


def test_images_of_several_labels_have_a_sheet(tmp_path):
    rows = []
    for number in range(12):
        toy_image("circle", number).save(tmp_path / f"{number}.png")
        rows += [f"{number}.png,{label}" for label in (["red"] * (number % 2) + ["round"] * (number % 3 > 0)) or [""]]
    (tmp_path / "labels.csv").write_text("path,label\n" + "\n".join(rows))
    words = ("--data", tmp_path / "labels.csv", "--task", "multilabel", "-m", "lenet", "--augment", "flip,mixup")
    ran = call("train", *words, "--runs", tmp_path / "runs", "--augment-preview")
    assert (ran.code, ran.err) == (0, "")
    with Image.open(tmp_path / "runs" / "augment-preview.png") as sheet:
        assert min(sheet.size) > 500


def test_a_label_is_told_as_a_class_as_several_as_none_and_as_shares():
    names = ("cat", "dog", "none")
    told = [
        label_text(np.array(label), names)
        for label in (1, [1.0, 0, 0], [1.0, 1, 0], [0.0, 0, 0], [0.7, 0.3, 0], [0.3, 0, 0])
    ]
    assert told == ["dog", "cat", "cat, dog", "(none)", "cat 70 %, dog 30 %", "cat 30 %"]
