import json

import numpy as np
import pytest
from run_files import shares, table

from study.confidence import calibration
from study.runs.trust import calibration_line, unlike_line, unsure_line


def test_the_report_says_both_rates_and_the_calibration(run):
    page = " ".join((run / "report.html").read_text(encoding="utf-8").split())
    info = json.loads((run / "run.json").read_text())
    assert "<h2>Verdicts and calibration</h2>" in page
    for line in (
        unlike_line(info["verdicts"]["unlike"]),
        unsure_line(info["verdicts"]["unsure"]),
        calibration_line(info["calibration"]),
    ):
        assert line in page


def test_the_error_that_is_kept_is_that_of_the_test_predictions(run):
    rows, kept = table(run / "predictions.csv"), json.loads((run / "run.json").read_text())["calibration"]["test"]
    probability = np.array([shares(row).max() for row in rows])
    right = np.array([row["predicted"] == row["label"] for row in rows])
    assert kept["error"] == pytest.approx(calibration.calibration_error(probability, right), abs=1e-5)
    assert sum(points["images"] for points in kept["bins"]) == len(rows)


def test_the_rate_on_test_is_told_with_its_errors():
    test = {"images": 809, "answered": 777, "right": 775}
    line = unsure_line({"right": 0.99, "threshold": 0.85, "images": 809, "test": test})
    assert line.endswith("On the test split 777 of 809 images are answered (96.0 %); 2 of these are wrong (0.3 %).")
    line = unsure_line({"right": 0.99, "threshold": 0.85, "images": 270, "test": test, "out_of_fold": True})
    assert "From there on the 270 images out of fold prove with 95 % confidence that 99 % of the answers" in line
    line = unsure_line({"right": 0.99, "threshold": None, "images": 150, "test": test | {"answered": 0, "right": 0}})
    assert line.startswith(
        "unsure: no answer, unless predict --right asks for a rate, since the 150 validation images prove from no "
    )
