"""The settings of `export`."""

from __future__ import annotations

from dataclasses import dataclass

from study.settings.data import data_now
from study.settings.declare import Settings, setting

FORMATS = ("onnx", "litert", "openvino", "saved_model")


@dataclass(frozen=True)
class ExportSettings(Settings):
    """`python main.py export`."""

    paths: tuple[str, ...] = setting(
        (), "the run, by its folder or name (default: the newest that beats the commonest class)", metavar="[RUN]"
    )
    format: str = setting(
        "onnx",
        "onnx: a file for onnxruntime, in browsers too; litert: a file for phones and small boards; openvino: two "
        "files for Intel's processors; saved_model: a folder for TensorFlow",
        choices=FORMATS,
    )
    int8: bool = setting(
        False,
        "in 8-bit integers, whose ranges training images choose: a quarter of the size; what it costs in accuracy and "
        "gains in speed is measured",
        kind=bool,
    )
    allow_changed: int = setting(
        0,
        "write the file although so many validation images get another answer than from the run",
        kind=int,
        low=0,
    )
    out: str | None = setting(
        None, "new or empty folder to write (default: exports/<date and time>-<model>-<format>)", metavar="DIR"
    )
    data: str | None = data_now()
    runs: str = setting("runs", "folder that holds the run folders", metavar="DIR")
