"""`predict --page`: the images and what is predicted of them, what to look at first on top, in one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from data.names import distinct
from study.pages.blocks import Table
from study.pages.language import VERDICTS, Bilingual, japanese, joined, listed, t
from study.pages.reasons import translated
from study.pages.render import render
from study.predict import cards
from study.predict.answers import DOUBT, Answer
from study.predict.told import MAX_NAMED, cautions, evaluated, learned_from, task_of
from study.predict.verdicts import CLASS, UNLIKE, UNSURE, Judge
from study.runtime.format import significant
from study.tasks import classify, multilabel

if TYPE_CHECKING:
    from study.predict.stream import Prediction
    from study.predict.written import Truth, Wanted
    from study.runs.folder import Run

MOST_FAILED = 200  # files that are named with their reason
MOST_CLASSES = 40  # that images can be filtered by
WRONG = "wrong"
TITLES = {
    WRONG: t("Wrong", "誤り"),
    UNLIKE: t("Unlike anything that it learned", "未知：学習したどの画像とも似ていない"),
    UNSURE: t("Unsure", "不確か"),
    CLASS: t("Answered", "判定済み"),
}


def page(
    run: Run,
    answers: Sequence[Answer],
    failed: Sequence[Prediction],
    judge: Judge | None,
    wanted: Wanted,
    subject: str,
    truth: Truth | None,
) -> str:
    """Return the whole page; the arguments are those of `written.write`."""
    ordered = sorted(answers, key=Answer.doubt)
    shown = ordered[: cards.MOST]
    none = t(distinct("none", run.info["class_names"]), "なし")
    counted = Counter(name for answer in shown for name in classes_of(answer, none))
    number = {name: i for i, (name, _) in enumerate(counted.most_common(MOST_CLASSES))}
    place = cards.common_folder(shown)
    return render(
        "predict.html.jinja",
        wanted.language,
        subject=subject,
        created=f"{datetime.now():%Y-%m-%d %H:%M}",
        command=wanted.command,
        told=[describe_run(run), describe_answers(answers, failed, none)],
        cautions=cautions(run) if truth is None or truth.in_table else [],
        notes=[
            *(judge.notes(verdict_counts(answers, judge, truth)) if judge and answers else []),
            *([describe_cut(answers)] if "crop" in run.info and answers else []),
        ],
        learned=truth.learned if truth else "",
        figures=describe_metrics(run, truth),
        warnings=task_of(run).warnings(truth.metrics) if truth and truth.metrics else [],
        reports=report_tables(run, truth),
        place=place,
        sections=sections(ordered, cards.pictures(shown, run, wanted.page, place, none, number), judge, len(number)),
        classes=[(i, name, counted[name]) for name, i in number.items()],
        filtered_away=len(counted) - len(number),
        shown=len(shown),
        images=len(answers),
        table_file=str(wanted.table) if wanted.table else "",
        counts=counts(answers, judge, none),
        failed=Table(
            (t("file", "ファイル"), t("reason", "理由")),
            [(one.path, translated(one.error)) for one in failed[:MOST_FAILED]],
            (0, 1),
        ),
        number_failed=len(failed),
    )


def classes_of(answer: Answer, none: str) -> list[str]:
    """Return the classes that an image has to do with: those predicted and those of its label."""
    return list(dict.fromkeys((*(answer.predicted or (none,)), *(answer.labels or ()))))


def describe_run(run: Run) -> str:
    """Say in one sentence which run answers, what it learned from, and how good it is on its test split."""
    names, learned = run.info["class_names"], learned_from(run, [])
    some, number = listed(names, MAX_NAMED), f"{learned['training_images']:,}"
    source = t(f"images of {learned['data']}", f"{learned['data']} の画像 {number} 枚")
    if run.drawn:
        source = t("drawings made by the program", f"プログラムが描いた図 {number} 枚")
    figures = evaluated(run)[0]
    return t(
        f"The run {run.folder} answers: {run.info['model']}, which learned {some} from {number} {source}; {figures}.",
        f"学習結果 {run.folder} による予測です（モデル {run.info['model']}、クラス {some.ja}、"
        f"{source.ja}から学習）。{japanese(figures)}。",
    )


def describe_answers(answers: Sequence[Answer], failed: Sequence[Prediction], none: str) -> str:
    """Say in one sentence how many answers of which kind there are, and in the next what to look at first."""
    kinds = Counter(answer.kind for answer in answers)
    named = Counter(name for answer in answers if answer.kind == CLASS for name in answer.predicted or (none,))
    counted = [t(f"{name} {n:,}", f"{japanese(name)} {n:,}") for name, n in named.most_common(MAX_NAMED)]
    if (more := len(named) - MAX_NAMED) > 0:
        counted.append(t(f"and {more:,} more classes", f"ほか {more:,} クラス"))
    some, parts = joined(counted), []
    if kinds[CLASS]:
        parts.append(t(f"{kinds[CLASS]:,} given a class ({some})", f"クラスを判定 {kinds[CLASS]:,}（{some.ja}）"))
    if kinds[UNSURE]:
        parts.append(t(f"{kinds[UNSURE]:,} unsure", f"{VERDICTS[UNSURE]} {kinds[UNSURE]:,}"))
    if kinds[UNLIKE]:
        number = f"{kinds[UNLIKE]:,}"
        parts.append(t(f"{number} unlike anything that it learned", f"{VERDICTS[UNLIKE]} {number}"))
    if failed:
        parts.append(t(f"{len(failed):,} that could not be used", f"使えないファイル {len(failed):,}"))
    files, told, look = len(answers) + len(failed), joined(parts), look_first(answers, kinds)
    return t(
        f"{files:,} file{'' if files == 1 else 's'}: {told}. {look}", f"ファイル {files:,} 個：{told.ja}。{look.ja}"
    )


def verdict_counts(answers: Sequence[Answer], judge: Judge, truth: Truth | None) -> Counter[str]:
    """Return how many images got each verdict; nothing of the run's own split, whose figures stand on the page."""
    own_split = truth is not None and not truth.in_table
    return Counter() if own_split else Counter(judge.verdict(answer.prediction) for answer in answers)


def look_first(answers: Sequence[Answer], kinds: Mapping[str, int]) -> Bilingual:
    """Say what to look at first."""
    if wrong := sum(answer.wrong for answer in answers):
        return t(
            f"Look first at those whose label says otherwise ({wrong:,}): the surest stand at the top.",
            f"まず、ラベルと異なる予測（{wrong:,} 枚）を確認してください。確信度の高いものから並んでいます。",
        )
    if kinds[UNLIKE]:
        return t(
            "Look first at those that are unlike: they may show something that the run never learned.",
            "まず、未知と判定された画像を確認してください。学習していないものが写っている可能性があります。",
        )
    if kinds[UNSURE]:
        return t("Look first at the unsure ones.", "まず、不確かと判定された画像を確認してください。")
    if answers:
        return t(
            "Look first at the least sure ones, which stand at the top.",
            "まず、先頭に並んだ確信度の低いものを確認してください。",
        )
    return t("There is nothing to look at.", "確認する画像はありません。")


def describe_cut(answers: Sequence[Answer]) -> Bilingual:
    """Say what the frame in an image is, and how many images have none."""
    images, whole = f"{len(answers):,}", f"{sum(answer.prediction.box is None for answer in answers):,}"
    return t(
        "A yellow frame shows what was cut out of an image: the network saw only that. "
        f"Of {images} images, {whole} were taken whole.",
        "黄色い枠は、画像から切り出した部分です。ネットワークにはこの部分だけを入力しました。"
        f"{images} 枚のうち {whole} 枚は、画像全体を使いました。",
    )


def sections(
    ordered: Sequence[Answer], pictures: Sequence[Mapping[str, Any]], judge: Judge | None, classes: int
) -> list[dict[str, Any]]:
    """Return the images by what is to be looked at first, each section with its cards: those of the first answers.

    `of_class`: how many of its cards each of the `classes` has by which they can be filtered.
    """
    found = []
    for name in (WRONG, *DOUBT):
        rows = [i for i, one in enumerate(ordered) if (WRONG if one.wrong else one.kind) == name]
        if rows:
            title = TITLES[name]
            if any(one.wrong for one in ordered) and name != WRONG:
                title = t(f"{title}, and right", f"{title.ja}（正解）")
            section = {"id": name, "title": title, "number": len(rows), "note": explain(name, judge)}
            own = [pictures[i] for i in rows if i < len(pictures)]
            of_class = Counter(name for card in own for name in card["filters"].split())
            found.append(section | {"cards": own, "of_class": [of_class[f"c{i}"] for i in range(classes)]})
    return found


def explain(name: str, judge: Judge | None) -> str:
    """Say what the images of a section have in common, and their order."""
    if name == WRONG:
        return t(
            "The label says otherwise. The surest stand first: the run is wrong, or the label is.",
            "予測がラベルと異なります。確信度の高い順です。予測とラベルのどちらかが誤りです。",
        )
    if name == UNLIKE:
        return t(
            f"Farther than {judge.known.limit:.4f} from the images that it learned from. The class is the likeliest of "
            "those that it knows; the image may show none of them.",
            f"学習した画像からの距離が {judge.known.limit:.4f} を超えています。クラスは学習したもののうち最も確率が"
            "高いもので、画像にはどのクラスも写っていない可能性があります。",
        )
    if name == UNSURE and judge.threshold is not None:
        return t(
            f"The probability is below {significant(judge.threshold, 4)}. The least sure stand first.",
            f"確率が {significant(judge.threshold, 4)} 未満です。確信度の低い順です。",
        )
    return t("The least sure stand first.", "確信度の低い順です。")


def counts(answers: Sequence[Answer], judge: Judge | None, none: str) -> Table:
    """Return how many images of each class got which verdict."""
    kinds = [CLASS, UNSURE, UNLIKE] if judge and judge.known else [CLASS]
    by_class = Counter((name, answer.kind) for answer in answers for name in answer.predicted or (none,))
    names = Counter(name for answer in answers for name in answer.predicted or (none,))
    rows = [
        [name, *(f"{by_class[name, kind]:,}" for kind in kinds if len(kinds) > 1), f"{count:,}"]
        for name, count in names.most_common()
    ]
    by_kind = (t("answered", "判定済み"), *(t(kind, VERDICTS[kind]) for kind in (UNSURE, UNLIKE)))
    some = by_kind if len(kinds) > 1 else ()
    return Table((t("likeliest class", "最も確率の高いクラス"), *some, t("images", "画像数")), rows)


def describe_metrics(run: Run, truth: Truth | None) -> str:
    """Return the figures of the labelled images in one line; nothing where there are none."""
    if truth is None or truth.metrics is None:
        return ""
    return task_of(run).describe(truth.title, truth.metrics)


def report_tables(run: Run, truth: Truth | None) -> list[Table]:
    """Return the report of every class where labels are known: figures, and what was taken for what."""
    if truth is None or truth.metrics is None:
        return []
    if task_of(run).SEVERAL_LABELS:
        return [Table(multilabel.HEADER, multilabel.per_class_rows(truth.metrics))]
    names, confusion = list(truth.metrics["per_class"]), truth.metrics["confusion"]
    figures = Table(classify.HEADER, classify.per_class_rows(truth.metrics))
    if len(names) <= classify.MAX_IN_A_MATRIX:
        rows = [[name, *row] for name, row in zip(names, confusion, strict=True)]
        return [figures, Table((t("true \\ predicted", "正解 \\ 予測"), *names), rows)]
    header = (t("true", "正解"), t("predicted", "予測"), t("images", "画像数"))
    return [figures, Table(header, classify.most_confused(names, confusion), (0, 1))]
