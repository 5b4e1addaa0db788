"""The report of many classes, which have no room for a matrix, and of a training that no command started."""

import shutil

import pytest
from run_files import run_info

from study.runs import report
from study.runs.advice import Commands
from study.runs.answers import Answers, Picture, confused, matrix
from study.runs.report import Asked, Repeat


def result_of(confusion, names):
    """Figures of a test split by its confusion matrix."""
    right, n = sum(row[i] for i, row in enumerate(confusion)), sum(map(sum, confusion))
    per_class = {
        name: {"precision": 0.5, "recall": row[i] / max(sum(row), 1), "f1": 0.5, "support": sum(row)}
        for i, (name, row) in enumerate(zip(names, confusion, strict=True))
    }
    figures = {"n": n, "accuracy": right / n, "accuracy_interval": [0.4, 0.6], "loss": 1.0, "macro_f1": 0.5}
    return figures | {"per_class": per_class, "confusion": confusion}


def ring(classes):
    """Of each class 5 are right and one more each class is taken for the next."""
    return [[5 if i == j else i + 1 if j == (i + 1) % classes else 0 for j in range(classes)] for i in range(classes)]


COMMANDS = Commands("check", "train", "crossval", "unweighted")
REPEAT = Repeat("python main.py train --data '/a b/<c>' --seed 0", ("--seed",))


def written(run, tmp_path, confusion, answers, asked):
    """Text of the page of a run with other answers."""
    folder = shutil.copytree(run, tmp_path / "run")
    names = [f"class {i}" for i in range(len(confusion))]
    result = result_of(confusion, names)
    info = run_info(run) | {"class_names": names, "command": ""}
    history = [{"accuracy": 0.5}] * 3
    report.write(folder, info, {"val": result, "test": result}, history, COMMANDS, asked, answers)
    return " ".join((folder / "report.html").read_text(encoding="utf-8").split())


def picture(name):
    return Picture(name, f"file:///{name}", "class 3", None, "the file was changed or removed")


def test_cells_have_their_counts_shares_and_images():
    names = ["class 0", "class 1", "class 2"]
    small = {("class 1", "class 2"): [(1, picture("a.png")), (0, picture("b.png"))]}
    result, answers = result_of([[5, 1, 0], [0, 5, 2], [0, 0, 0]], names), Answers((), 3, small, 9)
    cells = matrix(result, answers)
    assert [[cell.count for cell in row] for row in cells] == [[5, 1, 0], [0, 5, 2], [0, 0, 0]]
    assert [cell.share for cell in cells[1]] == [0, 5 / 7, 2 / 7]
    assert [cell.share for cell in cells[2]] == [0, 0, 0]
    assert [cell.opens for cell in cells[1]] == [False, False, True]
    assert len({cell.id for row in cells for cell in row}) == 9
    assert [(cell.label, cell.predicted) for cell in confused(result, answers)] == [
        ("class 1", "class 2"),
        ("class 0", "class 1"),
    ]


@pytest.mark.parametrize(("classes", "fits"), [(40, True), (41, False), (120, False)])
def test_many_classes_are_told_by_the_pairs_that_are_confused_most(run, tmp_path, classes, fits):
    small = {("class 3", "class 4"): [(0, picture("a.png"))]}
    page = written(run, tmp_path, ring(classes), Answers((), 3, small, 9), Asked((), REPEAT))
    assert ("label \\ predicted" in page) == fits
    assert (f"{classes} classes are too many for a matrix" in page) == (not fits)
    assert ("100 of 120 pairs are shown" in page) == (classes == 120)
    for part in ('id="cell-3-4"', 'href="#cell-3-4"', "Labelled class 3, predicted class 4: 1 of 4 shown"):
        assert (part in page) == (classes <= 41)  # what no link leads to would only make the page larger
    if not fits:
        assert page.index(f'<td class="text">class {classes - 1}</td>') < page.index('<td class="text">class 30</td>')


def test_a_training_that_no_command_started_says_so(run, tmp_path):
    page = written(run, tmp_path, [[5, 1], [0, 5]], Answers((), 1, {}, 9), Asked((), REPEAT))
    assert "No setting was given." in page
    assert "It was started from Python." in page


def test_a_command_is_told_with_what_was_added(run, tmp_path):
    page = written(run, tmp_path, [[5, 1], [0, 5]], Answers((), 1, {}, 9), Asked(("epochs",), REPEAT))
    assert "python main.py train --data &#39;/a b/&lt;c&gt;&#39; --seed 0</code>" in page
    assert "--seed: not typed, the default is written out." in page
