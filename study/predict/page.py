"""`predict --page`: the images and what is predicted of them, what to look at first on top, in one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from data.names import distinct
from study.pages.blocks import Table
from study.pages.render import render
from study.predict import cards
from study.predict.answers import DOUBT, Answer
from study.predict.told import MAX_NAMED, cautions, evaluated, learned_from, task_of
from study.predict.verdicts import CLASS, UNLIKE, UNSURE, Judge
from study.tasks import classify, multilabel

if TYPE_CHECKING:
    from study.predict.stream import Prediction
    from study.predict.written import Truth, Wanted
    from study.runs.folder import Run

MOST_FAILED = 200  # files that are named with their reason
MOST_CLASSES = 40  # that images can be filtered by
WRONG = "wrong"
TITLES = {WRONG: "Wrong", UNLIKE: "Unlike anything that it learned", UNSURE: "Unsure", CLASS: "Answered"}


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
    none = distinct("none", run.info["class_names"])
    counted = Counter(name for answer in shown for name in classes_of(answer, none))
    number = {name: i for i, (name, _) in enumerate(counted.most_common(MOST_CLASSES))}
    place = cards.common_folder(shown)
    return render(
        "predict.html.jinja",
        subject=subject,
        created=f"{datetime.now():%Y-%m-%d %H:%M}",
        command=wanted.command,
        told=[describe_run(run), describe_answers(answers, failed, none)],
        cautions=cautions(run) if truth is None or truth.in_table else [],
        notes=notes(judge, bool(answers)),
        learned=truth.learned if truth else "",
        figures=describe_metrics(run, truth),
        reports=report_tables(run, truth),
        place=place,
        sections=sections(ordered, len(shown), cards.pictures(shown, run, wanted.page, place, none, number), judge),
        classes=[(i, name, counted[name]) for name, i in number.items()],
        filtered_away=len(counted) - len(number),
        shown=len(shown),
        images=len(answers),
        table_file=str(wanted.table) if wanted.table else "",
        counts=counts(answers, judge, none),
        failed=Table(("file", "reason"), [(one.path, one.error) for one in failed[:MOST_FAILED]], (0, 1)),
        number_failed=len(failed),
    )


def classes_of(answer: Answer, none: str) -> list[str]:
    """Return the classes that an image has to do with: those predicted and those of its label."""
    return list(dict.fromkeys((*(answer.predicted or (none,)), *(answer.labels or ()))))


def describe_run(run: Run) -> str:
    """Say in one sentence which run answers, what it learned from, and how good it is on its test split."""
    names, learned = run.info["class_names"], learned_from(run, [])
    some = ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else "")
    source = "drawings made by the program" if run.info["data"].get("drawn") else f"images of {learned['data']}"
    figures = evaluated(run)[0]
    return (
        f"The run {run.folder} answers: {run.info['model']}, which learned {some} from {learned['training_images']:,} "
        f"{source}; {figures}."
    )


def describe_answers(answers: Sequence[Answer], failed: Sequence[Prediction], none: str) -> str:
    """Say in one sentence how many answers of which kind there are, and in the next what to look at first."""
    kinds = Counter(answer.kind for answer in answers)
    named = Counter(name for answer in answers if answer.kind == CLASS for name in answer.predicted or (none,))
    some = ", ".join(f"{name} {count:,}" for name, count in named.most_common(MAX_NAMED))
    more = f", and {len(named) - MAX_NAMED:,} more classes" if len(named) > MAX_NAMED else ""
    parts = [f"{kinds[CLASS]:,} given a class ({some}{more})"] if kinds[CLASS] else []
    parts += [f"{kinds[UNSURE]:,} unsure"] if kinds[UNSURE] else []
    parts += [f"{kinds[UNLIKE]:,} unlike anything that it learned"] if kinds[UNLIKE] else []
    parts += [f"{len(failed):,} that could not be used"] if failed else []
    files = len(answers) + len(failed)
    return f"{files:,} file{'' if files == 1 else 's'}: {', '.join(parts)}. {look_first(answers, kinds)}"


def look_first(answers: Sequence[Answer], kinds: Mapping[str, int]) -> str:
    """Say what to look at first."""
    if wrong := sum(answer.wrong for answer in answers):
        return f"Look first at those whose label says otherwise ({wrong:,}): the surest stand at the top."
    if kinds[UNLIKE]:
        return "Look first at those that are unlike: they may show something that the run never learned."
    if kinds[UNSURE]:
        return "Look first at the unsure ones."
    return "Look first at the least sure ones, which stand at the top." if answers else "There is nothing to look at."


def notes(judge: Judge | None, answered: bool) -> list[str]:
    """Return what must be said of the verdicts."""
    return list(filter(None, [*judge.renamed(), judge.why_no_threshold()])) if judge and answered else []


def sections(
    ordered: Sequence[Answer], shown: int, pictures: Sequence[Mapping[str, Any]], judge: Judge | None
) -> list[dict[str, Any]]:
    """Return the images by what is to be looked at first, each section with its cards: those among the first shown."""
    found = []
    for name in (WRONG, *DOUBT):
        rows = [i for i, one in enumerate(ordered) if (WRONG if one.wrong else one.kind) == name]
        if rows:
            right = ", and right" if any(one.wrong for one in ordered) and name != WRONG else ""
            section = {"id": name, "title": f"{TITLES[name]}{right}", "number": len(rows), "note": explain(name, judge)}
            found.append(section | {"cards": [pictures[i] for i in rows if i < shown]})
    return found


def explain(name: str, judge: Judge | None) -> str:
    """Say what the images of a section have in common, and their order."""
    if name == WRONG:
        return "The label says otherwise. The surest stand first: the run is wrong, or the label is."
    if name == UNLIKE:
        return (
            f"Farther than {judge.known.limit:.4f} from the images that it learned from. The class is the likeliest of "
            "those that it knows; the image may show none of them."
        )
    if name == UNSURE and judge.threshold is not None:
        return f"The probability is below {judge.threshold:.4f}. The least sure stand first."
    return "The least sure stand first."


def counts(answers: Sequence[Answer], judge: Judge | None, none: str) -> Table:
    """Return how many images of each class got which verdict."""
    kinds = [CLASS, UNSURE, UNLIKE] if judge and judge.known else [CLASS]
    by_class = Counter((name, answer.kind) for answer in answers for name in answer.predicted or (none,))
    names = Counter(name for answer in answers for name in answer.predicted or (none,))
    rows = [
        [name, *(f"{by_class[name, kind]:,}" for kind in kinds if len(kinds) > 1), f"{count:,}"]
        for name, count in names.most_common()
    ]
    return Table(
        ("likeliest class", *("answered", "unsure", "unlike")[: len(kinds) if len(kinds) > 1 else 0], "images"), rows
    )


def describe_metrics(run: Run, truth: Truth | None) -> str:
    """Return the figures of the labelled images in one line; nothing where there are none."""
    if truth is None or truth.metrics is None:
        return ""
    return task_of(run).describe("labelled images", truth.metrics)


def report_tables(run: Run, truth: Truth | None) -> list[Table]:
    """Return the report of every class where labels are known: figures, and what was taken for what."""
    if truth is None or truth.metrics is None:
        return []
    if task_of(run).SEVERAL_LABELS:
        return [Table(multilabel.HEADER, multilabel.per_class_rows(truth.metrics))]
    names, confusion = list(truth.metrics["per_class"]), truth.metrics["confusion"]
    figures = Table(("class", "precision", "recall", "F1", "images"), classify.per_class_rows(truth.metrics))
    if len(names) <= classify.MAX_IN_A_MATRIX:
        rows = [[name, *row] for name, row in zip(names, confusion, strict=True)]
        return [figures, Table(("true \\ predicted", *names), rows)]
    return [figures, Table(("true", "predicted", "images"), classify.most_confused(names, confusion), (0, 1))]
