"""What the report says of the figure from all images, each predicted by a network that did not learn from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.folds.out_of_fold import beside_test
from study.pages.language import Bilingual, t
from study.tasks.intervals import LEVEL


def out_of_fold_lines(summary: Mapping[str, Any], test_images: int) -> list[Bilingual]:
    """Return the figure, what it and that of the test split each mean, and warnings, one sentence each.

    Args:
        summary: what `metrics.json` says of the predictions out of fold.
        test_images: how many images the test split has.
    """
    figure, meaning, *careful = (f"{line[:1].upper()}{line[1:]}." for line in beside_test(summary, test_images))
    low, high = (100 * bound for bound in summary["accuracy_interval"])
    base, images = summary["baseline"], f"{summary['images']:,}"
    return [
        t(
            figure,
            f"交差検証：全 {images} 枚の画像を、それぞれ学習に使っていないネットワークで"
            f" {summary['repeats']:,} 回ずつ予測した正解率は {100 * summary['accuracy']:.1f}%"
            f"（{LEVEL}% 信頼区間 {low:.1f}〜{high:.1f}%、{summary['units']:,} 単位）です。"
            f"常に {base['class']} と答えた場合は {100 * base['accuracy']:.1f}% です。",
        ),
        t(
            meaning,
            f"テストデータの値は、採用したネットワークを {test_images:,} 枚の画像で評価したものです。"
            f"交差検証の値は、この学習方法を全 {images} 枚で評価したもので、"
            "どの画像がテストに選ばれたかにあまり左右されません。",
        ),
        *(t(line, f"注意：{line.removeprefix('Careful: ')}") for line in careful),
    ]
