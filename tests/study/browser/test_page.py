"""`page`: what the file holds, and what is refused."""

import base64
import gzip
import html
import io
import json
import re
import shutil
import sys

import npm
import pytest
from english_left import english_left
from helpers import TOY_CLASSES, call, fails
from PIL import Image
from run_files import run_info

from data.split import read_split
from study.browser import page
from study.browser.runtime import ENGINE, PROGRAM
from study.export.parity import Parity
from study.export.run import Exported
from study.runs.folder import Run

pytest.importorskip("tf2onnx", reason="the packages of requirements-export.txt are not installed")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Its folder."""
    return npm.package(tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="module")
def made(run, package, tmp_path_factory):
    """The page of the trained run, in a folder with others of its kind, and what the command said."""
    file = tmp_path_factory.mktemp("page") / "toy.html"
    ran = call("page", run, "--out", file, "--runtime", package, "--examples", 4, "--json")
    assert ran.code == 0, ran.err
    return file, ran


def held(text, name):
    (content,) = re.findall(rf'<script type="text/plain" id="{name}">(.*?)</script>', text)
    return gzip.decompress(base64.b64decode(content, validate=True))


def test_it_holds_the_network_with_what_it_says_of_itself_and_what_runs_it(made, run, package):
    onnx = pytest.importorskip("onnx")
    file, ran = made
    text = file.read_text(encoding="utf-8")
    assert held(text, "program") == (package / PROGRAM).read_bytes()
    assert held(text, "engine") == (package / ENGINE).read_bytes()
    network = onnx.load(io.BytesIO(held(text, "network")))
    told = {one.key: json.loads(one.value) for one in network.metadata_props}
    assert told["class_names"] == list(TOY_CLASSES)
    assert told["verdicts"]["unlike_above"] == run_info(run)["verdicts"]["unlike"]["limit"]
    result = json.loads(ran.out)
    assert (result["file"], result["bytes"], result["runtime"]) == (str(file), file.stat().st_size, "1.2.3")
    assert (result["changed"], result["examples"], result["int8"]) == ([], 4, False)
    assert "4 example image(s) in one file" in ran.err
    assert "0 answer(s) changed" in ran.err
    assert [path.name for path in file.parent.iterdir()] == ["toy.html"]
    assert "of the run as it was trained" not in text  # its answers are those of the run


def test_its_examples_are_images_of_each_class_in_turn(made):
    text = made[0].read_text(encoding="utf-8")
    found = re.findall(r'data-name="([^"]*)"><img src="data:image/jpeg;base64,([^"]*)"', text)
    assert [name for name, _ in found] == [*TOY_CLASSES, TOY_CLASSES[0]]
    assert {Image.open(io.BytesIO(base64.b64decode(content))).format for _, content in found} == {"JPEG"}


def test_its_policy_lets_it_open_no_connection(made):
    text = made[0].read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src &#39;none&#39;; ") or policy.startswith("default-src 'none'; ")
    assert "connect-src" not in policy
    assert "unsafe-inline" not in policy
    assert not re.search(r"(?:src|href)=[\"']?(?!data:)[a-z]+:", text)


def test_without_examples_and_in_japanese(run, package, tmp_path):
    file = tmp_path / "toy.html"
    ran = call(
        "page", run, "--out", file, "--runtime", package, "--examples", 0, "--language", "ja", "--int8",
        "--allow-changed", 6,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    text = file.read_text(encoding="utf-8")
    assert "data-name" not in text
    assert "8 ビット整数で計算するため、検証画像 6 枚のうち " in text
    assert not english_left(text, run_info(run), "onnxruntime", "web", "Microsoft", "Corporation", "MIT", "JavaScript")
    assert "the network in 8-bit integers" in ran.out
    assert "price: accuracy on these images" in ran.out


@pytest.mark.parametrize(
    ("int8", "changed", "verdicts", "computes"),
    [(True, ["a.png"], 2, "computes in 8-bit integers: it "), (True, [], 0, "computes in 8-bit integers: it "),
     (False, ["a.png"], 1, ""), (False, [], 1, "")],
)  # fmt: skip
def test_figures_of_the_run_are_called_so_where_the_network_of_the_page_answers_otherwise(
    int8, changed, verdicts, computes, run
):
    parity = Parity(6, 0.1, None, changed, verdicts, 0.5, 0.6, 1.0)
    done = Exported(Run(run, {}), None, run, 1, {"int8": int8}, parity, None)
    assert page.apart(done) == [
        f"The figures above are of the run as it was trained. The network on this page {computes}gives another class "
        f"for {len(changed)} of 6 validation images than the run does, and another verdict for {verdicts}."
    ]


def test_a_page_of_several_labels_has_their_thresholds_and_examples_with_each_set_of_them(
    several_run, package, tmp_path
):
    pages = {}
    for language in ("en", "ja"):
        file = tmp_path / f"{language}.html"
        words = ("--runtime", package, "--examples", 4, "--language", language)
        ran = call("page", several_run, "--out", file, *words)
        assert ran.code == 0, ran.err
        pages[language] = file.read_text(encoding="utf-8")
        (told,) = re.findall(r'data-told="([^"]*)"', pages[language])
        assert json.loads(html.unescape(told))["thresholds"] == run_info(several_run)["thresholds"]
    of_test = {row.label for row in read_split(several_run / "split.csv") if row.split == "test"}
    found = re.findall(r'data-name="([^"]*)"', pages["en"])
    assert set(found) == {", ".join(label.split("|")) or "none" for label in of_test}
    assert "なし" in re.findall(r'data-name="([^"]*)"', pages["ja"]) or "" not in of_test
    assert not english_left(
        pages["ja"], run_info(several_run), "onnxruntime", "web", "Microsoft", "Corporation", "MIT", "JavaScript"
    )


def test_a_page_of_several_labels_says_where_its_labels_are_others(run):
    parity = Parity(6, 0.1, None, ["a.png"], None, 0.5, 0.6, 1.0)
    (said,) = page.apart(Exported(Run(run, {}), None, run, 1, {"int8": True}, parity, None))
    assert said.endswith("in 8-bit integers: it gives other labels for 1 of 6 validation images than the run does.")
    assert said.ja.endswith("検証画像 6 枚のうち 1 枚で学習結果と異なるラベルを予測します。")


@pytest.mark.parametrize(
    ("break_it", "text"),
    [
        (lambda folder: (folder / "package.json").unlink(), "--runtime takes the folder of onnxruntime-web, with its"),
        (lambda folder: (folder / "package.json").write_text('{"name": "left-pad"}'), ", which is left-pad."),
        (lambda folder: (folder / "package.json").write_text("[]"), " is not complete, or of another version ("),
        (lambda folder: (folder / ENGINE).unlink(), " is not complete, or of another version ("),
    ],
)
def test_another_folder_than_that_of_the_package_is_refused(run, package, tmp_path, break_it, text):
    folder = tmp_path / "package"
    (folder / "dist").mkdir(parents=True)
    for name in ("package.json", PROGRAM, ENGINE):
        (folder / name).write_bytes((package / name).read_bytes())
    break_it(folder)
    fails(call("page", run, "--out", tmp_path / "toy.html", "--runtime", folder), text, tmp_path / "runs")
    assert not (tmp_path / "toy.html").exists()


def test_without_the_package_it_says_how_to_get_it(run, tmp_path, monkeypatch):
    monkeypatch.setattr("study.browser.runtime.ROOT", tmp_path)  # it may be installed in this folder
    monkeypatch.chdir(tmp_path)
    text = "page puts onnxruntime-web into the file, which is not installed here. Run: npm install onnxruntime-web@"
    fails(call("page", run), text, tmp_path / "runs")


def test_what_export_does_not_take_is_refused_in_its_own_name(run, package, tmp_path, monkeypatch):
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "run.json").write_text(json.dumps(run_info(run) | {"task": "segment"}), encoding="utf-8")
    words = ("--out", tmp_path / "toy.html", "--runtime", package)
    text = f"page is for runs that classify images. Received: {copy}, of --task segment."
    fails(call("page", copy, *words), text, tmp_path / "runs")
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    text = "page needs tf2onnx, which is not installed. Run: python -m pip install -r requirements-export.txt"
    fails(call("page", run, *words), text, tmp_path / "runs")
    assert not (tmp_path / "toy.html").exists()


def test_a_file_that_is_no_page_stays_and_two_runs_are_refused(run, package, tmp_path):
    (tmp_path / "mine.html").write_text("my notes")
    text = f"--out {tmp_path / 'mine.html'} is a file already, and no page of this program: give a new file."
    fails(call("page", run, "--out", tmp_path / "mine.html", "--runtime", package), text, tmp_path / "runs")
    assert (tmp_path / "mine.html").read_text() == "my notes"
    fails(call("page", run, run), "page takes one run. Received: ", tmp_path / "runs")
    fails(call("page", run, "--out", "page.txt"), "--out takes a file that ends in .html or .htm.", tmp_path / "runs")
