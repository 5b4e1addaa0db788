"""`train --backend`: what it refuses."""

from importlib.util import find_spec

import pytest
from helpers import QUICK, call, fails

from study.settings.run import BACKENDS

REFUSED = {
    "theano": "--backend takes tensorflow, jax, torch, openvino. Received: theano",
    "jax -m efficientnet_lite --engine tensorflow": (
        "--engine tensorflow takes a network as TensorFlow has it. Received: --backend jax; leave one of the two out."
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_go_with_it_is_refused(words, tmp_path):
    fails(call("train", "--runs", tmp_path / "runs", "--backend", *words.split()), REFUSED[words], tmp_path / "runs")


@pytest.mark.parametrize("command", ["crossval", "ensemble"])
def test_the_backend_of_a_head_is_for_one_training(command, toy, tmp_path):
    ran = call(command, "--data", toy, "-m", "efficientnet_lite", "--backend", "openvino", "--runs", tmp_path / "runs")
    told = f"--backend openvino is for the head of one train. Received: {command}; leave it out."
    fails(ran, told, tmp_path / "runs")


@pytest.mark.parametrize("name", [name for name in BACKENDS if find_spec(name) is None])
def test_one_that_is_not_installed_is_told_with_the_remedy(name, toy, tmp_path, monkeypatch):
    told = f"--backend {name}, or KERAS_BACKEND: {name} is not installed. Run: python -m pip install {name}"
    words = ("train", "--data", toy, *QUICK, "--runs", tmp_path / "runs")
    fails(call(*words, "--backend", name), told, tmp_path / "runs")
    monkeypatch.setenv("KERAS_BACKEND", name)
    fails(call(*words), told, tmp_path / "runs")
