"""The README names commands, flags and models that exist, and all of the models."""

import re

import pytest
from helpers import ROOT

import main
import models
from data.augment.pipeline import STRENGTHS
from study.settings.train import FIELDS

README = (ROOT / "README.md").read_text(encoding="utf-8")


def helps(capsys):
    texts = []
    for command in main.COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main.make_parser(every=True).parse_args([command, "--help"])
        assert ended.value.code == 0
        texts.append(capsys.readouterr().out)
    return "\n".join(texts)


BENCHMARK = re.compile(r"python benchmarks/(\w+\.py)([^`]*)`")


def test_every_flag_of_a_benchmark_in_the_readme_is_one_of_its_script():
    called = BENCHMARK.findall(README)
    assert len(called) > 2
    for script, arguments in called:
        source = (ROOT / "benchmarks" / script).read_text(encoding="utf-8")
        for flag in re.findall(r"--[a-z][a-z-]+", arguments):
            assert f'"{flag}"' in source, (script, flag)


def test_every_flag_in_the_readme_is_one_of_a_command(capsys):
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", BENCHMARK.sub("`", README)))
    assert len(named) > 15
    known = set(re.findall(r"--[a-z][a-z-]+", helps(capsys)))
    assert named - known == set()


def test_every_flag_of_train_is_in_the_readme():
    with_dashes = {main.declare.flag(name) for name in FIELDS}
    assert with_dashes - set(re.findall(r"--[a-z][a-z0-9-]+", README)) - {"--model", "--runs"} == set()


def test_every_command_in_the_readme_exists():
    named = set(re.findall(r"main\.py ([a-z]+)", README))
    assert named <= set(main.COMMANDS)
    assert {"train", "predict", "check"} <= named


def test_every_model_stands_in_the_table():
    for name in models.available():
        assert f"| `{name}` |" in README


def test_every_file_the_readme_points_to_exists():
    root = ROOT
    for name in re.findall(r"`((?:study|data|models|benchmarks|notebooks)/[\w./]+)`", README):
        assert (root / name).exists() or "NAME" in name, name


@pytest.mark.parametrize("name", re.findall(r"benchmarks/(\w+)\.py", README))
def test_every_benchmark_in_the_readme_exists(name):
    assert (ROOT / "benchmarks" / f"{name}.py").is_file()


def test_the_table_of_techniques_names_every_file_of_scratch_and_each_choice_of_a_flag():
    table = README.partition("## Techniques")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 40
    cells = [re.split(r"(?<!\\) \| |^\| | \|$", row)[1:-1] for row in rows]
    assert {len(row) for row in cells} == {5}
    files = {path.name for path in (ROOT / "scratch").glob("[!_]*.py")} | {"regression.py"}
    assert set(re.findall(r"(\w+\.py)", " ".join(row[2] for row in cells))) == files
    flags = " ".join(row[1] for row in cells)
    for name in ("activation", "init", "norm", "optimizer", "loss"):
        choices = set(FIELDS[name].metadata["choices"]) - {"none"}
        assert choices <= set(re.findall(r"[\w+]+", flags)), name
    assert set(STRENGTHS) <= set(re.findall(r"\w+", table))
