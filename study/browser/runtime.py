"""onnxruntime-web, which runs a network in a browser: npm's package of that name (https://onnxruntime.ai)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from errors import UserError

PACKAGE, TRIED = "onnxruntime-web", "1.30.0"
PROGRAM = Path("dist/ort.wasm.bundle.min.mjs")  # for the processor alone: WebGPU would double the page
ENGINE = Path("dist/ort-wasm-simd-threaded.wasm")
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Runtime:
    """The program that a page loads, and the engine in WebAssembly that the program starts."""

    version: str
    program: bytes
    engine: bytes


def read_runtime(folder: str | None) -> Runtime:
    """Read the package from its folder; None: from the `node_modules` where the command runs, or of this program.

    Raises:
        UserError: it is not there, or another one is.
    """
    usual = [place / "node_modules" / PACKAGE for place in (Path(), ROOT)]
    places = usual if folder is None else [Path(folder)]
    place = next((place for place in places if (place / "package.json").is_file()), None)
    install = f"npm install {PACKAGE}@{TRIED}"
    if place is None and folder is None:
        raise UserError(
            f"page puts {PACKAGE} into the file, which is not installed here. Run: {install} (npm comes with Node.js), "
            "or give the package's folder: --runtime DIR."
        )
    if place is None:
        raise UserError(f"--runtime takes the folder of {PACKAGE}, with its package.json. Received: {folder}")
    try:
        told = json.loads((place / "package.json").read_text(encoding="utf-8"))
        if told["name"] != PACKAGE:
            raise UserError(f"--runtime takes the folder of {PACKAGE}. Received: {place}, which is {told['name']}.")
        return Runtime(told["version"], (place / PROGRAM).read_bytes(), (place / ENGINE).read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{place} is not complete, or of another version ({error}). Run: {install}") from error
