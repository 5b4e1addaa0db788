"""`predictions.csv` of a run is read in one place, and a table that was cut says so."""

from pathlib import Path

import pytest
from helpers import message

from study.runs.folder import Run
from study.runs.predictions import of_test_images


@pytest.fixture
def run(tmp_path):
    """A run folder as far as its predictions go."""

    def write(text):
        (tmp_path / "predictions.csv").write_text(text, encoding="utf-8")
        return Run(Path(tmp_path), {})

    return write


def test_rows_are_found_by_path_without_the_guards_of_spreadsheets(run):
    rows = of_test_images(run("path,label,predicted,p_cat\n'=1.jpg,cat,dog,0.25\n"))
    assert rows == {"=1.jpg": {"path": "=1.jpg", "label": "cat", "predicted": "dog", "p_cat": "0.25"}}


def test_a_table_that_was_cut_or_is_another_says_so(run, tmp_path):
    path = tmp_path / "predictions.csv"
    cut = message(of_test_images, run("path,label,predicted,p_cat\na.jpg,cat,cat,1\nb.jpg\n"))
    assert cut == f"{path}, line 3 has no label: give a whole run: train again."
    other = message(of_test_images, run("path,label\n"))
    assert other == f"{path} has no column predicted: give a whole run: train again. It has: path, label."
