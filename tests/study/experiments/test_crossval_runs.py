"""Trainings of folds, each in a run folder: what they predict is found again, whatever the images are called."""

import csv
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from data.csv_table import guard
from data.split import read_split, write_split
from study.experiments.crossval_runs import Trainings, read_all
from study.folds.divide import Fold


def test_images_named_as_formulas_are_found_in_the_tables(run, tmp_path):
    folder = tmp_path / "repeat-1" / "fold-1" / run.name
    shutil.copytree(run, folder)
    entries = [replace(entry, path=f"={entry.path}") for entry in read_split(run / "split.csv")]
    write_split(folder / "split.csv", entries)
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    with (folder / "predictions.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *([guard(f"={path}"), *cells] for path, *cells in rows)])
    held_out = np.array([row for row, entry in enumerate(entries) if entry.split == "test"])
    names = [name.removeprefix("p_") for name in header if name.startswith("p_")]
    data = SimpleNamespace(class_names=names, entries=entries)
    found = read_all(Trainings(data, None, [Fold(1, 1, held_out[:0], held_out)], {}, tmp_path, 0, ""))
    expected = {f"={row[0]}": list(map(float, row[-len(names) :])) for row in rows}
    np.testing.assert_allclose(found[0, held_out], [expected[entries[row].path] for row in held_out], atol=1e-6)
