"""What a stage shows while it trains: on a terminal, in a file, and with `--verbose`."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import contextlib
import io
import re

import keras
import pytest
from small import features, noisy_images, settings, tiny

from models.parts.head import classifier, head
from study.fit import loop
from study.fit.training_copy import PrecisionChoice
from study.inference.engine import EngineChoice
from study.runtime import console
from study.settings.stages import Stage

EPOCHS = 5
SCRATCH = Stage("scratch", 2, 8, 1e-3)
LINE = r"^head epoch +\d/5  loss [\d.]+  accuracy [\d.]+  val_loss [\d.]+  val_accuracy [\d.]+  [\d.]+ s$"


class Terminal(io.StringIO):
    """A screen, as far as a program can tell."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Return the function that gives back what an action shows on a terminal, cursor and all."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(console.console, "is_interactive", True)  # settled when the program begins

    def shown(action, error=None):
        screen = Terminal()
        with contextlib.redirect_stdout(screen), pytest.raises(error) if error else contextlib.nullcontext():
            action()
        text = screen.getvalue()
        assert text.count("\x1b[?25l") == text.count("\x1b[?25h") > 0  # the cursor is there again
        return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", text).replace("\r", "\n")

    return shown


def train_head(**changes):
    keras.utils.set_random_seed(0)
    stage = Stage("head", EPOCHS, 16, 0.05)
    return loop.run_stage(head(8, 2, 0.0), stage, features(), settings(patience=0, **changes))


def summary(outcome):
    """The figures of the summary line, from what the stage hands on."""
    kept = outcome.history[outcome.kept_epoch - 1]
    figures = f"val_loss {kept['val_loss']:.4f}, val_accuracy {kept['val_accuracy']:.4f}"
    return rf"^head: {EPOCHS} epochs in [\d.]+ s; best epoch {outcome.kept_epoch}: {re.escape(figures)}$"


def test_a_head_is_one_line_in_a_file(capsys):
    outcome = train_head()
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert re.search(summary(outcome), printed, re.M)


def test_a_head_has_a_line_an_epoch_where_that_is_asked_for(capsys):
    outcome = train_head(verbose=True)
    *lines, last = capsys.readouterr().out.splitlines()
    assert len(lines) == EPOCHS
    assert all(re.match(LINE, line) for line in lines)
    assert re.search(summary(outcome), last)


def test_a_head_is_one_line_on_a_terminal_that_moves_in_place(terminal):
    outcomes = []
    text = terminal(lambda: outcomes.append(train_head()))
    assert text.index("head") < text.index(f"head, epoch {EPOCHS}: val_loss")
    assert re.search(summary(*outcomes), text, re.M)
    assert "head epoch" not in text


def test_a_network_says_that_it_compiles_until_its_first_batch(terminal):
    text = terminal(lambda: loop.run_stage(tiny(), SCRATCH, noisy_images(), settings()))
    shown = re.findall(r"scratch, epoch \d(?:: compiling)?", text)
    assert shown[0] == "scratch, epoch 1: compiling"
    assert {"scratch, epoch 1", "scratch, epoch 2"} <= set(shown)
    assert "scratch, epoch 2: compiling" not in shown
    assert len(re.findall(r"^scratch epoch   \d/2  loss", text, re.M)) == 2


def test_each_size_of_images_is_compiled_anew(terminal):
    chosen = settings(progressive=(32, 40), image_size=40)
    text = terminal(lambda: loop.run_stage(tiny(size=40), SCRATCH, noisy_images(size=40), chosen))
    assert set(re.findall(r"scratch, epoch (\d): compiling", text)) == {"1", "2"}


class Stops(keras.layers.Layer):
    """Ctrl-C while TensorFlow builds a graph."""

    def call(self, inputs, training=False):
        if training:
            raise KeyboardInterrupt
        return inputs


def test_the_bar_goes_where_training_is_broken_off(terminal):
    pixels = keras.Input((12, 12, 3))
    model = classifier(keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(Stops()(pixels))), head(3, 2, 0.0))
    text = terminal(lambda: loop.run_stage(model, SCRATCH, noisy_images(), settings()), KeyboardInterrupt)
    assert "scratch, epoch 1: compiling" in text


@pytest.mark.parametrize(
    ("rates", "precision", "sentence"),
    [
        ((100.0, 170.0), "bfloat16", "in bfloat16, numbers with half the bits of float32: 1.7 times as fast here"),
        (
            (100.0, 97.0),
            "float32",
            "in float32: bfloat16, numbers with half the bits, is hardly faster here (1.0 times)",
        ),
        ((0.0, 0.0), "float32", "in float32: bfloat16, numbers with half the bits, is hardly faster here (0.0 times)"),
        ((), "float32", "in float32: float32 was asked for"),
    ],
)
def test_the_precision_of_training_is_said_in_a_sentence(rates, precision, sentence):
    measured = dict(zip(("float32", "bfloat16"), rates, strict=False))
    choice = PrecisionChoice(precision, "float32 was asked for", measured)
    assert choice.sentence == f"training computes {sentence}"


@pytest.mark.parametrize(
    ("precision", "cosine", "sentence"),
    [
        (
            "bfloat16",
            0.9987,
            "in bfloat16, numbers with half the bits of float32: 1.7 times as fast here, and the features hardly "
            "change (cosine similarity 0.9987 or more, where 1 is the same)",
        ),
        (
            "float32",
            0.98,
            "in float32: bfloat16, numbers with half the bits, would change the features too much (cosine similarity "
            "0.9800)",
        ),
        ("float32", 0.9987, "in float32: bfloat16, numbers with half the bits, is no faster here (0.9 times)"),
        ("float32", None, "in float32: openvino was asked for"),
    ],
)
def test_the_engine_is_said_in_a_sentence(precision, cosine, sentence):
    slower = "no faster" in sentence
    rates = {"float32": 100.0, "bfloat16": 90.0 if slower else 170.0} if cosine else {}
    choice = EngineChoice("openvino", precision, "openvino was asked for", rates, cosine)
    assert choice.sentence == f"the frozen network runs on OpenVINO {sentence}"
