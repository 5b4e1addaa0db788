"""The layers of the program: who may import whom, and that light commands stay light."""

import ast
import importlib
import json
import re
import subprocess
import sys

import pytest
from helpers import ROOT
from modules import MODULES, PACKAGES, tree_of

ALLOWED = {  # room -> the rooms that its files may import, those under `if TYPE_CHECKING` included
    "errors": set(),
    "data": {"errors"},
    "models": {"errors"},
    "study.runtime": {"errors"},
    "study.pages": {"errors"},
    "study.confidence": {"study.runtime", "errors"},
    "study.checkpoint": {"study.runtime", "errors"},
    "study.tasks": {"study.runtime", "study.pages", "data", "errors"},
    "study.folds": {"study.tasks", "data", "errors"},
    "study.settings": {"study.saved", "study.tasks", "study.runtime", "data", "models", "errors"},
    "study.saved": {"study.runs", "study.inference", "study.runtime", "study.pages", "data", "errors"},
    "study.inference": {"study.runtime", "data", "models", "errors"},
    "study.fit": {
        *("study.settings", "study.runtime", "study.pages", "study.tasks", "study.folds", "study.checkpoint"),
        *("scratch", "data", "models", "errors"),
    },
    "study.runs": {
        *("study.runtime", "study.pages", "study.confidence", "study.tasks", "study.folds", "study.checkpoint"),
        *("data", "models", "errors"),
    },
    "study.datasets": {"study.settings", "study.runtime", "study.tasks", "data", "errors"},
    "study.predict": {
        *("study.runtime", "study.pages", "study.confidence", "study.inference", "study.tasks", "study.runs"),
        *("study.saved", "data", "errors"),
    },
    "study.fetch": {"study.settings", "study.runtime", "data", "errors"},
    "study.check": {
        *("study.settings", "study.runtime", "study.pages", "study.inference", "study.tasks", "data", "models"),
        "errors",
    },
    "study.experiments": {
        *("study.settings", "study.runtime", "study.pages", "study.tasks", "study.runs", "data", "models", "errors"),
        *("study.inference", "study.fit", "study.folds"),
    },
    "study.inspect": {
        *("study.settings", "study.runtime", "study.pages", "study.fit", "study.runs", "data", "models", "errors"),
        "study.inference",
    },
    "study.train": {
        *(
            "study.settings",
            "study.runtime",
            "study.pages",
            "study.confidence",
            "study.saved",
            "study.inference",
            "study.tasks",
            "study.folds",
            "study.fit",
            "study.checkpoint",
            "study.runs",
        ),
        *("data", "models", "errors"),
    },
    "study.search": {
        *("study.experiments", "study.settings", "study.runtime", "study.pages", "study.tasks", "study.runs"),
        *("study.inference", "study.fit", "study.folds", "data", "models", "errors"),
    },
    "study.ensemble": {
        *("study.train", "study.experiments", "study.settings", "study.runtime", "study.confidence"),
        *("study.inference", "study.folds", "study.tasks", "study.fit", "study.runs", "data", "models", "errors"),
    },
    "study.export": {
        *("study.predict", "study.confidence", "study.inference", "study.tasks", "study.runs", "study.runtime"),
        *("data", "errors"),
    },
    "study.browser": {
        *("study.export", "study.predict", "study.settings", "study.runs", "study.runtime", "study.pages"),
        *("data", "errors"),
    },
    "study.serve": {"study.predict", "study.tasks", "study.runs", "study.runtime", "study.pages", "data", "errors"},
    "study.commands": {
        *("study.export", "study.browser"),
        *("study.settings", "study.runtime", "study.runs", "study.check", "study.train", "study.experiments"),
        *("study.checkpoint", "study.saved", "study.fetch", "study.datasets"),
        *("study.ensemble", "study.search", "study.inspect", "study.predict", "study.serve", "lessons", "models"),
        "errors",
    },
    "lessons": {
        *("study.settings", "study.runtime", "study.pages", "study.tasks", "study.fit", "study.train", "study.inspect"),
        *("study.check", "scratch", "data", "models", "errors"),
    },
    "main": {"study.commands", "study.settings", "study.runtime", "errors"},
    "regression": {"scratch", "errors"},
    "scratch": set(),
}
HEAVY = ("tensorflow", "keras", "matplotlib", "sklearn", "scipy", "rich", "optuna")


def imports(tree, package):
    """Full names of what a syntax tree imports; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def package_of(name):
    return name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]


def own(names):
    """Those that are modules of this program; a package only passed through (`from data import split`) is none."""
    mine = set(names) & MODULES.keys()
    return {name for name in mine if not any(other.startswith(f"{name}.") for other in mine)}


def own_imports(name):
    """Modules of this program that a module imports anywhere in it."""
    return own(imports(tree_of(name), package_of(name)))


def top_level_imports(name):
    """The same without functions: what runs at import, and what stands under `if TYPE_CHECKING`."""
    tree = tree_of(name)
    blocks = [tree, *(node for node in tree.body if isinstance(node, ast.If))]
    body = [node for block in blocks for node in block.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return own(imports(ast.Module(body, []), package_of(name)))


def room_of(name):
    """`study.fit.loop` -> `study.fit`; `data.augment.warp` -> `data`."""
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "study" and len(parts) > 1 else parts[0]


def test_the_program_was_found():
    assert {"main", "errors", "study.train.run", "study.predict.run", "models.original", "data.split"} <= MODULES.keys()
    assert {room_of(name) for name in MODULES} - {"study"} == ALLOWED.keys()


@pytest.mark.parametrize("name", [name for name in MODULES if name != "study"])
def test_a_room_imports_only_rooms_below_it(name):
    mine = room_of(name)
    forbidden = {found for found in own_imports(name) if room_of(found) not in {mine, *ALLOWED[mine]}}
    assert not forbidden, f"{name} imports {', '.join(sorted(forbidden))}"


def test_rooms_go_round_in_no_circle():
    seen = set()

    def visit(room, path):
        assert room not in path, " -> ".join([*path, room])
        if room not in seen:
            for below in ALLOWED[room]:
                visit(below, [*path, room])
            seen.add(room)

    for room in ALLOWED:
        visit(room, [])


@pytest.mark.parametrize("name", MODULES)
def test_no_underscore_name_crosses_rooms(name):
    hidden = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            base = room_of(node.module)
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            hidden |= {f"{node.module}: {split}" for split in names if split.startswith("_") and base != room_of(name)}
    assert not hidden, sorted(hidden)


@pytest.mark.parametrize("room", sorted(name for name in MODULES if MODULES[name].name == "__init__.py"))
def test_a_room_says_what_it_is_for_and_names_at_most_eight_things(room):
    tree = tree_of(room)
    assert (ast.get_docstring(tree) or "").strip(), room
    public = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            public |= {alias.asname or alias.name for alias in node.names}
    public |= set(getattr(importlib.import_module(room), "FACE", ())) if room == "data" else set()
    assert len({name for name in public if not name.startswith("_")}) <= 8


def test_study_holds_rooms_only():
    loose = [path.name for path in (ROOT / "study").glob("*.py") if path.name != "__init__.py"]
    assert not loose
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES.values()}
    assert not {str(path): lines for path, lines in sizes.items() if lines > 300 and path.name != "regression.py"}


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] == "scratch"])
def test_scratch_needs_nothing_but_numpy(name):
    tops = {found.split(".")[0] for found in imports(tree_of(name), package_of(name))}
    assert tops <= {"numpy", "scratch"} | sys.stdlib_module_names


def test_nothing_imports_the_programs_at_the_top():
    folders = [ROOT / name for name in (*PACKAGES, "notebooks", "benchmarks")]
    for path in [*ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]:
        tops = {found.split(".")[0] for found in imports(ast.parse(path.read_text(encoding="utf-8")), "")}
        assert not tops & {"main", "regression", "notebooks", "benchmarks", "tests"}, path


def reached(start):
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += own_imports(name)
    return seen


def test_prediction_needs_no_model_file():
    found = reached("study.predict.stream")
    assert {"study.runs.folder", "data.pixels", "data.split"} <= found
    loaders = {"models.parts.saved", "models.parts.keras_private"}  # how any saved model is read
    assert {name for name in found if name.split(".")[0] == "models"} <= {"models", "models.parts", *loaders}


def test_files_go_round_in_no_circle():
    """Imports within functions may: they run when all is there."""
    done = set()

    def visit(name, path):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for found in sorted(top_level_imports(name)):
                visit(found, [*path, name])
            done.add(name)

    for name in sorted(MODULES):
        visit(name, [])
    assert done == MODULES.keys()


LIGHT = """
import json, sys
{}
print(json.dumps(sorted(name for name in {!r} if name in sys.modules)))
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import main; main.make_parser()",
        "import data.folder, data.split, data.image, data.pixels, data.augment.pipeline, data.batches, data.dataset",
        "import study.settings.train, study.settings.source, study.settings.conflicts",
        "import study.settings.resolve, study.tasks; study.tasks.available()",
        "import scratch.gradient_check, scratch.lenet, scratch.metrics, scratch.augmentation",
        "import models; print(len([models.get(name).SPEC for name in models.available()]), file=sys.stderr)",
    ],
)
def test_light_modules_bring_nothing_heavy(statement):
    code = LIGHT.format(statement, HEAVY)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.slow
def test_garbage_is_collected_again_once_keras_is_there_and_looks_past_it():
    code = """
import gc, json
from study.runtime import backend
backend.start()
first = gc.get_freeze_count()
backend.start()
print(json.dumps([gc.isenabled(), first, gc.get_freeze_count()]))
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    enabled, first, second = json.loads(ran.stdout)
    assert enabled
    assert first > 100_000
    assert second <= first  # what a caller has made since is no part of it


@pytest.mark.slow
def test_keras_comes_without_scikit_learn_and_pandas_which_can_be_imported_as_ever():
    code = """
import sys
from study.runtime import backend
backend.start()
print("keras" in sys.modules, *(name in sys.modules for name in ("sklearn", "scipy.stats", "pandas")))
from sklearn.model_selection import StratifiedKFold
print(StratifiedKFold(3).n_splits)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "False", "False", "False", "3"]


def defined_in(name):
    """Names that a module binds at its top: functions, classes, constants, imports."""
    found = set()
    for node in ast.walk(ast.Module(tree_of(name).body, [])):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_what_a_benchmark_imports_is_there(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            for alias in node.names:
                if f"{node.module}.{alias.name}" not in MODULES:
                    assert alias.name in defined_in(node.module), f"{node.module}.{alias.name}"


def test_data_and_models_name_no_flag():
    """They are used from notebooks too; a setting is `named` so, and study.settings makes a flag of that."""
    named = [
        f"{name}: {line.strip()}"
        for name, path in MODULES.items()
        if name.split(".")[0] in ("data", "models")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"(^|[^\w-])(--[a-z]|-m [a-z])", line) and "pip install" not in line
    ]
    assert not named


DECODERS = r"\bcv2\b|tf\.io\.decode|tf\.image\.decode|\bload_img\b|image_dataset_from_directory|\bimageio\b|plt\.imread"


def test_images_enter_by_one_decoder_only():
    """TensorFlow's, Keras' and OpenCV's give other pixels than Pillow's. Benchmarks may use them."""
    found = [
        f"{name}: {line.strip()}"
        for name, path in MODULES.items()
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(DECODERS, line)
    ]
    assert not found
