"""What a classifier's run predicted of its test images, read from `predictions.csv`."""

from __future__ import annotations

from data import csv_table
from errors import UserError
from study.runs.folder import Run

COLUMNS = ("path", "label", "predicted")


def of_test_images(run: Run) -> dict[str, dict[str, str]]:
    """Return the path of each image -> its row: label, predicted class, and the probability of each class, `p_cat`.

    Raises:
        UserError: the table cannot be read, or is another one.
    """
    path = run.folder / "predictions.csv"
    table = csv_table.with_columns(path, str(path), COLUMNS, "a whole run: train again")
    rows: dict[str, dict[str, str]] = {}
    for line, row in table.rows():
        if missing := [name for name in table.columns if name not in row]:
            raise UserError(f"{path}, line {line} has no {missing[0]}: give a whole run: train again.")
        cells = {name: csv_table.unguard(cell) for name, cell in row.items()}
        rows[cells["path"]] = cells
    return rows
