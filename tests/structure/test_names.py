"""Every name that a file imports from this program exists, in benchmarks and slow tests too, which few people run."""

import ast
import importlib

import pytest
from helpers import ROOT
from modules import MODULES, PACKAGES, tree_of

FOLDERS = [ROOT / name for name in (*PACKAGES, "tests", "benchmarks", "notebooks")]
FILES = [*ROOT.glob("*.py"), *sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))]
FACES = {package: set(importlib.import_module(package).FACE) for package in ("data", "lessons")}


def defined(statements):
    """Names that a module's statements give, those under `if`, `try` and `with` included."""
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from (x.id for x in ast.walk(node) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store))
        for block in ("body", "orelse", "handlers", "finalbody"):
            yield from defined(getattr(node, block, []))


NAMES = {name: {*defined(tree_of(name).body), *FACES.get(name, ())} for name in MODULES}


def missing(tree):
    """`from a import b` of a syntax tree for which module `a` of this program has no `b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in {*PACKAGES, "errors"}:
            known = NAMES.get(node.module, set())
            yield from (
                f"line {node.lineno}: {node.module} has no {alias.name}"
                for alias in node.names
                if alias.name not in known and f"{node.module}.{alias.name}" not in MODULES
            )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_imported_exists(path):
    assert not list(missing(ast.parse(path.read_text(encoding="utf-8"))))


def test_a_name_that_is_gone_is_found():
    assert list(missing(ast.parse("from data.split import nothing\nfrom data import load, split"))) == [
        "line 1: data.split has no nothing"
    ]
