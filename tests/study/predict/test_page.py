"""`predict --page`: what to look at first on top, links that lead to the files, and nothing from anywhere else."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import numpy as np
import pytest
from helpers import TOY_CLASSES, call, make_toy, toy_image
from PIL import Image
from run_files import table

from study.pages.pictures import jpeg
from study.predict import cards
from study.runs.folder import read_run
from study.runtime.format import significant


class Page(HTMLParser):
    """The cards of a page, in their order, its text, and its links."""

    def __init__(self, file):
        super().__init__()
        self.source = file.read_text(encoding="utf-8")
        self.links, self.headings, self.texts, self.ids, self.sources, self.inside = [], [], [], [], [], ""
        self.feed(self.source)
        self.text = " ".join("".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.inside = tag
        if "title" in attrs and tag == "a":
            self.links.append((attrs["href"], attrs["title"]))
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.sources += [attrs[name] for name in ("src", "href") if name in attrs]

    def handle_data(self, data):
        if self.inside == "h2":
            self.headings += [data.strip()] if data.strip() else []
        if self.inside not in ("style", "script"):
            self.texts.append(data)

    @property
    def paths(self):
        return [title for _, title in self.links]


@pytest.fixture
def images(tmp_path):
    """Images that the run has never seen."""
    return make_toy(tmp_path / "new", 3, first=600)


def test_the_least_sure_stand_first(judging, images, tmp_path):
    call("predict", "--run", judging(), images, "--csv", tmp_path / "a.csv")
    rows = table(tmp_path / "a.csv")
    limit = sorted(float(row["distance"]) for row in rows)[-3]  # two are farther
    sure = sorted(float(row["probability"]) for row in rows)[4]  # four are less sure
    run = judging(images=800, wrong=400, limit=limit, probability=0.99999, wrong_at=sure)
    ran = call("predict", "--run", run, images, "--csv", tmp_path / "a.csv", "--page", tmp_path / "out.html")
    assert ran.code == 0
    assert f"page: {tmp_path / 'out.html'}" in ran.out.splitlines()
    rows = table(tmp_path / "a.csv")
    rank = {"unlike": 0, "unsure": 1}
    ordered = sorted(rows, key=lambda row: (rank.get(row["verdict"], 2), float(row["probability"])))
    page = Page(tmp_path / "out.html")
    assert page.paths == [row["path"] for row in ordered]
    verdicts = [row["verdict"] for row in rows]
    unlike, unsure = verdicts.count("unlike"), verdicts.count("unsure")
    assert unlike
    assert unsure
    assert page.headings == [
        *(f"Unlike anything that it learned: {unlike}", f"Unsure: {unsure}", f"Answered: {9 - unlike - unsure}"),
        "Counts",
    ]
    assert {"#unlike", "#unsure", "#class"} <= set(page.sources)
    assert {"unlike", "unsure", "class"} <= set(page.ids)
    assert (
        f"{unsure} unsure, {unlike} unlike anything that it learned. Look first at those that are unlike" in page.text
    )
    for row in rows:
        assert f"{row['predicted']} {significant(float(row['probability']), 4)}" in page.text
        assert f"distance {row['distance']}" in page.text


def test_the_first_sentences_say_which_run_answers_and_what_it_learned_from(run, toy, images, tmp_path):
    call("predict", "--run", run, images, "--page", tmp_path / "out.html")
    metrics = json.loads((run / "metrics.json").read_text())["test"]
    assert (
        f"The run {run} answers: original, which learned circle, square, stripes from 48 images of {toy}; test: "
        f"accuracy {100 * metrics['accuracy']:.1f} % ("
    ) in Page(tmp_path / "out.html").text
    assert "95 % interval" in Page(tmp_path / "out.html").text


def test_the_page_asks_for_nothing_and_its_links_lead_to_the_files(run, images, tmp_path):
    odd = images / "circle" / "a b#c?100%ü.png"
    (images / "circle" / "600.png").rename(odd)
    for out in (tmp_path / "out.html", tmp_path / "elsewhere" / "out.html"):
        out.parent.mkdir(exist_ok=True)
        call("predict", "--run", run, images, "--page", out)
        page = Page(out)
        assert len(page.links) == 9
        for link, path in page.links:
            assert Path(unquote(urlsplit(urljoin(out.as_uri(), link)).path)) == Path(path)
            assert Path(path).is_file()
        assert str(odd) in page.paths
        assert all(re.match(r"data:image/jpeg;|file:///|#|new/", source) for source in page.sources)
        assert not re.search(r"https?:|url\(|@import|\ssrcset", page.source)


def test_links_to_what_lies_beside_the_page_move_with_it(run, images, tmp_path):
    call("predict", "--run", run, images, "--page", tmp_path / "out.html")
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("new", "out.html"):
        (tmp_path / name).rename(moved / name)
    links = Page(moved / "out.html").links
    assert len(links) == 9
    assert all((moved / unquote(link)).is_file() for link, _ in links)


def test_images_can_be_filtered_by_class_without_a_script(run, images, tmp_path):
    call("predict", "--run", run, images, "--csv", tmp_path / "a.csv", "--page", tmp_path / "out.html")
    page = Page(tmp_path / "out.html")
    number = dict(re.findall(r'id="(c\d+)"> <span>(\w+)</span>', page.source))
    assert set(number.values()) == {row["predicted"] for row in table(tmp_path / "a.csv")}
    for key, name in number.items():
        assert f"main:has(#{key}:checked) :is(.card:not(.{key})" in page.source
        shown = [row["path"] for row in table(tmp_path / "a.csv") if row["predicted"] == name]
        cards_of = re.findall(rf'<figure class="card [^"]*\b{key}\b.*?title="([^"]+)"', page.source, re.DOTALL)
        assert set(cards_of) == set(shown)
        told = re.findall(rf'#{key}:checked\) #\w+::after {{ content: ", of this class (\d+)"; }}', page.source)
        assert sum(map(int, told)) == len(shown)


def test_of_many_images_the_first_are_shown_and_the_table_has_all(run, tmp_path):
    (tmp_path / "many").mkdir()
    toy_image("circle", 0).save(tmp_path / "many" / "0.png")
    for number in range(1, cards.MOST + 5):
        shutil.copy(tmp_path / "many" / "0.png", tmp_path / "many" / f"{number}.png")
    words = ("predict", "--run", run, tmp_path / "many", "--page", tmp_path / "out.html")
    call(*words)
    page = Page(tmp_path / "out.html")
    assert len(page.paths) == 300
    assert "Shown are 300 of 305 images, those to look at first; --csv FILE.csv writes all of them" in page.text
    assert "300 of 305 shown." in page.text
    call(*words, "--csv", tmp_path / "all.csv")
    assert f"all are in {tmp_path / 'all.csv'}." in Page(tmp_path / "out.html").text
    assert len(table(tmp_path / "all.csv")) == 305


def test_whatever_an_image_shows_it_takes_little_room(run, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    assert len(jpeg(Image.fromarray(noise[:240, :240]))) > 30_000  # as it would be otherwise
    drawn = cards.figure(tmp_path / "noise.png", "noise", read_run(run))
    assert len(drawn.image) <= 24_000
    assert drawn.size == (176, 176)


@pytest.mark.parametrize(("size", "shown"), [((20, 10), (60, 30)), ((400, 100), (176, 44)), ((3000, 3), (176, 8))])
def test_an_image_keeps_its_shape_and_a_tiny_one_is_enlarged_a_little(size, shown, run, tmp_path):
    Image.new("RGB", size, "red").save(tmp_path / "a.png")
    assert cards.figure(tmp_path / "a.png", "a", read_run(run)).size == shown


def test_files_that_cannot_be_used_are_named_with_the_reason(run, images, tmp_path):
    (images / "broken.png").write_text("<!doctype html>")
    (images / "empty.png").write_bytes(b"")
    ran = call("predict", "--run", run, images, "--page", tmp_path / "out.html")
    assert ran.code == 0
    page = Page(tmp_path / "out.html")
    assert "11 files: " in page.text
    assert "2 that could not be used" in page.text
    assert page.headings[-2:] == ["Not used: 2", "Counts"]
    assert f"{images / 'empty.png'} the file is empty" in page.text


def test_where_every_file_fails_the_page_says_why(run, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_bytes(b"")
    for flags in ((), ("--sort", tmp_path / "sorted")):
        ran = call("predict", "--run", run, tmp_path / "bad", "--page", tmp_path / "out.html", *flags)
        assert ran.code == 2
        assert ran.err.splitlines()[-1] == "error: None of the 1 file(s) could be used; the reasons stand above."
        page = Page(tmp_path / "out.html")
        assert "1 file: 1 that could not be used. There is nothing to look at." in page.text
        assert "the file is empty" in page.text
    assert not (tmp_path / "sorted").exists()


@pytest.mark.parametrize("stdin", [None, b"\n"])
def test_where_there_is_no_image_nothing_is_written(stdin, run, tmp_path):
    (tmp_path / "none").mkdir()
    source = "-" if stdin else tmp_path / "none"
    flags = ("--page", tmp_path / "out.html", "--sort", tmp_path / "sorted")
    ran = call("predict", "--run", run, source, *flags, stdin=stdin)
    assert ran.code == 2
    assert ran.err.startswith("error: There is no image in ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["none"]


def test_a_list_on_standard_input_is_shown_and_sorted(run, images, tmp_path):
    names = f"{images}/circle/600.png\n{images}/square/601.png\n".encode()
    flags = ("--page", tmp_path / "out.html", "--sort", tmp_path / "sorted")
    ran = call("predict", "--run", run, "-", *flags, stdin=names)
    assert ran.code == 0
    page = Page(tmp_path / "out.html")
    assert "Predictions for a list of files" in page.text
    assert set(page.paths) == {f"{images}/circle/600.png", f"{images}/square/601.png"}
    assert len(list((tmp_path / "sorted").rglob("*.png"))) == 2


def test_with_labels_the_wrong_ones_stand_first_the_surest_of_them_on_top(run, images, tmp_path):
    for number in (600, 601):
        (images / "square" / f"{number}.png").rename(images / "circle" / f"wrong{number}.png")
    call("predict", "--run", run, images, "--labelled", "--csv", tmp_path / "a.csv", "--page", tmp_path / "out.html")
    rows = table(tmp_path / "a.csv")
    wrong = sorted((r for r in rows if r["predicted"] != r["label"]), key=lambda row: -float(row["probability"]))
    assert len(wrong) >= 2
    page = Page(tmp_path / "out.html")
    assert page.paths[: len(wrong)] == [row["path"] for row in wrong]
    assert page.headings[:2] == ["Report of every class", f"Wrong: {len(wrong)}"]
    assert f"Look first at those whose label says otherwise ({len(wrong)})" in page.text
    assert page.text.count("labelled circle") == 5
    report = json.loads((tmp_path / "a-report.json").read_text())
    assert report["summary"] in page.text
    assert report["warnings"]
    assert all(sentence in page.text for sentence in report["warnings"])
    assert "class precision recall F1 images circle" in page.text
    assert "The run learned from 48 training and 6 validation images" in page.text


def test_without_paths_the_page_shows_the_run_s_own_split(run, toy, tmp_path):
    ran = call("predict", "--run", run, "--csv", tmp_path / "a.csv", "--page", tmp_path / "out.html")
    assert ran.code == 0
    rows = table(tmp_path / "a.csv")
    page = Page(tmp_path / "out.html")
    assert "Predictions for the run's own test split" in page.text
    assert set(page.paths) == {row["path"] for row in rows}
    assert "class precision recall F1 images circle" in page.text
    assert "label" not in rows[0]  # the columns of the table stay


@pytest.mark.parametrize(("part", "name"), [("test", "test"), ("val", "validation")])
def test_the_figures_of_the_run_s_own_images_are_called_as_on_the_screen(part, name, run, tmp_path):
    ran = call("predict", "--run", run, "--part", part, "--page", tmp_path / "out.html")
    (figures,) = (line for line in ran.out.splitlines() if line.startswith(f"{name}: accuracy "))
    page = Page(tmp_path / "out.html")
    assert page.text.partition("Report of every class ")[2].partition("Report of every class ")[2].startswith(figures)
    assert "labelled images" not in page.text


def test_a_run_without_verdicts_orders_by_probability_alone(judging, images, tmp_path):
    run = judging()
    (run / "known.npz").unlink()
    call("predict", "--run", run, images, "--csv", tmp_path / "a.csv", "--page", tmp_path / "out.html")
    ordered = sorted(table(tmp_path / "a.csv"), key=lambda row: float(row["probability"]))
    page = Page(tmp_path / "out.html")
    assert page.paths == [row["path"] for row in ordered]
    assert page.headings == ["Answered: 9", "Counts"]
    assert "distance" not in page.text


def test_of_several_labels_all_are_shown_and_those_near_a_threshold_come_first(judging, images, tmp_path):
    run = judging(task="multilabel", thresholds=dict.fromkeys(TOY_CLASSES, 0.3))
    call("predict", "--run", run, images, "--csv", tmp_path / "a.csv", "--page", tmp_path / "out.html")

    def nearest(row):
        return min(abs(float(row[f"p_{name}"]) - 0.3) for name in TOY_CLASSES)

    rows = table(tmp_path / "a.csv")
    page = Page(tmp_path / "out.html")
    assert page.paths == [row["path"] for row in sorted(rows, key=nearest)]
    for row in rows:
        for name in filter(None, row["predicted"].split("|")):
            assert f"{name} {float(row[f'p_{name}']):.4f}" in page.text


@pytest.mark.parametrize("flag", ["--page", "--sort"])
def test_a_run_that_segments_has_neither(flag, judging, images, tmp_path):
    run, out = judging(task="segment"), tmp_path / "out.html"
    ran = call("predict", "--run", run, images, flag, out)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: {flag} is for runs that classify, and {run} segments: leave it out.\n"
    assert not out.exists()


def test_what_speaks_against_asking_the_run_stands_on_the_page(judging, images, tmp_path):
    info = json.loads((judging() / "run.json").read_text())["data"]
    call("predict", "--run", judging(data=info | {"drawn": True}), images, "--page", tmp_path / "out.html")
    text = Page(tmp_path / "out.html").text
    assert "It learned drawings made by the program, and knows nothing of photos." in text
    assert "stripes from 48 drawings made by the program; test:" in text


def test_a_class_named_as_a_verdict_is_told_from_it(judging, images, tmp_path):
    run = judging(images=100, names={"circle": "unsure"})
    call("predict", "--run", run, images / "circle", "--right", 0.99, "--page", tmp_path / "out.html")
    text = Page(tmp_path / "out.html").text
    assert "A class is named like the verdict unsure, which is written (unsure)." in text
    assert "(unsure): " in text


@pytest.mark.parametrize("place", ["new/circle/600.png", "none/out.html", "notes.html"])
def test_a_place_where_no_page_can_be_is_refused_before_anything_is_done(place, run, images, tmp_path):
    (tmp_path / "notes.html").write_text("my notes")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ran = call("predict", "--run", run, images, "--page", tmp_path / place)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert str(tmp_path / place) in ran.err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_table_and_a_page_in_one_file_are_refused_before_the_work(run, images, tmp_path):
    (tmp_path / "here").symlink_to(tmp_path, target_is_directory=True)
    ran = call("predict", "--run", run, images, "--csv", tmp_path / "x.html", "--page", tmp_path / "here" / "x.html")
    told = f"--csv {tmp_path / 'x.html'} and --page {tmp_path / 'here' / 'x.html'} are one file: give each its own."
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {told}\n")
    assert not (tmp_path / "x.html").exists()
