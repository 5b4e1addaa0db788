"""What README and docs say of their commands: each is accepted as it stands, and each claim beside it has its test."""

import csv
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from accepted import accept, flags_of, train_settings
from helpers import ROOT, call
from structure.test_imports import HEAVY
from structure.test_readme import FENCE, OF_PROGRAM, OF_SCRIPTS, TEXTS, TO_BE_WRITTEN

from data import folder, groups, own_code
from data.augment import custom
from models.parts.head import head_on
from models.parts.options import last_initializer
from study.settings import declare
from study.settings.commands import InspectSettings
from study.settings.resolve import options_of

# ---- every command is accepted ----

WRITTEN_BY_THE_READER = {Path(name).stem for name in TO_BE_WRITTEN}  # models of the reader's own
DOCUMENTED = dict.fromkeys(
    rest.replace("-m NAME", "-m original") for _, rest in OF_PROGRAM if "COMMAND" not in rest and "--help" not in rest
)


@pytest.mark.parametrize("rest", [rest for rest in DOCUMENTED if not WRITTEN_BY_THE_READER & set(rest.split())])
def test_a_documented_command_is_accepted_up_to_its_work(rest, tmp_path, monkeypatch):
    """Flags, values, and what goes with what: all that is checked before data or a run is looked for."""
    (space,) = (block for language, block in FENCE.findall(TEXTS["docs/commands.md"]) if language == "toml")
    (tmp_path / "space.toml").write_text(space, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    accept(rest)


HELP = """
import contextlib, io, json, runpy, shlex, sys
found = {}
for command in sys.argv[1:]:
    before, sys.argv, said = set(sys.modules), shlex.split(command), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        runpy.run_path(sys.argv[0], run_name="__main__")
    heavy = sorted({name.split(".")[0] for name in set(sys.modules) - before} & {HEAVY})
    found[command] = [said.getvalue().split(" ")[0], heavy]
print(json.dumps(found))
"""


def test_the_help_of_a_benchmark_is_quiet_and_brings_nothing_heavy_and_documented_values_are_read():
    found = sorted((ROOT / "benchmarks").glob("*.py"))  # one beside them holds what two of them share
    scripts = {f"benchmarks/{path.name}" for path in found if "__main__" in path.read_text(encoding="utf-8")}
    assert len(scripts) == len(found) - 1
    asked = {(script, "") for script in scripts} | {pair for pair in OF_SCRIPTS if pair[0] in scripts}
    commands = [f"{script} {rest} --help".replace("  ", " ") for script, rest in sorted(asked)]
    assert len(scripts) > 10
    assert len(commands) > len(scripts) + 5
    code = HELP.replace("{HEAVY}", repr({*HEAVY, "openvino"}))
    done = subprocess.run([sys.executable, "-c", code, *commands], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {command: ["usage:", []] for command in commands}


# ---- claims that no other test holds ----

VANISHING, SATURATED = (rest for rest in DOCUMENTED if rest.startswith("inspect -m plain"))


@pytest.mark.slow
def test_the_example_of_vanishing_gradients_shows_them(toy, tmp_path):
    """Narrow, for one iteration, on images that are there: the depth is what matters."""
    less = ("--data", toy, "--width", 4, "--steps", 1, "--batch-size", 8, "--inspects", tmp_path)
    ran = call(*shlex.split(VANISHING), *less)
    assert ran.code == 0, ran.err
    told = re.search(
        r"In the first batch the gradient of stem_conv is (\S+) times that of probabilities: it vanishes on its way "
        r"back, and the first layers hardly learn\.",
        ran.out,
    )
    assert 1e-15 < float(told[1]) < 1e-11


def test_the_example_beside_it_keeps_its_gradients_and_is_saturated():
    from study.runtime import backend

    backend.start()
    import keras

    from models.parts.graph import build_layer_graph
    from models.parts.weights import build_backbone
    from study.inspect import gradients, statistics

    settings = train_settings(declare.own_and_rest(InspectSettings, flags_of(SATURATED)[1])[1])
    recipe, size = options_of(settings.network), settings.data.image_size
    keras.utils.set_random_seed(settings.data.seed)
    model = head_on(build_backbone("plain", size, "none", recipe), 3, 0.0, last_initializer(recipe))
    model.compile("sgd", keras.losses.CategoricalCrossentropy())
    steps = build_layer_graph(model)
    pixels = np.random.default_rng(0).integers(0, 256, (8, size, size, 3)).astype(np.float32)
    saturated = [found.saturated for found in statistics.activations(steps, pixels, True).values() if found.saturated]
    assert np.median(saturated) > 0.5
    kernels = [step.kernels for step in steps.steps_with_kernels()]
    first, *_, last = gradients.trace(model, kernels, [(pixels, np.eye(3)[np.arange(8) % 3])]).norms[0]
    assert 0.1 < first / last < 10


@pytest.mark.slow
def test_weights_that_all_begin_at_zero_learn_nothing(toy, tmp_path):
    (example,) = (rest for rest in DOCUMENTED if rest.startswith("train -m lenet --init zeros"))
    ran = call(*shlex.split(example, comments=True), "--data", toy, "--epochs", 1, "--runs", tmp_path)
    assert ran.code == 0, ran.err
    assert "This is no better than always answering circle: nothing was learned that helps." in ran.out


def test_the_function_of_ones_own_in_the_docs_runs_as_it_stands(tmp_path):
    (block,) = (block for language, block in FENCE.findall(TEXTS["docs/techniques.md"]) if language == "python")
    (tmp_path / "noise.py").write_text(block, encoding="utf-8")
    images = np.full((2, 8, 8, 3), 100, np.float32)
    changed = custom.load(f"{tmp_path / 'noise.py'}:speckle")(images)
    assert changed.shape == images.shape
    assert 75 < changed.min() < 85 < 115 < changed.max() < 125


def test_the_callback_in_the_docs_is_made_and_logs_each_epoch(tmp_path):
    mlflow = pytest.importorskip("mlflow")
    (block,) = (block for language, block in FENCE.findall(TEXTS["docs/commands.md"]) if language == "python")
    (tmp_path / "follow.py").write_text(block, encoding="utf-8")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    made = own_code.load(f"{tmp_path / 'follow.py'}:Mlflow", "callback", "name")()
    made.on_train_begin()
    run = mlflow.active_run().info.run_id
    for epoch, loss in enumerate((0.5, 0.25)):
        made.on_epoch_end(epoch, {"stage": "scratch", "loss": loss})
    made.on_train_end()
    logged = mlflow.MlflowClient().get_metric_history(run, "loss")
    assert [(metric.step, metric.value) for metric in logged] == [(0, 0.5), (1, 0.25)]


@pytest.mark.parametrize(
    ("data", "names", "found"),
    [
        ("scans", ["benign/patient07/1.png", "benign/patient07/2.png", "benign/patient8/1.png"], 2),
        ("frames", ["a/clip3_001.png", "a/clip3_002.png", "a/clip12_001.png"], 2),
        ("exported", ["a/one_jpg.rf.0a1b.jpg", "a/one_jpg.rf.77ff.jpg", "a/two_jpg.rf.0a1b.jpg"], 2),
    ],
)
def test_the_examples_of_groups_find_groups(data, names, found, tmp_path):
    (example,) = (rest for rest in DOCUMENTED if rest.startswith(f"train --data {data} --group"))
    for name in (*names, *(f"other/{name.partition('/')[2]}" for name in names)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    notes = []
    scanned = groups.apply(folder.scan(tmp_path, explained=True), flags_of(example)[1]["group"], False, notes.append)
    assert len({image.group for image in scanned.images}) == found
    assert "6 images in 2 groups" in notes[0]


# ---- where every claim is tested ----

with (Path(__file__).parent / "claims.csv").open(encoding="utf-8", newline="") as file:
    CLAIMS = [tuple(row.values()) for row in csv.DictReader(file)]  # the page, what it says, the test that holds it


@pytest.mark.parametrize(("page", "claim", "test"), CLAIMS)
def test_what_is_claimed_stands_there_and_has_its_test(page, claim, test):
    assert " ".join(claim.split()) in " ".join(TEXTS[page].split())
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")
