"""A folder like that of npm's onnxruntime-web, of a program that is none: enough for what is not run."""

import json

from study.browser.runtime import ENGINE, PACKAGE, PROGRAM


def package(place):
    """Make it in a folder, and return it."""
    folder = place / PACKAGE
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": PACKAGE, "version": "1.2.3"}), encoding="utf-8")
    (folder / PROGRAM).write_bytes(b"export default 1;" * 1000)
    (folder / ENGINE).write_bytes(bytes(range(256)) * 100)
    return folder
