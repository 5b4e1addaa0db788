"""`report.html` as `train` writes it: two sentences first, links, counts, folded defaults, the command to repeat."""

import json
import re
import shlex
from html.parser import HTMLParser
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from helpers import QUICK, TOY_CLASSES, call, make_toy
from run_files import newest, run_info

import main
import models
from study.pages.render import TEMPLATES
from study.runs.advice import Commands, next_step
from study.settings.resolve import as_json, defaults_of, resolve, with_model
from study.tasks import classify

NAMES = dict(zip(TOY_CLASSES, ('<b>&"', "#1 ä%20", "猫 '?"), strict=True))
ODD = "100 % 'sure' & \"ok\" #?ü.png"
VOID = {"img", "meta", "br", "input", "link"}


class Element:
    """A tag with what is in it."""

    def __init__(self, tag, attributes):
        self.tag, self.attributes, self.inside = tag, dict(attributes), []

    def all(self, tag="", name=""):
        """Elements below this one, of a tag and a class."""
        for one in self.inside:
            if isinstance(one, Element):
                if (not tag or one.tag == tag) and (not name or name in one.attributes.get("class", "").split()):
                    yield one
                yield from one.all(tag, name)

    @property
    def text(self):
        parts = [one.text if isinstance(one, Element) else one for one in self.inside]
        return " ".join("".join(parts).split())


class Tree(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, page):
        super().__init__()
        self.open = [Element("", {})]
        self.feed(page)
        (self.body,) = self.open[0].all("main")

    def handle_starttag(self, tag, attrs):
        element = Element(tag, attrs)
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        self.open[-1].inside.append(data)


COMMANDS = Commands("check", "train", "crossval", "unweighted")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run on images with odd names that learned next to nothing, from a relative path, and its page."""
    root = make_toy(tmp_path_factory.mktemp("data") / "my toys #1")
    for label, name in NAMES.items():
        (root / label).rename(root / name)
    for number in range(20):
        (root / NAMES["circle"] / f"{number}.png").rename(root / NAMES["circle"] / f"{number} {ODD}")
    runs = root.parent / "all runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root.parent)
        ran = call(
            *("train", "--data", root.name, *QUICK, "--epochs", 1, "--learning-rate", "0.00001", "--split", "3:1:4"),
            *("--runs", runs.name, "--name", "toys"),
        )
    assert (ran.code, ran.err) == (0, "")
    return newest(runs), Tree((newest(runs) / "report.html").read_text(encoding="utf-8")), root


def metrics_of(run):
    return json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def test_how_good_and_what_next_are_the_first_two_sentences(made):
    run, page, _ = made
    results, info = metrics_of(run), run_info(run)
    title, good, then, *_ = [one for one in page.body.inside if isinstance(one, Element)]
    assert title.tag == "h1"
    headline = classify.headline(results["test"])
    assert good.text == headline
    assert headline.count(". ") == ("seen" in results["test"])
    low, high = results["test"]["accuracy_interval"]
    for figure in (f"{100 * results['test']['accuracy']:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %", "30 test"):
        assert figure in headline
    history = [{"accuracy": 0.3}]
    assert then.text.startswith(f"What next? {next_step(info, results, history, COMMANDS).sentence}")


def test_every_link_leads_to_a_file_or_to_a_place_on_the_page(made):
    run, page, root = made
    links = [link.attributes["href"] for link in page.body.all("a")]
    places = {one.attributes["id"] for one in page.body.all() if "id" in one.attributes}
    files = {url2pathname(urlsplit(link).path) for link in links if not link.startswith("#")}
    assert {link[1:] for link in links if link.startswith("#")} <= places
    assert files <= {str(path) for path in root.rglob("*.png")}
    assert any(ODD in file for file in files)
    assert all(link.startswith(("#", "file:///")) for link in links)
    assert run.is_dir()


def test_the_page_asks_for_nothing_from_elsewhere(made, run):
    for folder in (made[0], run):
        page = (folder / "report.html").read_text(encoding="utf-8")
        sources = re.findall(r"""\bsrc=['"]?([^'"\s>]+)""", page)
        assert sources
        assert all(re.match(r"data:image/(png|jpeg);base64,", source) for source in sources)
        assert not re.search(r"<(link|iframe|object)\b|<script [^>]*src|@import|url\(|https?://", page)
    assert not re.search(r"https?:|@import|url\(", (TEMPLATES / "report.css").read_text(encoding="utf-8"))


def test_the_cells_sum_to_the_metrics_and_open_their_images(made):
    run, page, _ = made
    (table,) = page.body.all("table", "confusion")
    rows = [list(row.all("td")) for row in table.all("tr")][1:]
    expected, names = metrics_of(run)["test"]["confusion"], run_info(run)["class_names"]
    assert [[int(cell.text) for cell in row] for row in rows] == expected
    assert [row.text for row in table.all("th")][1:] == [*names, *names]
    sections = {section.attributes["id"]: section for section in page.body.all("section", "cell")}
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            links = list(cell.all("a"))
            assert bool(links) == (i != j and expected[i][j] > 0)
            for link in links:
                opened = sections[link.attributes["href"].removeprefix("#")]
                assert len(list(opened.all("img"))) == expected[i][j]
                assert opened.text.startswith(f"Labelled {names[i]}, predicted {names[j]}: {expected[i][j]} of ")
    assert sum(map(sum, expected)) == 30


def test_every_mistake_has_its_card(made):
    run, page, root = made
    wrong = sum(sum(row) - row[i] for i, row in enumerate(metrics_of(run)["test"]["confusion"]))
    cards = list(page.body.all("article", "answer"))
    assert len(cards) == min(wrong, 24) > 10
    assert f"Mistakes on the test split: {len(cards)} of {wrong} shown, the surest first." in page.body.text
    for card in cards:
        (pictures,), (alike,) = list(card.all("div", "pictures")), list(card.all("div", "alike"))
        assert len(list(pictures.all("img"))) == 2
        assert len(list(alike.all("img"))) == 3
        link = next(card.all("a"))
        assert (root / link.text).is_file()
        assert f"Labelled {link.text.split('/')[0]}, predicted " in card.text
    seconds = run_info(run)["seconds"]
    assert {"nearest training images", "Grad-CAM", "images of the report"} <= seconds.keys()


@pytest.mark.slow
def test_no_mistake_is_said_so(tmp_path, toy):
    ran = call("train", "--data", toy, *QUICK, "--epochs", 12, "--runs", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    run = newest(tmp_path)
    page = Tree((run / "report.html").read_text(encoding="utf-8"))
    assert metrics_of(run)["test"]["accuracy"] == 1
    assert "There is no mistake on the test split (6 images). These are the right answers" in page.body.text
    assert [card.text.startswith("Right: ") for card in page.body.all("article", "answer")] == [True] * 6


def test_what_follows_stands_in_order_and_defaults_are_folded(made):
    run, page, _ = made
    titles = [title.text for title in page.body.all("h2")]
    assert titles == [
        *("Mistakes", "Confusion matrix", "Test split, class by class", "Training", "Verdicts and calibration"),
        *("Data", "Settings", "The command to repeat this"),
    ]
    folded, *_ = page.body.all("details")
    assert "open" not in folded.attributes
    names = [row.text.split()[0] for row in folded.all("tr")][1:]
    typed = [word for word in shlex.split(run_info(run)["command"]) if word.startswith("-")]
    typed = list(dict.fromkeys(word.removeprefix("--").replace("-", "_") for word in typed))
    typed[typed.index("_m")] = "model"
    (given,) = [table for table in page.body.all("table") if table.text.startswith("setting value") and
                not any(table is one for one in folded.all("table"))]  # fmt: skip
    assert [row.text.split()[0] for row in given.all("tr")][1:] == typed
    assert sorted([*names, *typed]) == sorted(run_info(run)["settings"])


def test_the_last_line_repeats_the_training_from_any_folder(made, tmp_path, monkeypatch):
    run, page, root = made
    (line,) = page.body.all("pre")
    words = shlex.split(line.text)
    assert words[:3] == ["python", "main.py", "train"]
    assert words[-4:] == ["--seed", "0", "--split-seed", "0"]
    assert "--name" not in words
    assert "--name: left out, since this run has that name." in page.body.text
    monkeypatch.chdir(tmp_path)
    flags = vars(main.make_parser().parse_args(words[2:]))
    assert flags.pop("command") == "train"
    flags = with_model(flags)
    settings = as_json(resolve(flags, defaults_of(models.get(flags["model"]).SPEC, flags)))
    was = run_info(run)["settings"]
    assert settings["data"] == was["data"] == str(root)
    differing = {name for name in was if json.loads(json.dumps(settings[name])) != was[name]}
    assert differing <= {"name", "learning", "weights", "weight_decay"}  # those that training settles


def test_a_page_of_mistakes_stays_small(made):
    assert (made[0] / "report.html").stat().st_size < 3_000_000
