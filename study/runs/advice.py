"""What to do next about a run: one sentence, by what its figures show most plainly.

It goes by the validation split: who mends what the test split shows has no test any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.confidence.selective import at_most
from study.pages.language import listed, t
from study.tasks import classify
from study.tasks.sentences import MOST_NAMED

WIDE = 0.05  # of an interval of the accuracy: so rough a figure cannot tell good from better
WEAK = 0.15  # of recall below the accuracy: such a class stands out
LEAST = 5  # validation images that it must have: of fewer, one or two odd images are its recall
CHANCE = 0.05  # that some class as good as the others finds so few of its images, where one is called weak
OVERFITTED = 0.1  # of accuracy in training above validation
DWARFED = 10  # so many times another class counts, from which on the weights are named where that one is not found
LOST = 0.75  # of the images of such classes that are taken for one that counts so much more


@dataclass(frozen=True)
class Commands:
    """What can be done about a run, as commands for its own images: look at them, learn longer, cross-validate, learn
    without class weights.

    `crossval` is empty where it would refuse. `unlimited`: the same training without a time limit.
    """

    check: str
    longer: str
    crossval: str
    unweighted: str = ""
    unlimited: str = ""


@dataclass(frozen=True)
class Advice:
    """What would help most: a sentence for the report, the same in a few words, and its command if there is one."""

    sentence: str = ""
    short: str = ""
    command: str = ""


@dataclass(frozen=True)
class Facts:
    """What a run folder tells, and what can be done about it: the arguments of `next_step`."""

    info: Mapping[str, Any]
    results: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    commands: Commands


def next_step(
    info: Mapping[str, Any], results: Mapping[str, Any], history: Sequence[Mapping[str, Any]], commands: Commands
) -> Advice:
    """Return what would help most and why; nothing of a task that has no advice.

    Args:
        info: what `run.json` holds.
        results: what `metrics.json` holds.
        history: the rows of `history.csv`.
        commands: about this run.
    """
    if info.get("task", "classify") != "classify":
        return Advice()
    facts = Facts(info, results, history, commands)
    return next(advice for rule in RULES if (advice := rule(facts)))


def _drowned_by_weights(facts: Facts) -> Advice | None:
    if not (found := _dwarfed(facts.info, facts.results["val"])):
        return None
    heavy, light, times = found
    some, many = listed(light, MOST_NAMED), f"{times:,.0f}"
    return Advice(
        t(
            f"Train without --class-weight, or with weights closer to one another: an image of {heavy} counts {many} "
            f"times as much in the loss as one of {some}, and nearly all images of the latter are taken for others.",
            f"--class-weight を外すか、重みの差を小さくして学習してください。損失では「{heavy}」の画像 1 枚がクラス "
            f"{some.ja} の {many} 倍に数えられ、後者の画像はほとんど別のクラスと予測されています。",
        ),
        f"an image of {heavy} counts {many} times as much in the loss as one of {some}, which it hardly finds: train "
        "without --class-weight",
        facts.commands.unweighted,
    )


def _nothing_learned(facts: Facts) -> Advice | None:
    val = facts.results["val"]
    if val["accuracy"] > classify.baseline(val)[1]:
        return None
    return Advice(
        t(
            "Nothing was learned that helps: look at the data for wrong labels and copies, then try another "
            "learning rate or other weights.",
            "有用な学習ができていません。データに誤ったラベルや重複画像がないか確認し、"
            "別の学習率や重みを試してください。",
        ),
        "nothing was learned that helps, look at the data",
        facts.commands.check,
    )


def _still_learning(facts: Facts) -> Advice | None:
    if "ensemble" in facts.info:
        return None
    last = facts.info["stages"][-1]
    if last["kept_epoch"] != len(facts.history):
        return None
    if last["epochs_run"] < last["epochs"]:
        return _out_of_time(facts.commands) if facts.info.get("settings", {}).get("time_limit") else None
    return Advice(
        t(
            "Train longer: the last epoch was the best, so it was still learning.",
            "学習を長くしてください。最後のエポックが最良だったため、まだ学習の途中です。",
        ),
        "train longer, the last epoch was the best",
        facts.commands.longer,
    )


def _out_of_time(commands: Commands) -> Advice:
    return Advice(
        t(
            "Give it more time: the last epoch was the best, so it was still learning when it was ended.",
            "学習時間を長くしてください。最後のエポックが最良だったため、終了時はまだ学習の途中でした。",
        ),
        "give it more time, it was still learning",
        commands.unlimited,
    )


def _weak_class(facts: Facts) -> Advice | None:
    val = facts.results["val"]
    if not (weak := _weakest(val)):
        return None
    images, of_class = facts.info["data"]["counts"]["train"].get(weak, 0), val["per_class"][weak]
    recall, number = f"{of_class['recall']:.2f}", of_class["support"]
    return Advice(
        t(
            f"Add images of {weak}, of which it finds too few (recall {recall} on {number:,} validation images) and "
            f"has learned from {images:,}; and look at their labels.",
            f"「{weak}」の画像を追加し、そのラベルも確認してください。見つけられる割合が低すぎます"
            f"（検証データ {number:,} 枚での再現率 {recall}）。学習に使った画像は {images:,} 枚です。",
        ),
        f"it finds too few of {weak} (recall {recall} on {number:,} validation images), add images of it and look at "
        "their labels",
        facts.commands.check,
    )


def _rough_figure(facts: Facts) -> Advice | None:
    test, crossval = facts.results["test"], facts.commands.crossval
    low, high = test["accuracy_interval"]
    if not crossval or high - low <= WIDE or "crossval" in facts.results:
        return None
    points = f"{100 * (high - low):.0f}"
    rough = f"{test['n']:,} test images leave an interval of {points} points"
    return Advice(
        t(
            f"Measure on all images before comparing this with anything: {rough}; cross-validation predicts each "
            "image by a network that never saw it.",
            f"何かと比較する前に、すべての画像で測ってください。テスト画像 {test['n']:,} 枚では"
            f"信頼区間の幅が {points} ポイントあります。交差検証では、各画像を、その画像を学習していない"
            "ネットワークで予測します。",
        ),
        f"{rough}, measure on all images",
        crossval,
    )


def _overfitted(facts: Facts) -> Advice | None:
    if "ensemble" in facts.info:  # whose history has members
        return None
    kept = facts.info["stages"][-1]["kept_epoch"]  # later epochs are no part of the run; 0: it is as it began
    learned = facts.history[kept - 1].get("accuracy", 0) if kept else 0
    if learned - facts.results["val"]["accuracy"] <= OVERFITTED:
        return None
    return Advice(
        t(
            "Add images or augmentation: it is much better on the images that it has learned from.",
            "画像かデータ拡張を増やしてください。学習に使った画像での結果のほうがずっと良く、過学習しています。",
        )
    )


def _nothing_stands_out(facts: Facts) -> Advice:
    return Advice(
        t(
            "Stop here, unless the mistakes below show labels to mend: no figure points at a plain fault.",
            "下の誤りに直すべきラベルがなければ、ここで終えてかまいません。明らかな問題を示す数値はありません。",
        )
    )


# The first that has something to say is what would help most.
RULES = (
    _drowned_by_weights,
    _nothing_learned,
    _still_learning,
    _weak_class,
    _rough_figure,
    _overfitted,
    _nothing_stands_out,
)


def _weakest(result: Mapping[str, Any]) -> str:
    """Return the class that is found far less often than the average image, and not by chance, if there is one.

    It is the worst of all that have enough images, and of many the worst is far below by chance: what it found must be
    so few that with CHANCE no class of them would, were each image found as often as the average one.
    """
    judged = {name: entry for name, entry in result["per_class"].items() if _independent(entry) >= LEAST}
    accuracy, weak = result["accuracy"], {}
    for name, entry in judged.items():
        recall, number = entry["recall"], _independent(entry)
        if recall < accuracy - WEAK and at_most(round(recall * number), number, min(accuracy, 1 - 1e-9)) < CHANCE / len(
            judged
        ):
            weak[name] = recall
    return min(weak, key=weak.__getitem__, default="")


def _independent(entry: Mapping[str, Any]) -> int:
    """Return how many images of a class there are; those that belong together count as one."""
    return entry.get("units", entry["support"])


def _dwarfed(info: Mapping[str, Any], val: Mapping[str, Any]) -> tuple[str, list[str], float] | None:
    """Return the class of the largest weight, those that it dwarfs, and how many times theirs it is at least, where
    their images are taken for classes that are not dwarfed; None where they are not.

    What balances classes dwarfs none: a class counts by its weight and by the images that are drawn of it.
    """
    given = info.get("settings", {}).get("class_weight")
    if not isinstance(given, Mapping):
        return None
    weight = {name: given.get(name, 1.0) for name in val["per_class"]}
    whole = {name: weight[name] * entry.get("drawn_per_epoch", 0) for name, entry in info["classes"].items()}
    heavy = max(weight, key=weight.__getitem__)
    if not whole.get(heavy):
        return None
    light = [name for name in weight if DWARFED * max(weight[name] / weight[heavy], whole[name] / whole[heavy]) <= 1]
    is_light = np.isin(list(weight), light)
    called = np.array(val["confusion"])[is_light]
    if not called.sum() or called[:, ~is_light].sum() < LOST * called.sum():
        return None
    return heavy, light, weight[heavy] / max(weight[name] for name in light)
