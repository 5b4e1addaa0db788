"""What several test files share: a toy data set that is quickly learned, and how a command is run."""

import contextlib
import io
import os
import re
import subprocess
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
from data import folder
from errors import UserError
from models.parts.options import ArchitectureOptions

ROOT = Path(__file__).resolve().parents[1]
TOY_CLASSES = ("circle", "square", "stripes")
TOY_PER_CLASS = 20
COLOURS = {"circle": (220, 60, 60), "square": (60, 200, 60), "stripes": (60, 60, 220)}
QUICK = ("-m", "original", "--image-size", "32", "--epochs", "3", "--batch-size", "16",
         "--width", "0", "--learning-rate", "0.002",
         "--augment", "flip,translation")  # fmt: skip


SMALL = {"alexnet": {"width": 12}, "plain": {"width": 4, "depth": 8}, "residual": {"width": 4, "depth": 8}}


def small_options(name: str, **options: object) -> ArchitectureOptions:
    """A model's smallest sensible form, with its own options but for those given."""
    return ArchitectureOptions(**SMALL.get(name, {}) | options)


def smallest_size(name: str, size: int) -> int:
    """`size`, or the least that the model takes."""
    return max(size, models.get(name).SPEC.smallest_image_size)


@dataclass(frozen=True)
class Ran:
    """What one command left: its exit code, the text of both streams, and the line that closes standard error."""

    code: int
    out: str
    err: str
    next: str = ""


def toy_image(label: str, number: int) -> Image.Image:
    """One shape in the colour of its class on dark noise; another number, another image."""
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
    """Write `count` images of each class into `root`/<class>/<number>.png, numbered from `first` on."""
    for label in TOY_CLASSES:
        (root / label).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            toy_image(label, number).save(root / label / f"{number}.png")
    return root


def make_several(root: Path, count: int = 80) -> Path:
    """Write images with a red square, a blue one, both or none, and return the table of their labels."""
    root.mkdir(parents=True, exist_ok=True)
    lines, rng = ["path,label"], np.random.default_rng(0)
    for at in range(count):
        pixels = rng.integers(0, 60, (32, 32, 3))
        labels = [name for name in ("red", "blue") if rng.random() < 0.5]
        for name in labels:
            top, left = rng.integers(0, 18, 2)
            pixels[top : top + 14, left : left + 14, 0 if name == "red" else 2] = 230
        Image.fromarray(pixels.astype(np.uint8)).save(root / f"{at}.png")
        lines += [f"{at}.png,{name}" for name in labels] or [f"{at}.png,"]
    (root / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root / "table.csv"


def shape_in(picture: Image.Image) -> np.ndarray:
    """Say where a toy image shows its shape, uint8: the noise around it is dark."""
    return (np.asarray(picture).max(axis=2) > 100).astype(np.uint8)


def make_masks(data: Path, place: Path, value: Callable[[str], int] = lambda label: 255) -> Path:
    """Write a mask of each toy image, whose shape has the value of its class."""
    for path in data.rglob("*.png"):
        target = place / path.relative_to(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(shape_in(Image.open(path).convert("RGB")) * value(path.parent.name)).save(target)
    return place


def unwrapped(page: str) -> str:
    """Return a page without the marks that keep flags from being broken at the end of a line."""
    return re.sub(r'<span class="whole">(.*?)</span>', r"\1", page)


def make_patches(root: Path, count: int = 10) -> Path:
    """Write patches in tints of their class, no two of which look alike; the last of each class is there twice."""
    rng = np.random.default_rng(0)
    for label in TOY_CLASSES:
        (root / label).mkdir(parents=True)
        for number in range(count):
            patches = rng.integers(0, 256, (5, 5, 1)) * np.array(COLOURS[label]) / 255
            image = Image.fromarray(patches.astype(np.uint8)).resize((40, 40), Image.Resampling.NEAREST)
            image.save(root / label / f"{number}.png")
        image.save(root / label / "copy.jpg", quality=95)
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
    out, (err, following) = texts[0], without_next(texts[1])
    return Ran(code, out, err, following)


def without_next(err: str) -> tuple[str, str]:
    """Take the closing line off standard error, where there is one: it is the last, and the only one."""
    *before, last = err.splitlines(keepends=True) or [""]
    assert not any(line.startswith("next: ") for line in before), err
    return ("".join(before), last) if last.startswith("next: ") else (err, "")


def command(*arguments: object, cwd: Path = ROOT, **variables: object) -> dict[str, object]:
    """Give a command line and an environment for a process of its own."""
    as_users_start = re.compile(r"(?!TF_NUM_)(TF_|KERAS_|PYTHON)")  # but with the threads of this process
    environment = {key: value for key, value in os.environ.items() if not as_users_start.match(key)}
    return {
        "args": [sys.executable, "main.py", *map(str, arguments)],
        "cwd": cwd,
        "env": environment | {key: str(value) for key, value in variables.items()},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }


def process(*arguments: object, cwd: Path = ROOT, **variables: object) -> subprocess.CompletedProcess:
    """Run a command in a process of its own and wait for it."""
    return subprocess.run(**command(*arguments, cwd=cwd, **variables), timeout=100, check=False)


def project_of_another(folder: Path) -> Path:
    """Put packages that are called as ours into a folder, as they lie in many projects, and return it."""
    for name in ("data", "study", "errors"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise ImportError('it is of another project')")
    return folder


def left_behind(folder: Path) -> list[str]:
    """Name everything within a folder, which need not be there."""
    return sorted(path.name for path in folder.rglob("*")) if folder.is_dir() else []


def fails(ran: Ran, text: str, runs: Path) -> None:
    """Hold a failure to one line that begins with error, to exit code 2, and to leaving nothing in a folder."""
    assert ran.code == 2
    assert re.fullmatch(r"error: .+\n", ran.err), ran.err
    assert text in ran.err
    assert left_behind(runs) == []


def classes_in(out: Path) -> dict[str, int]:
    """Count the images of each class as training finds them, in a folder that holds nothing that it would skip."""
    scanned = folder.scan(out)
    assert scanned.skipped == ()
    return {label: sum(image.label == label for image in scanned.images) for label in scanned.class_names}


def message(call: Callable, *arguments: object, **named: object) -> str:
    """Call what raises a UserError, and return its one line."""
    with pytest.raises(UserError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)
