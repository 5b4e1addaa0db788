"""Syllabus, glossary and exam map: what they name is there, and all that is there is named."""

import re

import pytest
from helpers import ROOT
from lesson_texts import text
from structure.test_readme import TEXTS, options, parsers

from lessons.catalogue import LANGUAGES, lessons

LESSONS = {lesson.number: lesson for lesson in lessons()}
NUMBERS = [f"{number:02}" for number in range(15)]
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
DEFINED = re.compile(r"^\[(\d\d)\]: \.\./(\S+)$", re.MULTILINE)


def table(page, heading=""):
    """Cells of each row of the first table below a heading, the header left out."""
    below = TEXTS[page].partition(heading)[2] if heading else TEXTS[page]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


SYLLABUS, GLOSSARY = table("docs/syllabus.md"), table("docs/glossary.md")


@pytest.mark.parametrize("page", [page for page in TEXTS if DEFINED.search(TEXTS[page])])
def test_the_number_of_a_lesson_links_to_its_notebook(page):
    defined = dict(DEFINED.findall(TEXTS[page]))
    assert list(defined) == NUMBERS
    assert set(re.findall(r"\[(\d\d)\](?!:)", TEXTS[page])) <= set(NUMBERS)
    for number, lesson in LESSONS.items():
        assert defined[number] == lesson.notebook("en").relative_to(ROOT).as_posix()


# ---- the syllabus ----


def test_the_syllabus_has_every_lesson_in_order():
    assert [re.match(r"\[(\d\d)\] \w", row[0])[1] for row in SYLLABUS] == NUMBERS
    assert all(all(row) and len(row) == 5 for row in SYLLABUS)


def test_the_syllabus_names_every_file_of_scratch_once():
    named = [name for row in SYLLABUS for name in re.findall(r"`(\w+\.py)`", row[3])]
    assert sorted(named) == sorted(path.name for path in (ROOT / "scratch").glob("[!_]*.py"))


def test_a_command_of_the_syllabus_has_the_flags_that_stand_beside_it():
    for command in [span for row in SYLLABUS for span in re.findall(r"`([^`]+)`", row[2])]:
        name, *flags = command.split()
        if name.startswith("--"):
            name, flags = "train", [name, *flags]
        if name != "regression.py":  # its flags are looked for in test_readme
            assert {flag for flag in flags if flag.startswith("--")} <= set(options(parsers()[name])), command


@pytest.mark.parametrize("row", SYLLABUS, ids=NUMBERS)
def test_the_files_and_papers_of_a_lesson_are_its_own(row):
    """A file is one that the lesson names; a paper has its address from the lesson or from the page of techniques."""
    number = row[0][1:3]
    if number in LESSONS:
        source = LESSONS[number].source.read_text(encoding="utf-8")
        techniques = "".join(" | ".join(one) for one in table("docs/techniques.md") if number in one[3])
        for name in re.findall(r"`(\w+)\.py`", row[3]):
            assert f"scratch/{name}.py" in source or f"scratch.{name}" in source or f"`{name}.py`" in techniques, name
    known = TEXTS["docs/techniques.md"] + "".join(text(lesson, "en") for lesson in LESSONS.values())
    papers = re.findall(r"\]\((https://\S+?)\)(?:,|$)", row[4])
    assert len(papers) == row[4].count("](") > 0
    for address in papers:
        assert address in known, address


# ---- the glossary ----


def test_the_terms_stand_in_order_each_once_with_its_japanese():
    terms = [row[0] for row in GLOSSARY]
    assert len(terms) > 100
    assert terms == sorted(set(terms), key=str.lower)
    for term, japanese, line, lesson in GLOSSARY:
        assert JAPANESE.search(japanese) or japanese == term, term
        assert line, term
        assert re.fullmatch(r"\[\d\d\]", lesson), term


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_has_the_terms_that_the_glossary_sends_there(number):
    of_language = {language: text(LESSONS[number], language).lower() for language in LANGUAGES}
    for term, japanese, _, lesson in GLOSSARY:
        if lesson == f"[{number}]":
            english = re.sub(r" \(.*\)", "", term)
            assert english.lower() in of_language["en"] or japanese.lower() in of_language["ja"], term


# ---- the exam map ----

E_HEADINGS = [
    "線形代数", "確率・統計", "情報理論", "機械学習の基礎", "順伝播型ネットワーク", "深層モデルのための最適化",
    "深層モデルのための正則化", "畳み込みニューラルネットワーク", "リカレントニューラルネットワーク", "Transformer",
    "汎化性能向上のためのテクニック", "画像認識", "物体検出", "セマンティックセグメンテーション", "自然言語処理",
    "音声処理", "生成モデル", "深層強化学習", "様々な学習方法", "深層学習の説明性", "エッジコンピューティング",
    "分散処理", "アクセラレータ", "環境構築",
]  # fmt: skip
G_HEADINGS = [
    "人工知能の定義", "人工知能分野で議論される問題", "探索・推論", "知識表現とエキスパートシステム", "機械学習",
    "ディープラーニング", "教師あり学習", "教師なし学習", "強化学習", "モデルの選択・評価",
    "ニューラルネットワークとディープラーニング", "活性化関数", "誤差関数", "正則化", "誤差逆伝播法", "最適化手法",
    "全結合層", "畳み込み層", "正規化層", "プーリング層", "スキップ結合", "回帰結合層", "Attention",
    "オートエンコーダ", "データ拡張", "画像認識", "自然言語処理", "音声処理", "深層強化学習", "データ生成",
    "転移学習・ファインチューニング", "マルチモーダル", "モデルの解釈性", "モデルの軽量化", "AIプロジェクトの進め方",
    "データの収集・加工・分析・学習", "AIに必要な数理・統計知識",
]  # fmt: skip


def headings(cell):
    """The headings of a cell, without what stands in parentheses behind them."""
    return re.sub(r"（[^）]*）", "", cell).split("、")


@pytest.mark.parametrize(("exam", "column", "known"), [("E資格", 1, E_HEADINGS), ("G検定", 2, G_HEADINGS)])
def test_every_heading_of_a_syllabus_is_taught_by_a_lesson_or_said_to_be_missing(exam, column, known):
    rows = table("docs/exam-map.md")
    assert [row[0][1:3] for row in rows] == NUMBERS
    taught = {heading for row in rows for heading in headings(row[column])}
    missing = headings(re.search(rf"^- \*\*{exam}\*\*: ([^,\n]+)", TEXTS["docs/exam-map.md"], re.MULTILINE)[1])
    assert taught | set(missing) == set(known)
    assert taught & set(missing) == set()
