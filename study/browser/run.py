"""Make the page of a run: its network as ONNX, compared with the run, and all that runs it, in one file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.browser.examples import examples_of
from study.browser.page import page
from study.browser.runtime import read_runtime
from study.export import formats
from study.export.parity import price_of
from study.export.run import Exported, check_run, export
from study.predict.verdicts import judge_of
from study.runs.folder import Run
from study.runs.images import located
from study.runtime import console, output
from study.settings.page import PageSettings

FORMAT = "onnx"


@dataclass(frozen=True)
class Made:
    """The page that was written, and how far its network is from the run."""

    file: Path
    exported: Exported
    examples: int
    runtime: str

    def values(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        told = self.exported.values()
        kept = ("run", "int8", "class_names", "images", "greatest", "changed", "changed_verdicts")
        return {
            "file": str(self.file),
            "bytes": self.file.stat().st_size,
            "examples": self.examples,
            "runtime": self.runtime,
            **{key: told[key] for key in (*kept, "accuracy", "accuracy_of_run", "float32")},
        }


def make(run: Run, settings: PageSettings, command: str) -> Made:
    """Write the page of a run.

    Raises:
        UserError: it cannot be made here, or its network does not answer as the run does; nothing is written then.
    """
    file = output.writable_page(settings.out or f"{run.folder.name}.html", "--out")
    check_run(run, "page")
    formats.require(FORMAT, settings.int8, "page")
    runtime = read_runtime(settings.runtime)
    run = located(run, ["val", *(["train"] if settings.int8 else []), *(["test"] if settings.examples else [])])
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / FORMAT
        done = export(run, FORMAT, settings.int8, settings.allow_changed, str(out), command)
        network = (out / done.form.FILE).read_bytes()
    examples = examples_of(run, settings.examples)
    text = page(run, judge_of(run, None), done, network, runtime, examples, settings.language)
    output.write_page(file, text)
    return Made(file, done, len(examples), runtime.version)


def tell(made: Made) -> None:
    """Print what was written, and what it is worth."""
    done = made.exported
    integers = " in 8-bit integers" if done.about["int8"] else ""
    console.print(
        f"{made.file}: {made.file.stat().st_size / 1e6:,.1f} MB: the network{integers}, onnxruntime-web {made.runtime} "
        f"and {made.examples} example image(s) in one file, which opens in any browser"
    )
    if done.unrounded:
        console.print(f"price: {price_of(done.run, done.parity, done.unrounded)}")
    console.print(done.parity.sentence())
