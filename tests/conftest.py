"""Fixtures that several test files share: a toy data set, one training on it, a cache of the tests' own."""

import gc
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # as many processes as cores: their threads would only wait for one another
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}

import pytest
from helpers import QUICK, Ran, call, make_several, make_toy

from study.runtime import console

for name in ("SIGINT", "SIGHUP"):  # whoever runs the tests in the background, or by nohup, ignores them, and so would
    if signal.getsignal(number := getattr(signal, name, signal.SIGINT)) is signal.SIG_IGN:  # the commands of the tests
        signal.signal(number, signal.default_int_handler)

# A test that imports OpenVINO by itself would else have it tell Google Analytics of every conversion, each time from a
# copy of this process: half of the system time of all tests. See study.runtime.hardware.import_openvino.
sys.modules.setdefault("openvino_telemetry", None)
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # the same of onnxruntime, to Microsoft: import_onnxruntime

# The longest first and the shortest last, so that two workers end together.
SLOW = (
    *("commands/test_processes", "study/fit/test_loop", "study/check/test_run", "models/test_models"),
    "models/test_efficientnet_lite",
    *("study/fit/test_progressive", "commands/test_store", "study/experiments/test_compare", "commands/test_errors"),
    *("commands/test_train_learning", "study/inference/test_engine", "study/tasks/test_multilabel"),
    *("study/experiments/test_crossval", "study/ensemble/test_ensemble", "study/ensemble/test_vote"),
    *("commands/test_tune", "study/search/test_tune_heads", "study/saved/test_cut"),
    *("commands/test_predict", "commands/test_train", "commands/test_train_data", "study/pages/test_pages"),
    *("scratch/test_lenet", "commands/test_summary", "data/drawn/test_facing"),
    *("commands/test_odd_files", "data/test_duplicate_groups", "structure/test_claims"),
    *("commands/test_slim", "commands/test_regression"),
)
DEEPER = ("efficientnet_lite1", "efficientnet_lite2")  # the same code as Lite0, which is tested first
LARGE = (*DEEPER, "resnet", "efficientnet")  # of which `OF_EVERY_MODEL` asks what it asks of small ones, too
OF_EVERY_MODEL = ("test_gradcam", "test_whitening")
TAKES_LONG = re.compile(  # what a test file says that starts Keras, runs a command or needs a training
    r"\bbackend\.start\(|\bbuild_backbone\b|\b(import|from) (keras|tensorflow|study\.(train|fit))\b|(?<![\w.])call\("
    r"|\bsubprocess\b"
    r"|\(.*\b(run|trained|served|strict)\b.*\):$"
    r"|^from lessons\.(training|convolving|counting|dense_stacks) |^from lessons import (?!exercises$)|\"study\.fit\.",
    re.MULTILINE,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make recipes` ask for all combinations, which take minutes, and `make quick` for what takes seconds."""
    parser.addoption("--every-recipe", action="store_true", help="try every network under every recipe")
    parser.addoption("--quick", action="store_true", help="the pure parts only: nothing that imports TensorFlow")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Under --quick, pass over files whose tests take long."""
    if config.getoption("quick") and collection_path.suffix == ".py" and collection_path.name.startswith("test_"):
        return bool(TAKES_LONG.search(collection_path.read_text(encoding="utf-8"))) or None
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the fast files first, so that a slip shows within seconds; under --quick nothing that is marked slow."""
    root = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(root).with_suffix("").as_posix()
        return SLOW.index(name) if name in SLOW else -1

    for item in items:
        deeper = item.path.parent.name == "models" and any(name in item.name for name in DEEPER)
        large = item.path.stem in OF_EVERY_MODEL and any(f"[{name}]" in item.name for name in LARGE)
        if deeper or large:
            item.add_marker("slow")
    items.sort(key=place)
    if config.getoption("quick"):
        items[:] = [item for item in items if not {"slow", "soak"} & {mark.name for mark in item.iter_markers()}]


@pytest.fixture(scope="session", autouse=True)
def _quick_without_tensorflow(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fail `make quick` where something brought TensorFlow in after all."""
    yield
    if pytestconfig.getoption("quick") and "tensorflow" in sys.modules:
        pytest.fail("--quick: TensorFlow was imported, which takes seconds; see tests/conftest.py", pytrace=False)


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 3 × 20 images. Do not change it: `toy_copy` gives one of your own."""
    return make_toy(tmp_path_factory.mktemp("data") / "toy")


@pytest.fixture
def toy_copy(tmp_path: Path) -> Callable[[], Path]:
    """A function that writes the toy images into this test's own folder."""
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


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of 80 images, each red, blue, both or none. Do not change its folder."""
    return make_several(tmp_path_factory.mktemp("several"))


@pytest.fixture(scope="session")
def several_run(several: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of one training on `several`. Do not change it."""
    runs = tmp_path_factory.mktemp("several-runs")
    ran = call("train", "--task", "multilabel", "--data", several, *QUICK, "--epochs", 25, "--runs", runs)
    assert ran.code == 0, ran.err
    assert "test: mean average precision" in ran.out
    return next(runs.iterdir())


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test draws into, or depends on, the user's own cache."""
    os.environ["STUDY_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _print_to_the_screen() -> None:
    """A command with `--json` prints to standard error, and so would the tests after it in this process."""
    console.to_stderr(False)


@pytest.fixture(autouse=True)
def _spare_the_garbage_collector() -> Iterator[None]:
    """Every network leaves thousands of objects in Keras and TensorFlow: not to look through them a hundred times."""
    started = time.perf_counter()
    yield
    if time.perf_counter() - started > 0.5:
        gc.collect()
        gc.freeze()
