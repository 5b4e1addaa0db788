"""The layers of the program: who may import whom, and that light commands stay light."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("study", "models", "data", "scratch")
ALLOWED = {
    "main": {"study", "models", "errors"},
    "study": {"study", "models", "data", "errors"},
    "models": {"models", "errors"},
    "data": {"data", "errors"},
    "errors": set(),
    "regression": {"errors"},
    "scratch": {"scratch"},
}
HEAVY = ("tensorflow", "keras", "matplotlib", "sklearn", "scipy", "rich")


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path
    for path in [*ROOT.glob("*.py"), *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))]
}


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


def tree_of(name):
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


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
    """The same for what runs at import: functions and `if TYPE_CHECKING` left out."""
    tree = tree_of(name)
    body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return own(imports(ast.Module(body, []), package_of(name)))


def test_the_program_was_found():
    assert {
        "main",
        "errors",
        "study.road",
        "study.predict",
        "models",
        "models.original",
        "data.split",
    } <= MODULES.keys()
    needed = {"data.augment", "data.own_function", "data.folder", "data.image", "data.split", "errors"}
    needed |= {"models._recipe", "study.options", "study.tta"}
    assert own_imports("study.config") == needed


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name):
    mine = name.split(".")[0]
    forbidden = {found for found in own_imports(name) if found.split(".")[0] not in ALLOWED[mine]}
    assert not forbidden, f"{name} imports {', '.join(sorted(forbidden))}"


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
    found = reached("study.predict")
    assert {"study.artifact", "data.pixels", "data.split"} <= found
    assert not {name for name in found if name.split(".")[0] == "models"}


def test_there_are_no_cycles():
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
        "import data.folder, data.split, data.image, data.pixels, data.augment, data.batches",
        "import study.config",
        "import study.precedence",
        "import scratch.gradient_check, scratch.lenet, scratch.metrics, scratch.augmentation",
        "import models; print(len([models.get(name).SPEC for name in models.available()]), file=sys.stderr)",
    ],
)
def test_light_modules_bring_nothing_heavy(statement):
    code = LIGHT.format(statement, HEAVY)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_garbage_is_collected_again_once_keras_is_there_and_looks_past_it():
    code = """
import gc, json
from study import backend
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
