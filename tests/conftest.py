"""What several test files share: a toy data set that is quickly learned, and one training on it."""

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import main
import models
from errors import UserError
from models._recipe import Recipe

TOY_CLASSES = ("circle", "square", "stripes")
TOY_PER_CLASS = 20
COLOURS = {"circle": (220, 60, 60), "square": (60, 200, 60), "stripes": (60, 60, 220)}
QUICK = ("-m", "original", "--image-size", "32", "--epochs", "3", "--batch-size", "16",
         "--width", "0", "--learning-rate", "0.002",
         "--augment", "flip,translation")  # fmt: skip


SMALL = {"alexnet": {"width": 12}, "plain": {"width": 4, "depth": 8}, "residual": {"width": 4, "depth": 8}}


def small_recipe(name: str, **options: object) -> Recipe:
    """A model's smallest sensible form, with its own options but for those given."""
    return Recipe(**SMALL.get(name, {}) | options)


def smallest_size(name: str, size: int) -> int:
    """`size`, or the least that the model takes."""
    return max(size, models.get(name).SPEC.smallest_image_size)


# The longest first and the shortest last, so that two workers end together.
SLOW = ("test_cli", "test_compare", "test_fit", "test_models", "test_check", "test_engine", "test_scratch_lenet",
        "test_efficientnet_lite", "test_facing", "test_odd_files", "test_copies", "test_regression")  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make recipes` ask for all combinations, which take minutes."""
    parser.addoption("--every-recipe", action="store_true", help="try every network under every recipe")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast files first, so that a slip shows within seconds."""
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else -1)


@dataclass(frozen=True)
class Ran:
    """What one command left: its exit code and the text of both streams."""

    code: int
    out: str
    err: str


def toy_picture(label: str, number: int) -> Image.Image:
    """One shape in the colour of its class on dark noise; another number, another picture."""
    rng = np.random.default_rng([TOY_CLASSES.index(label), number])
    side = int(rng.integers(24, 33))
    image = Image.fromarray(rng.integers(0, 60, (side, side, 3)).astype(np.uint8))
    pen, (x, y) = ImageDraw.Draw(image), rng.integers(1, 8, 2).tolist()
    if label == "circle":
        pen.ellipse((x, y, x + 16, y + 16), fill=COLOURS[label])
    elif label == "square":
        pen.rectangle((x, y, x + 16, y + 16), fill=COLOURS[label])
    else:
        for top in range(y % 4, side, 4):
            pen.line((0, top, side, top), fill=COLOURS[label], width=2)
    return image


def make_toy(root: Path, count: int = TOY_PER_CLASS, first: int = 0) -> Path:
    """Write `count` pictures of each class into `root`/<class>/<number>.png, numbered from `first` on."""
    for label in TOY_CLASSES:
        (root / label).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            toy_picture(label, number).save(root / label / f"{number}.png")
    return root


@contextlib.contextmanager
def warnings_on_screen() -> Iterator[None]:
    """Let warnings through to standard error as Python does by itself: pytest would keep them from the user's eyes."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        warnings.showwarning = lambda message, category, file, line, *_: sys.stderr.write(
            warnings.formatwarning(message, category, file, line)
        )
        yield


def call(*arguments: object, stdin: bytes | None = None) -> Ran:
    """Run a command in this process: what a subprocess does, without TensorFlow's five seconds of import."""
    words = [str(argument) for argument in arguments]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    before, typed = sys.argv, sys.stdin
    sys.argv = ["main.py", *words]
    if stdin is not None:
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings_on_screen():
            code = main.main(words)
    finally:
        sys.argv, sys.stdin = before, typed
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8"))
    return Ran(code, *texts)


def message(call: Callable, *arguments: object, **named: object) -> str:
    """Call what raises a UserError, and return its one line."""
    with pytest.raises(UserError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 3 × 20 pictures. Do not change it: `toy_copy` gives one of your own."""
    return make_toy(tmp_path_factory.mktemp("data") / "toy")


@pytest.fixture
def toy_copy(tmp_path: Path) -> Callable[[], Path]:
    """A function that writes the toy pictures into this test's own folder."""
    return lambda: make_toy(tmp_path / "toy")


@pytest.fixture(scope="session")
def trained(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The run folder of one training on `toy`, and what the command printed. Do not change the folder."""
    runs = tmp_path_factory.mktemp("trained") / "runs"
    ran = call("train", "--data", toy, *QUICK, "--runs", runs)
    assert ran.code == 0, ran.err
    (run,) = runs.iterdir()
    return run, ran


@pytest.fixture(scope="session")
def run(trained: tuple[Path, Ran]) -> Path:
    """The run folder of one training on `toy`. Do not change it."""
    return trained[0]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test draws into, or depends on, the user's own cache."""
    os.environ["STUDY_CACHE"] = str(tmp_path_factory.mktemp("cache"))
