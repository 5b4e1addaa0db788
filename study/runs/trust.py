"""What the report of a classifier tells of its verdicts and of its calibration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.pages.blocks import Block, Figure, Heading, Text
from study.pages.language import VERDICTS, Bilingual, japanese, t
from study.pages.reasons import translated
from study.runtime.format import significant


def trust(folder: Path, info: Mapping[str, Any]) -> list[Block]:
    """Return the section of the report; nothing for a run without verdicts."""
    if "verdicts" not in info or "calibration" not in info:
        return []
    return [
        Heading(t("Verdicts and calibration", "判定と較正（キャリブレーション）")),
        Text(unlike_line(info["verdicts"]["unlike"])),
        Text(unsure_line(info["verdicts"]["unsure"])),
        Text(calibration_line(info["calibration"])),
        Figure(
            (folder / "reliability.png").read_bytes(),
            t("Share of right answers by probability, on the test split", "テストデータでの確率ごとの正解の割合"),
        ),
    ]


def images_of(unsure: Mapping[str, Any]) -> Bilingual:
    """Return what the images are that a threshold is chosen by."""
    return translated("images out of fold" if unsure.get("out_of_fold") else "validation images")


def unlike_line(unlike: Mapping[str, Any]) -> str:
    """Return what an image is called unlike by, and how often it is a false alarm."""
    val, test = (100 * unlike["called_unlike"][split] for split in ("val", "test"))
    share = f"{100 * (1 - unlike['false_alarm_rate']):g}"
    return t(
        f"unlike: an image that is farther from its {unlike['neighbours']} nearest of {unlike['known']:,} training "
        f"images than {share} % of these are from the others, near duplicates and images of a group left out. That is "
        f"said of {val:.1f} % of the validation images and of {test:.1f} % of the test images, which all are false "
        "alarms.",
        f"{VERDICTS['unlike']}（unlike）：訓練画像 {unlike['known']:,} 枚のうち最も近い {unlike['neighbours']} 枚までの"
        f"平均距離が、訓練画像の {share}% について測った同じ距離（ほぼ同じ画像と同じグループの画像は除く）より大きい"
        f"画像です。検証画像の {val:.1f}%、"
        f"テスト画像の {test:.1f}% が該当しましたが、これらはすべて誤検出です。",
    )


def unsure_line(unsure: Mapping[str, Any]) -> str:
    """Return what the default rate comes to on the test split: the share answered, and how many of these are wrong."""
    asked, test = f"{100 * unsure['right']:g} %", unsure["test"]
    if unsure["threshold"] is None:
        return t(
            f"unsure: no answer, unless predict --right asks for a rate, since the {unsure['images']:,} "
            f"{images_of(unsure)} prove from no probability on that {asked} of the answers are right.",
            f"{VERDICTS['unsure']}（unsure）：該当する予測はありません（predict --right で割合を指定した場合を除く）。"
            f"{japanese(images_of(unsure))} {unsure['images']:,} 枚からは、どの確率以上でも予測の"
            f" {100 * unsure['right']:g}% が正しいとは示せないためです。",
        )
    answered, wrong = test["answered"], test["answered"] - test["right"]
    errors = t("", "")
    if answered:
        errors = t(
            f"; {wrong:,} of these are wrong ({100 * wrong / answered:.1f} %)",
            f"（うち {wrong:,} 枚、{100 * wrong / answered:.1f}% が誤り）",
        )
    share = f"{100 * answered / test['images']:.1f}"
    return t(
        f"unsure: an answer with a probability below {significant(unsure['threshold'], 4)}. From there on the "
        f"{unsure['images']:,} {images_of(unsure)} prove with 95 % confidence that {asked} of the answers are right. "
        f"On the test split {answered:,} of {test['images']:,} images are answered ({share} %){errors}.",
        f"{VERDICTS['unsure']}（unsure）：確率が {significant(unsure['threshold'], 4)} 未満の予測です。"
        f"{japanese(images_of(unsure))} "
        f"{unsure['images']:,} 枚により、この確率以上の予測の {100 * unsure['right']:g}% が"
        "正しいことが 95% の信頼度で示されています。"
        f"テストデータでは {test['images']:,} 枚中 {answered:,} 枚（{share}%）が判定の対象です{errors.ja}。",
    )


def calibration_line(calibration: Mapping[str, Any]) -> str:
    """Return the temperature and why, and the calibration error of the test split beside its noise floor."""
    on_validation = "loss_on_validation" in calibration
    found = calibration["loss_on_validation" if on_validation else "loss_out_of_fold"]
    before, after, losses = found["before"], found["after"], t("", "")
    if before is not None and on_validation:
        losses = t(
            f" (validation cross-entropy {before:.4f} without one, {after:.4f} by one fitted without the image)",
            f"（検証データの交差エントロピー：適用前 {before:.4f}、その画像を除いて当てはめた温度では {after:.4f}）",
        )
    elif before is not None:
        losses = t(
            f" (cross-entropy out of fold {before:.4f} without one, {after:.4f} by one fitted without the image)",
            f"（フォールド外の交差エントロピー：適用前 {before:.4f}、その画像を除いて当てはめた温度では {after:.4f}）",
        )
    test, reason = calibration["test"], translated(calibration["reason"])
    return t(
        f"Temperature {calibration['temperature']:.3f}: {reason}{losses}. The expected calibration "
        f"error on the test split is {test['error']:.4f}; a perfectly calibrated network with these probabilities "
        f"would show {test['noise_floor']:.4f} on as many images.",
        f"温度スケーリングの温度は {calibration['temperature']:.3f} です。{japanese(reason)}{losses.ja}。"
        f"テストデータでの期待較正誤差（ECE）は {test['error']:.4f} です。同じ確率を出す完全に較正されたネットワーク"
        f"でも、この枚数では {test['noise_floor']:.4f} になります。",
    )
