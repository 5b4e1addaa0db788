"""README and docs name commands, flags, files and models that exist, and all flags and models that there are."""

import argparse
import re
import shlex

import pytest
from helpers import ROOT
from structure.test_imports import ALLOWED

import main
import models
from data.augment.pipeline import STRENGTHS

READMES = [ROOT / "README.md", ROOT / "README.ja.md"]
PAGES = {path.relative_to(ROOT).as_posix(): path for path in [*READMES, *sorted((ROOT / "docs").glob("*.md"))]}
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?:\.venv\S+)?python (main\.py|regression\.py|benchmarks/\w+\.py)\b(.*)$")
WINDOWS = re.compile(r"^\.venv\\Scripts\\")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
TO_BE_WRITTEN = ("models/mynet.py", "models/broken.py")  # examples: a reader's own model, and one that fails


def unfenced(text):
    return FENCE.sub("", text)


def spans(text):
    """What stands in backticks outside blocks; `\\|` of a table is `|`."""
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", unfenced(text))]


def commands():
    """(page, script, its arguments) of each line in a block, and of each command in backticks."""
    for page, text in TEXTS.items():
        lines = [line for language, block in FENCE.findall(text) if not language for line in block.splitlines()]
        for line in [*lines, *spans(text)]:
            if found := COMMAND.match(WINDOWS.sub("", line)):
                yield page, found[1], found[2].strip()


def parsers():
    action = next(a for a in main.make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return action.choices


def options(parser):
    """Flag -> its argument, without help."""
    found = {flag: action for action in parser._actions for flag in action.option_strings}
    return {flag: action for flag, action in found.items() if flag not in ("-h", "--help")}


def choices(action):
    """The only values that a flag takes, or none where it is free."""
    allowed = (action.metavar or "").split("|")
    return allowed if len(allowed) > 1 and all(re.fullmatch(r"[a-z0-9_+]+", name) for name in allowed) else []


OF_PROGRAM = [(page, rest) for page, script, rest in commands() if script == "main.py"]
OF_SCRIPTS = [(script, rest) for _, script, rest in commands() if script != "main.py"]


def test_commands_were_found():
    assert len(OF_PROGRAM) > 30
    assert len(OF_SCRIPTS) >= 10
    assert {rest.split()[0] for _, rest in OF_PROGRAM if rest} - {"COMMAND"} == set(main.COMMANDS)


@pytest.mark.parametrize("rest", dict.fromkeys(rest for _, rest in OF_PROGRAM if not rest.startswith("COMMAND")))
def test_a_command_is_one_that_the_program_understands(rest):
    words = shlex.split(rest, comments=True)
    if "--help" in words:
        with pytest.raises(SystemExit) as ended:
            main.make_parser().parse_args(words)
        assert ended.value.code == 0
        return
    parsed, unknown = main.make_parser().parse_known_args(words)
    assert unknown == []
    known = options(parsers()[parsed.command])
    given = {flag: getattr(parsed, action.dest) for flag, action in known.items() if hasattr(parsed, action.dest)}
    for flag, value in given.items():
        assert not choices(known[flag]) or value in choices(known[flag]), f"{flag} {value}"
    for vary in given.get("--vary", ()):
        name, _, values = vary.partition("=")
        allowed = choices(known[f"--{name}"])
        assert not allowed or set(values.split(",")) <= set(allowed), vary


@pytest.mark.parametrize(("script", "rest"), dict.fromkeys(OF_SCRIPTS))
def test_every_flag_of_a_script_is_one_of_it(script, rest):
    source = (ROOT / script).read_text(encoding="utf-8")
    for flag in FLAG.findall(rest):
        assert f'"{flag}"' in source, flag


@pytest.mark.parametrize("page", PAGES)
def test_every_flag_that_is_named_exists(page):
    text = "\n".join(line for line in TEXTS[page].splitlines() if not re.search(r"benchmarks/\w+\.py", line))
    lesson_zero = re.findall(r'add_argument\("(--[a-z-]+)"', (ROOT / "regression.py").read_text(encoding="utf-8"))
    known = {flag for parser in parsers().values() for flag in options(parser)} | {"--help", *lesson_zero}
    assert set(FLAG.findall(text)) - known == set()


@pytest.mark.parametrize("command", main.COMMANDS)
def test_every_flag_is_described(command):
    described = set(FLAG.findall(TEXTS["docs/commands.md"] + TEXTS["docs/techniques.md"]))
    flags = {flag for flag in options(parsers()[command]) if flag.startswith("--")}
    assert flags - described == set()


def test_the_help_lists_the_commands_in_the_order_of_the_docs():
    assert re.findall(r"^\| \[`([a-z-]+)`\]", TEXTS["docs/commands.md"], re.MULTILINE) == list(main.COMMANDS)


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_exists(page):
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
    lines = [line for language, block in FENCE.findall(TEXTS[page]) if not language for line in block.splitlines()]
    named = [found[1] for text in [*lines, *spans(TEXTS[page])] if (found := re.match(r"make (\w+)", text))]
    assert set(named) <= set(targets)


@pytest.mark.parametrize("page", PAGES)
def test_every_path_in_backticks_exists(page):
    rooms = "study|data|models|benchmarks|notebooks|scratch|tests|docs"
    named = [s for s in spans(TEXTS[page]) if re.fullmatch(rf"(?:{rooms})/[\w./-]*|(?:main|regression|errors)\.py", s)]
    for name in named:
        assert (ROOT / name).exists() or "NAME" in name or name in TO_BE_WRITTEN, name


def anchors(text):
    """Names of the headings, as GitHub links to them."""
    titles = re.findall(r"^#+ (.*)$", unfenced(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", unfenced(TEXTS[page])):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (PAGES[page].parent / path).resolve() if path else PAGES[page]
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


def test_the_readme_is_short():
    assert len(TEXTS["README.md"].splitlines()) <= 150


def test_every_page_stands_in_the_index_and_in_the_readme():
    for name in set(PAGES) - {"README.md", "README.ja.md", "docs/README.md"}:
        assert f"]({name})" in TEXTS["README.md"]
        assert f"]({name.removeprefix('docs/')})" in TEXTS["docs/README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_no_figure_is_missing(page):
    assert "@@FIG" not in TEXTS[page]


def rows(text, heading):
    """Cells of each row of the table below a heading, the header left out."""
    section = text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    return [re.split(r"(?<!\\) \| |^\| | \|$", line)[1:-1] for line in section.splitlines() if line[:2] == "| "][1:]


def test_the_table_of_models_has_every_model_with_its_weights_and_its_size():
    table = {
        row[0].strip("`"): (row[1] != "none", int(row[2].split()[0])) for row in rows(TEXTS["README.md"], "## Models")
    }
    specs = {name: models.get(name).SPEC for name in models.available()}
    assert table == {name: (bool(spec.weights), spec.image_size) for name, spec in specs.items()}


def test_every_lesson_is_listed_and_every_notebook_is_linked():
    lessons = rows(TEXTS["README.md"], "## The learner's road")
    assert [row[0] for row in lessons] == [f"{number:02}" for number in range(15)]
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"](notebooks/{notebook.name})" in TEXTS["README.md"]


def test_the_table_of_techniques_names_every_file_of_scratch_and_each_choice_of_a_flag():
    table = [
        re.split(r"(?<!\\) \| |^\| | \|$", s)[1:-1] for s in TEXTS["docs/techniques.md"].splitlines() if s[:2] == "| "
    ]
    assert len(table) > 40
    assert {len(row) for row in table} == {6}
    numpy = " ".join(row[2] for row in table)
    files = {path.name for path in (ROOT / "scratch").glob("[!_]*.py")}
    assert set(re.findall(r"(\w+\.py)", numpy)) == files
    for row in table[1:]:
        assert all(0 <= int(number) <= 14 for number in row[3].split(", ")), row
    flags, known = " ".join(row[1] for row in table), options(parsers()["train"])
    for flag in ("--activation", "--init", "--norm", "--optimizer", "--loss", "--schedule", "--task"):
        plain = (
            {"none", "constant", "classify"} if flag != "--init" else {"none"}
        )  # these are the absence of a technique
        assert set(choices(known[flag])) - plain <= set(re.findall(r"[\w+]+", flags)), flag
    assert set(STRENGTHS) <= set(re.findall(r"\w+", flags))


def test_the_drawing_of_the_rooms_says_who_may_import_whom():
    drawing = next(block for _, block in FENCE.findall(TEXTS["docs/architecture.md"]) if "THE ROOMS" in block)
    drawn = {}
    for line in drawing.partition("THE ROOMS")[2].splitlines():
        if found := re.match(r" +(\w+)(?: +◄─ ([\w ]+)| +\(.*\))?$", line):
            drawn[found[1]] = set((found[2] or "").split())
    expected = {
        room.removeprefix("study."): {name.removeprefix("study.") for name in below} - {"errors"}
        for room, below in ALLOWED.items()
        if room != "errors"
    }
    assert drawn == expected
