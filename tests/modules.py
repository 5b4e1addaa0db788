"""The files of the program, by the names under which they are imported."""

import ast

from helpers import ROOT

PACKAGES = ("study", "models", "data", "scratch", "lessons")


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path
    for path in [*ROOT.glob("*.py"), *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))]
}


def tree_of(name):
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))
