"""`report.html`: what was trained, on what, how well it does and where it fails, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study import tasks
from study.pages.blocks import Figure, Table
from study.pages.language import SPLIT_NAMES, Bilingual, japanese, joined, t
from study.pages.reasons import translated
from study.pages.render import render
from study.runs.advice import Commands, next_step
from study.runs.answers import MAX_IN_A_MATRIX, MAX_PAIRS, Answers, confused, matrix
from study.runs.members import members
from study.runs.out_of_fold import out_of_fold_lines
from study.runs.trust import trust
from study.runtime.format import format_value
from study.tasks.sentences import auxiliary_line

SPLITS = ("train", "val", "test")
STAGE_HEADER = (
    t("stage", "ステージ"), t("images", "画像数"), t("batch", "バッチ"),
    t("iterations an epoch", "反復数/エポック"), t("epochs run", "実行エポック数"),
    t("images a second", "画像数/秒"), t("learning rate", "学習率"),
    t("kept epoch, why it ended", "採用したエポック、終了の理由"),
)  # fmt: skip
LEARNING_TYPES = {
    "scratch": t("scratch", "ゼロからの学習（scratch）"),
    "transfer": t("transfer", "転移学習（transfer）"),
    "finetune": t("finetune", "ファインチューニング（finetune）"),
}
STEPS = {  # of a training, as `run.json` has them
    "build the network": "ネットワークの構築",
    "read the images": "画像の読み込み",
    "embed": "特徴量の計算",
    "train": "学習",
    "evaluate": "評価",
    "nearest training images": "最も近い訓練画像の検索",
    "images of the report": "レポート用の画像の作成",
    "cross-validate": "交差検証",
}


@dataclass(frozen=True)
class Repeat:
    """A command that repeats a training, the flags that were added to what was typed, and those that were left out."""

    command: str
    added: Sequence[str] = ()
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Asked:
    """What was asked for: the names of the settings that were given, and how to repeat it."""

    given: Sequence[str]
    repeat: Repeat


def write(
    folder: Path,
    info: Mapping[str, Any],
    results: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    commands: Commands,
    asked: Asked,
    answers: Answers | None,
) -> None:
    """Write `report.html` into a run folder that has its images already.

    `history` has a row an epoch; `results` may have figures out of fold beside those of both splits; `commands` are
    those that can follow; `answers` are those of the test split that are shown, of a classifier.
    """
    task = tasks.get(info.get("task", "classify"))
    page = render(
        "report.html.jinja",
        info["settings"].get("language", "en"),
        info=info,
        learning=(
            LEARNING_TYPES.get(info["learning"]["type"], info["learning"]["type"]),
            translated(info["learning"]["reason"]),
        ),
        headline=task.headline(results["test"]),
        next_step=next_step(info, results, history, commands),
        results=[task.describe(SPLIT_NAMES[split], results[split]) for split in ("test", "val")],
        warnings=task.warnings(results["test"]),
        crossval=out_of_fold_lines(results["crossval"], results["test"]["n"]) if "crossval" in results else [],
        second_task=auxiliary_summary(info["settings"], results),
        answers=answers,
        tested=results["test"]["n"],
        cells=matrix(results["test"], answers) if answers and len(info["class_names"]) <= MAX_IN_A_MATRIX else [],
        confused=confused(results["test"], answers) if answers else [],
        most_pairs=MAX_PAIRS,
        sections=task.sections(folder, results["test"]),
        stages=Table(STAGE_HEADER, [_stage_row(stage) for stage in info["stages"]], (0, 7)),
        curves=Figure(
            (folder / "curves.png").read_bytes(),
            "Loss and accuracy over the members"
            if "ensemble" in info
            else t("Loss and accuracy over the epochs", "エポックごとの損失と正解率"),
        ),
        trust=trust(folder, info),
        repeat=asked.repeat,
        members=members(info),
        cut=describe_cut(info["crop"]) if "crop" in info else "",
        **_tables(info),
        **_settings(info["settings"], asked.given),
    )
    (folder / "report.html").write_text(page, encoding="utf-8", errors="replace")


def auxiliary_summary(settings: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """Return what is told of an auxiliary task that was learned beside the class; nothing where there was none."""
    if "auxiliary" not in results["val"]:
        return ""
    lines = joined(
        (
            auxiliary_line(SPLIT_NAMES[split], Path(settings["auxiliary"]).name, results[split]["auxiliary"])
            for split in ("val", "test")
        ),
        "; ",
        "。",
    )
    weight = f"{settings['auxiliary_weight']:g}"
    return t(
        f"{lines} (weight {weight} in the loss; its head is no part of the saved network).",
        f"{japanese(lines)}（損失での重み {weight}。補助タスクの出力層は保存したネットワークに含まれません）。",
    )


def describe_cut(crop: Mapping[str, Any]) -> Bilingual:
    """Say by what images were cut, and how many were not."""
    images, whole, margin = crop["cut"] + crop["whole"], f"{crop['whole']:,}", f"{100 * crop['margin']:g}"
    if crop["to"] == "mask":
        by, ja_by = "found by the network in finder/", "finder/ のネットワークで検出した動物"
        lacking, ja_lacking = "no animal was found", "動物を検出できなかった"
    else:
        by, ja_by = "by a table of boxes", "枠の表が示す動物"
        lacking, ja_lacking = "the table has no box", "表に枠のない"
    taken = f"; the {whole} in which {lacking} were taken whole" if crop["whole"] else ""
    ja_taken = f"{ja_lacking} {whole} 枚は、画像全体を使いました。" if crop["whole"] else ""
    return t(
        f"Cut to the animal, {by}, with a margin of {margin} %: {crop['cut']:,} of {images:,} images{taken}.",
        f"{images:,} 枚のうち {crop['cut']:,} 枚から、{ja_by}を {margin}% の余白を付けて切り出しました。{ja_taken}",
    )


def _tables(info: Mapping[str, Any]) -> dict[str, Table]:
    counts = [
        [
            name,
            *(info["data"]["counts"][split].get(name, 0) for split in SPLITS),
            balance["drawn_per_epoch"],
            balance["weight"],
        ]
        for name, balance in info["classes"].items()
    ]
    header = (
        *(t("class", "クラス"), t("train", "訓練"), t("validation", "検証"), t("test", "テスト")),
        *(t("per epoch", "エポックあたり"), t("weight in the loss", "損失での重み")),
    )
    left_out = [[entry["path"], translated(entry["reason"])] for entry in info["data"]["left_out"]]
    seconds = [[t(name, STEPS.get(name, name)), f"{spent:.1f}"] for name, spent in info["seconds"].items()]
    return {
        "classes": Table(header, counts),
        "seconds": Table((t("step", "処理"), t("seconds", "秒")), seconds),
        "left_out": Table((t("file", "ファイル"), t("reason", "理由")), left_out, (0, 1)),
    }


def _settings(values: Mapping[str, Any], given: Sequence[str]) -> dict[str, Table]:
    """Return the settings that were given, in the order in which they were, and all others."""
    header = (t("setting", "設定"), t("value", "値"))
    first = [[name, format_value(values[name], name)] for name in given]
    others = [[name, format_value(value, name)] for name, value in values.items() if name not in given]
    return {"given": Table(header, first, (0, 1)), "defaults": Table(header, others, (0, 1))}


def _stage_row(stage: Mapping[str, Any]) -> list[object]:
    numbers = [f"{stage[key]:,}" for key in ("images", "batch_size", "iterations", "epochs_run", "images_per_second")]
    ended = translated(stage["ended"])
    kept = t(f"{stage['kept_epoch']}: {ended}", f"{stage['kept_epoch']}：{japanese(ended)}")
    return [stage["name"], *numbers, f"{stage['learning_rate']:g}", kept]
