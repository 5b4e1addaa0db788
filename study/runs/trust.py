"""What the report of a classifier tells of its verdicts and of its calibration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.pages.blocks import Block, Figure, Heading, Text


def trust(folder: Path, info: Mapping[str, Any]) -> list[Block]:
    """Return the section of the report; nothing for a run without verdicts."""
    if "verdicts" not in info or "calibration" not in info:
        return []
    return [
        Heading("Verdicts and calibration"),
        Text(unlike_line(info["verdicts"]["unlike"])),
        Text(unsure_line(info["verdicts"]["unsure"])),
        Text(calibration_line(info["calibration"])),
        Figure((folder / "reliability.png").read_bytes(), "Share of right answers by probability, on the test split"),
    ]


def images_of(unsure: Mapping[str, Any]) -> str:
    """Return what the images are that a threshold is chosen by."""
    return "images out of fold" if unsure.get("out_of_fold") else "validation images"


def unlike_line(unlike: Mapping[str, Any]) -> str:
    """Return what an image is called unlike by, and how often it is a false alarm."""
    val, test = (100 * unlike["called_unlike"][split] for split in ("val", "test"))
    return (
        f"unlike: an image that is farther from its {unlike['neighbours']} nearest of {unlike['known']:,} training "
        f"images than {100 * (1 - unlike['false_alarm_rate']):g} % of these are from the others. That is said of "
        f"{val:.1f} % of the validation images and of {test:.1f} % of the test images, which all are false alarms."
    )


def unsure_line(unsure: Mapping[str, Any]) -> str:
    """Return what the default rate comes to on the test split: the share answered, and how many of these are wrong."""
    asked, test = f"{100 * unsure['right']:g} %", unsure["test"]
    if unsure["threshold"] is None:
        return (
            f"unsure: no answer, unless predict --right asks for a rate, since the {unsure['images']:,} "
            f"{images_of(unsure)} prove from no probability on that {asked} of the answers are right."
        )
    answered, wrong = test["answered"], test["answered"] - test["right"]
    errors = f"; {wrong:,} of these are wrong ({100 * wrong / answered:.1f} %)" if answered else ""
    return (
        f"unsure: an answer with a probability below {unsure['threshold']:.4f}. From there on the {unsure['images']:,} "
        f"{images_of(unsure)} prove with 95 % confidence that {asked} of the answers are right. On the test split "
        f"{answered:,} of {test['images']:,} images are answered ({100 * answered / test['images']:.1f} %){errors}."
    )


def calibration_line(calibration: Mapping[str, Any]) -> str:
    """Return the temperature and why, and the calibration error of the test split beside its noise floor."""
    on_validation = "loss_on_validation" in calibration
    losses = calibration["loss_on_validation" if on_validation else "loss_out_of_fold"]
    before, after, told = losses["before"], losses["after"], ""
    if before is not None:
        told = f"validation cross-entropy {before:.4f} without one, {after:.4f} out of fold"
        if not on_validation:
            told = f"cross-entropy out of fold {before:.4f} without one, {after:.4f} by one fitted without the image"
        told = f" ({told})"
    test = calibration["test"]
    return (
        f"Temperature {calibration['temperature']:.3f}: {calibration['reason']}{told}. The expected calibration "
        f"error on the test split is {test['error']:.4f}; a perfectly calibrated network with these probabilities "
        f"would show {test['noise_floor']:.4f} on as many images."
    )
