"""The page: the template, and in it the network and what runs it."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence

import PIL

from study.browser.runtime import Runtime
from study.export.run import Exported
from study.pages.language import t
from study.pages.policy import allowed
from study.pages.render import render
from study.predict import drop
from study.predict.verdicts import Judge
from study.runs.folder import Run

DOWN_FIRST = 13  # from this version on Pillow may take the height before the width, which changes pixels by one level
POLICY = "policy-of-this-page"  # stands for it until the page is there


def page(
    run: Run,
    judge: Judge | None,
    done: Exported,
    network: bytes,
    runtime: Runtime,
    examples: Sequence[tuple[str, bytes]],
    language: str,
) -> str:
    """Return the whole page.

    Args:
        run: that answers.
        judge: of its answers; None of a run without verdicts.
        done: what the network says of itself, and how far it is from the run.
        network: its ONNX file.
        runtime: what runs it.
        examples: class and JPEG file of each.
        language: "en" or "ja".
    """
    about = done.about
    told = {
        "words": drop.words(judge),
        "classes": about["class_names"],
        "size": about["resize"]["size"],
        "rule": about["resize"]["rule"],
        "down_first": int(PIL.__version__.partition(".")[0]) >= DOWN_FIRST,
        "verdicts": about["verdicts"],
        "thresholds": about["thresholds"],
    }
    contents = {"program": runtime.program, "engine": runtime.engine, "network": network}
    text = render(
        "network_page.html.jinja",
        language,
        **{**drop.values(run, judge), "notes": [*apart(done), *notes(judge)]},
        told=told,
        examples=examples,
        version=runtime.version,
        parts=[(name, packed(content)) for name, content in contents.items()],
        policy=POLICY,
    )
    return text.replace(POLICY, policy(text), 1)


def apart(done: Exported) -> list[str]:
    """Say that the figures are those of the run, where the network of the page may not answer as the run does."""
    parity, int8 = done.parity, done.about["int8"]
    if not (int8 or parity.changed or parity.changed_verdicts):
        return []
    changed, verdicts, images = len(parity.changed), parity.changed_verdicts, parity.images
    if verdicts is None:
        otherwise = t(
            f"other labels for {changed:,} of {images:,} validation images than the run does.",
            f"検証画像 {images:,} 枚のうち {changed:,} 枚で学習結果と異なるラベルを予測します。",
        )
    else:
        otherwise = t(
            f"another class for {changed:,} of {images:,} validation images than the run does, and another verdict for "
            f"{verdicts:,}.",
            f"検証画像 {images:,} 枚のうち {changed:,} 枚で学習結果と異なるクラスを予測し、"
            f"{verdicts:,} 枚で判定が異なります。",
        )
    told = t(
        f"The figures above are of the run as it was trained. The network on this page "
        f"{'computes in 8-bit integers: it ' if int8 else ''}gives {otherwise}",
        f"上の数値は、訓練したままの学習結果のものです。このページのネットワークは"
        f"{'8 ビット整数で計算するため、' if int8 else '、'}{otherwise.ja}",
    )
    return [told]


def notes(judge: Judge | None) -> list[str]:
    """Return what must be said of the verdicts to somebody who gets the page, and has no command to ask otherwise."""
    if judge is None:
        return []
    none_proved = t(
        "No answer is called unsure: there were too few images to prove from which probability on answers are right.",
        "画像が少なく、どの確率から予測が正しいといえるかを示せないため、不確かとする予測はありません。",
    )
    return [*judge.renamed(), *([none_proved] if judge.known and judge.threshold is None else [])]


def packed(content: bytes) -> str:
    """Return bytes as a page can hold them: compressed by gzip, in base64."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def policy(text: str) -> str:
    """Return the Content-Security-Policy of a page: it may open no connection at all."""
    return (
        f"default-src 'none'; style-src {allowed(text, 'style')}; script-src {allowed(text, 'script')} blob: "
        "'wasm-unsafe-eval'; img-src data:; base-uri 'none'; form-action 'none'"
    )
