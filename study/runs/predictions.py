"""What a classifier's run predicted of its test images, read from `predictions.csv`."""

from __future__ import annotations

from data import csv_table
from study.runs.folder import Run

COLUMNS = ("path", "label", "predicted")


def of_test_images(run: Run) -> dict[str, dict[str, str]]:
    """Return the path of each image -> its row: label, predicted class, and the probability of each class, `p_cat`.

    Raises:
        UserError: the table cannot be read, or is another one.
    """
    path = run.folder / "predictions.csv"
    table = csv_table.with_columns(path, str(path), COLUMNS, "a whole run: train again")
    rows = ({name: csv_table.unguard(cell) for name, cell in row.items()} for _, row in table.rows())
    return {row["path"]: row for row in rows}
