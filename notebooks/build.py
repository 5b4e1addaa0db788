"""Run the lessons, and make of each source `src/NN_name.py` a notebook in English and one in Japanese.

python notebooks/build.py                 run all from an empty cache, two at a time; fail where a
                                          notebook does not hold its source
python notebooks/build.py --write         run all, and write the notebooks and README.md
python notebooks/build.py --write 04 07   these alone
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lessons.catalogue import LANGUAGES, NOTEBOOKS, Lesson, lessons
from lessons.exercises import find

AT_ONCE = 2  # lessons where nothing is written: each uses little more than one core; their times are no figures then
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}  # for each: more would wait for one another
MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"  # of the kernel, in kB on Linux
FOLDED = {"en": "Solution", "ja": "解答"}
COSTS = re.compile(r"^\| (\d\d) \|.*\| (\d+) s \| (\d+) MB \|$", re.MULTILINE)


@dataclass(frozen=True)
class Cost:
    """What running a lesson takes: seconds, and megabytes at the most."""

    seconds: int
    megabytes: int


def read_source(path: Path) -> nbformat.NotebookNode:
    """Read a percent script; the metadata of its text cells hold their language, or the exercise to solve there."""
    return jupytext.read(path, fmt="py:percent")


def execute(notebook: nbformat.NotebookNode, folder: Path) -> Cost:
    """Run all code cells as if the notebook were opened in a folder; their outputs are then in them."""
    probe = nbformat.v4.new_code_cell(MEMORY)
    notebook.cells.append(probe)
    started = time.perf_counter()
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    notebook.cells.pop()
    return Cost(round(time.perf_counter() - started), int(probe.outputs[0].text) // 1024)


def in_language(notebook: nbformat.NotebookNode, language: str) -> nbformat.NotebookNode:
    """Return the notebook with the texts and computed sentences of one language, and solutions folded away."""
    cells = []
    for cell in notebook.cells:
        if cell.metadata.get("lang", language) != language:
            continue
        new = nbformat.from_dict({**cell, "metadata": {}, "id": f"cell-{len(cells)}"})
        if name := cell.metadata.get("solution"):
            code = inspect.getsource(find(name).solution).strip()
            new.source = f"<details><summary>{FOLDED[language]}</summary>\n\n```python\n{code}\n```\n\n</details>"
        if cell.cell_type == "code":
            new.outputs = [one for one in cell.outputs if one.get("metadata", {}).get("lang", language) == language]
        cells.append(new)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what a notebook says and runs, without outputs."""
    return [cell.source for cell in notebook.cells]


def differences(lesson: Lesson, built: nbformat.NotebookNode, language: str) -> list[str]:
    """Say where a notebook that is there does not hold what its source says."""
    path = lesson.notebook(language)
    if not path.is_file():
        return [f"{path.relative_to(ROOT)} is missing"]
    there = nbformat.read(path, as_version=4)
    if texts(there) != texts(built):
        return [f"{path.relative_to(ROOT)} does not hold what {lesson.source.relative_to(ROOT)} says"]
    unrun = [cell for cell in there.cells if cell.cell_type == "code" and cell.execution_count is None]
    return [f"{path.relative_to(ROOT)} has {len(unrun)} cells that were not run"] if unrun else []


def write_table(costs: dict[str, Cost]) -> None:
    """Write README.md of the notebooks: what each lesson asks, and what running it took here."""
    path = NOTEBOOKS / "README.md"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    known = {number: Cost(int(seconds), int(size)) for number, seconds, size in COSTS.findall(before)} | costs
    lines = [
        "# Lessons\n",
        "Each lesson is a notebook with its outputs, in English and in Japanese, made by `make lessons-write` from one",
        "source in `src/`. Time and memory are those of that run, on two cores, from an empty cache.\n",
        "[explainer.html](explainer.html), opened in a browser, leads through a trained LeNet, value by value.",
        "`python main.py inspect --run RUN --page FILE.html` makes one of a run of your own. This one was made by:\n",
        "```",
        "python main.py train -m lenet --activation relu --name explainer",
        "python main.py inspect --run explainer --page notebooks/explainer.html",
        "```\n",
        "| # | lesson | 日本語 | question | time | memory |",
        "|---|---|---|---|---|---|",
    ]
    for lesson in lessons():
        (en, ja), name, cost = lesson.titles, lesson.notebook("en").name, known.get(lesson.number)
        taken = f"{cost.seconds} s | {cost.megabytes} MB" if cost else "|"
        lines.append(f"| {lesson.number} | [{en}]({name}) | [{ja}](ja/{name}) | {lesson.questions[0]} | {taken} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def build(numbers: Sequence[str], write: bool) -> list[str]:
    """Run lessons, all where none is named; write their notebooks, or return what does not agree."""
    wrong, costs = [], {}
    chosen = [lesson for lesson in lessons() if not numbers or lesson.number in numbers]
    notebooks = [read_source(lesson.source) for lesson in chosen]
    os.environ |= {} if write else ONE_THREAD
    with ThreadPoolExecutor(1 if write else AT_ONCE) as pool:
        for lesson, notebook, cost in zip(
            chosen, notebooks, pool.map(lambda one: execute(one, NOTEBOOKS), notebooks), strict=True
        ):
            costs[lesson.number] = cost
            print(f"{lesson.source.name}: {cost.seconds} s, {cost.megabytes:,} MB", flush=True)
            for language in LANGUAGES:
                built = in_language(notebook, language)
                if write:
                    lesson.notebook(language).parent.mkdir(exist_ok=True)
                    nbformat.write(built, lesson.notebook(language))
                else:
                    wrong += differences(lesson, built, language)
    if write:
        write_table(costs)
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", help="of lessons, such as 04 (default: all)")
    parser.add_argument("--write", action="store_true", help="write the notebooks and the table of README.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["STUDY_CACHE"] = cache  # a first reader's is empty
        found = build(asked.numbers, asked.write)
    sys.exit("\n".join(found) or None)
