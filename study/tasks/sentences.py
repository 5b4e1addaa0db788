"""What is said of the figures of a classifier, and of other tasks in the same words: in English and in Japanese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from study.pages.language import Bilingual, japanese, joined, listed, t

FEW = 20  # images of a class below which one mistake moves its recall by more than five points
MOST_NAMED = 10  # classes in one sentence


def describe(split: str, result: Mapping[str, Any]) -> str:
    """`test: accuracy 97.3 % (146 of 150; 95 % interval 93.3 to 99.0 %), …; always answering dog: 53.3 %`."""
    low, high = (100 * bound for bound in result["accuracy_interval"])
    right, (name, constant) = sum(row[i] for i, row in enumerate(result["confusion"])), baseline(result)
    counted, apart = counted_by(result), joined(["", *others_of(result)], "; ", "。")
    return t(
        f"{split}: accuracy {100 * result['accuracy']:.1f} % ({right:,} of {result['n']:,}; "
        f"95 % interval {low:.1f} to {high:.1f} %{counted}), macro F1 {result['macro_f1']:.3f}; "
        f"always answering {name}: {100 * constant:.1f} %{apart}",
        f"{japanese(split)}：正解率 {100 * result['accuracy']:.1f}%（{result['n']:,} 枚中 {right:,} 枚、"
        f"95% 信頼区間 {low:.1f}〜{high:.1f}%{counted.ja}）、マクロ F1 {result['macro_f1']:.3f}。"
        f"常に「{name}」と答えた場合は {100 * constant:.1f}%{apart.ja}",
    )


def headline(result: Mapping[str, Any]) -> str:
    """Return in one sentence how good the answers on the test split are, beside always answering one class."""
    low, high = (100 * bound for bound in result["accuracy_interval"])
    right, (name, constant) = sum(row[i] for i, row in enumerate(result["confusion"])), baseline(result)
    counted, apart = counted_by(result), others_after(result)
    return t(
        f"Of {result['n']:,} test images {right:,} are right: accuracy {100 * result['accuracy']:.1f} % (95 % interval "
        f"{low:.1f} to {high:.1f} %{counted}), where always answering the commonest class, {name}, gives "
        f"{100 * constant:.1f} %.{apart}",
        f"テスト画像 {result['n']:,} 枚のうち {right:,} 枚が正解で、正解率は {100 * result['accuracy']:.1f}%"
        f"（95% 信頼区間 {low:.1f}〜{high:.1f}%{counted.ja}）です。最も多いクラス「{name}」と常に答えた場合の正解率は "
        f"{100 * constant:.1f}% です。{apart.ja}",
    )


def others_of(result: Mapping[str, Any]) -> list[Bilingual]:
    """Return what the images come to that are not in training or validation too; nothing where all are not."""
    if "seen" not in result:
        return []
    found = result["seen"]
    total, verb = f"{result['n']:,}", "is" if found["images"] == 1 else "are"
    also = t(
        f"{found['images']:,} of the {total} images {verb} also in training or validation, by copies, near duplicates "
        "or groups",
        f"{total} 枚のうち {found['images']:,} 枚は、同じ画像・近似重複画像・同じグループの画像が"
        "訓練データか検証データにもあります",
    )
    if not found["others"]:
        return [t(f"{also}: no other image is left to judge by", f"{also.ja}。評価に使える画像はほかにありません")]
    share = f"{100 * found['accuracy']:.1f}"
    verb = "is" if found["right"] == 1 else "are"
    return [
        t(
            f"{also}: of the other {found['others']:,}, {found['right']:,} {verb} right, {share} %",
            f"{also.ja}。それ以外の {found['others']:,} 枚では {found['right']:,} 枚が正解（{share}%）",
        )
    ]


def others_after(result: Mapping[str, Any]) -> Bilingual:
    """Return the same as a sentence that stands behind another; no text where there is none."""
    told = joined(others_of(result))
    return t(f" {told}.", f"{told.ja}。") if told else t("", "")


def counted_by(result: Mapping[str, Any]) -> Bilingual:
    """Return what stands behind an interval that goes by units; nothing where every image is one of its own."""
    if "units" not in result:
        return t("", "")
    groups = "group" if result["units"] == 1 else "groups"
    return t(
        f", counted by {result['units']:,} {groups}: images that belong together count once",
        f"、互いに関連する画像を 1 組と数えて {result['units']:,} 組",
    )


def baseline(result: Mapping[str, Any]) -> tuple[str, float]:
    """Return the commonest class of a split, and the accuracy of always answering that."""
    name, entry = max(result["per_class"].items(), key=lambda item: item[1]["support"])
    return name, entry["support"] / result["n"]


def warnings(result: Mapping[str, Any]) -> list[str]:
    """Say in words what the accuracy alone would hide: that a constant answer is as good, that a class is never found.

    "Clearly" better is where the interval lies above the baseline.
    """
    name, constant = baseline(result)
    told = []
    if constant == 1:
        told.append(one_class_only(name))
    elif result["accuracy"] <= constant:
        told.append(no_better_than(name))
    elif result["accuracy_interval"][0] <= constant:
        told.append(
            t(
                f"This is not clearly better than always answering {name}.",
                f"常に「{name}」と答えた場合より明らかに良いとはいえません。",
            )
        )
    never = [one for one, entry in result["per_class"].items() if entry["support"] and not entry["recall"]]
    if never:
        told.append(never_found(never))
    return [*told, *filter(None, [few_images_note(result)])]


def one_class_only(name: str) -> str:
    """Say what the accuracy is where a constant answer is right about every image."""
    return t(
        f"All of these images are of {name}: this is the share of them that is found, and says nothing of images that "
        f"are wrongly called {name}.",
        f"画像はすべて「{name}」です。この数値はそのうち見つけられた割合であり、他の画像を誤って「{name}」と答えるかどうかは"
        "わかりません。",
    )


def no_better_than(name: str) -> str:
    """Say that a constant answer is as good."""
    return t(
        f"This is no better than always answering {name}: nothing was learned that helps.",
        f"常に「{name}」と答えた場合を上回っていません。有用な学習ができていません。",
    )


def never_found(names: Sequence[str]) -> str:
    """Say of which classes no image is found."""
    some = listed(names, MOST_NAMED)
    return t(
        f"Not one image of {some} is found (recall 0).",
        f"クラス {some.ja} の画像は 1 枚も見つけられていません（再現率 0）。",
    )


def auxiliary_line(split: str, asked: str, result: Mapping[str, Any]) -> str:
    """`validation, auxiliary task coat: accuracy 71.3 % (150 labels)`."""
    if "iou" in result:
        said = t(
            f"IoU {result['iou']:.3f} at {result['side']} pixels ({result['n']:,} images)",
            f"IoU {result['iou']:.3f}（一辺 {result['side']} ピクセル、{result['n']:,} 枚）",
        )
    elif not result["n"]:
        said = t("no label in this split", "このデータにはラベルがありません")
    else:
        accuracy = f"{100 * result['accuracy']:.1f}"
        said = t(f"accuracy {accuracy} % ({result['n']:,} labels)", f"正解率 {accuracy}%（ラベル {result['n']:,} 件）")
    return t(f"{split}, auxiliary task {asked}: {said}", f"{japanese(split)}、補助タスク {asked}：{japanese(said)}")


def few_images_note(result: Mapping[str, Any]) -> str:
    """Return a warning where a split is too small to tell good from lucky, else nothing."""
    few = [name for name, entry in result["per_class"].items() if 0 < entry["support"] < FEW]
    alike = [name for name, entry in result["per_class"].items() if entry.get("units", FEW) < FEW <= entry["support"]]
    none = [name for name, entry in result["per_class"].items() if not entry["support"]]
    lines = []
    if few:
        some = listed(few, MOST_NAMED)
        lines.append(
            t(
                f"Fewer than {FEW} images of {some}: these figures are rough.",
                f"クラス {some.ja} の画像は {FEW} 枚未満のため、これらの数値は大まかなものです。",
            )
        )
    if alike:
        some = listed(alike, MOST_NAMED)
        lines.append(
            t(
                f"The images of {some} fall into fewer than {FEW} groups: these figures are rough.",
                f"クラス {some.ja} の画像は、互いに関連する画像をまとめると {FEW} 組未満のため、"
                "これらの数値は大まかなものです。",
            )
        )
    called = dict(zip(result["per_class"], map(sum, zip(*result["confusion"], strict=True)), strict=True))
    if none:
        some = listed(none, MOST_NAMED)
        lines.append(
            t(
                f"No image of {some}: not evaluated.",
                f"クラス {some.ja} の画像がないため、評価していません。",
            )
        )
    if wrongly := [name for name in none if called[name]]:
        some = listed(wrongly, MOST_NAMED)
        lines.append(
            t(
                f"Answered although there is none, and 0 in macro F1: {some}.",
                f"画像がないのに予測されたクラス {some.ja} は、マクロ F1 では 0 として数えています。",
            )
        )
    return joined(lines, " ", "")
