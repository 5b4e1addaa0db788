"""`summary`: its figures by hand, by the papers and by Keras."""

import re
import socket

import pytest
from helpers import ROOT, call

import models
from models.parts.weights import build_backbone


@pytest.fixture(scope="module")
def summaries():
    return {}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Nothing is downloaded to describe a model."""

    def refused(*_, **__):
        raise AssertionError("summary asks the network")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)


def summary_of(name, summaries):
    if name not in summaries:
        ran = call("summary", "-m", name)
        assert (ran.code, ran.err) == (0, "")
        summaries[name] = ran.out
    return summaries[name]


def figure(text, key):
    return int(re.search(rf"^{key} +([\d,]+)", text, re.M)[1].replace(",", ""))


@pytest.mark.parametrize("name", models.available())
def test_summary_tells_everything(name, summaries):
    text, spec = summary_of(name, summaries), models.get(name).SPEC
    for key in ("parameters", "multiply-adds", "size", "input", "output", "learning", "weights", "paper"):
        assert re.search(rf"^{key} +\S", text, re.M), key
    assert f"{spec.image_size} × {spec.image_size} pixels" in text
    assert spec.source in text
    assert spec.weights_source in text
    assert f"size             {4 * figure(text, 'parameters') / 2**20:.1f} MiB" in text
    assert "Conv2D" in text


@pytest.mark.parametrize("name", models.available())
def test_a_default_that_the_model_replaces_is_named_as_a_flag(name, summaries):
    """What `train --help` gives as the default does not hold for it."""
    spec = models.get(name).SPEC
    own = {key.replace("_", "-"): value for key, value in spec.defaults.items() if key not in spec.supports}
    told = re.search(r"^defaults +(\S.*)", summary_of(name, summaries), re.M)
    words = re.findall(r"--(\S+) (\S+)", told[1]) if told else []
    assert {key: value if isinstance(own[key], str) else float(value) for key, value in words} == own


@pytest.mark.parametrize("name", models.available())
def test_the_readme_has_the_numbers_of_summary(name, summaries):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    parameters, operations = re.search(rf"^\| `{name}` \|.*?\| ([\d,.]+) M \| ([\d,.]+) M \|", readme, re.M).groups()
    for told, key in ((parameters, "parameters"), (operations, "multiply-adds")):
        decimals = len(told.partition(".")[2])
        assert told == f"{figure(summary_of(name, summaries), key) / 1e6:,.{decimals}f}", key


def test_summary_of_original_by_hand():
    text = call("summary", "-m", "original", "--image-size", 64).out
    one, two, three, four = models.get("original").FILTERS
    kernels = [5 * 5 * 3 * one, 3 * 3 * one * two, 3 * 3 * two * three, 3 * 3 * three * four]
    normalisation = 4 * (one + two + three + four)  # scale, shift, and two statistics that do not learn
    assert figure(text, "parameters") == sum(kernels) + normalisation
    assert f"{sum(kernels) + normalisation // 2:,} learn from scratch, {normalisation // 2:,} never" in text
    sides = (32, 16, 8, 4)  # stride 2, then a pooling before each further block
    costs = [kernel * side**2 for kernel, side in zip(kernels, sides, strict=True)]
    assert figure(text, "multiply-adds") == sum(costs)
    (line,) = [line for line in text.splitlines() if "block1_conv" in line]
    assert line.split()[-2:] == [f"{kernels[0]:,}", f"{costs[0]:,}"]


@pytest.mark.parametrize(
    ("name", "parameters", "least", "most"),
    [
        ("resnet", 23_587_712, 3.8e9, 4.1e9),  # https://arxiv.org/abs/1512.03385, table 1: 3.8 billion
        ("efficientnet", 4_049_571, 0.36e9, 0.41e9),  # https://arxiv.org/abs/1905.11946, table 2: 0.39 billion
        ("efficientnet_lite", None, 0.38e9, 0.41e9),  # its authors give 407 million
        ("efficientnet_lite1", None, 0.59e9, 0.64e9),  # 631 million
        ("efficientnet_lite2", None, 0.85e9, 0.90e9),  # 899 million
    ],
)
def test_summary_agrees_with_the_papers(name, parameters, least, most, summaries):
    text = summary_of(name, summaries)
    assert least <= figure(text, "multiply-adds") <= most
    if parameters:
        assert figure(text, "parameters") == parameters


def test_summary_counts_as_keras_does(summaries):

    counted = build_backbone("original", 64, "none").count_params()
    assert figure(summary_of("original", summaries), "parameters") == counted
    assert figure(summary_of("original", summaries), "frozen backbone +0 of") == counted
