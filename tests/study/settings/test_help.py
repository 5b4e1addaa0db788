"""What `COMMAND --help` calls the words that a command takes."""

import argparse

import pytest

import main


def parser_of(command):
    action = next(a for a in main.make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return action.choices[command]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("export", "[RUN]"),
        ("page", "[RUN]"),
        ("serve", "[RUN]"),
        ("ensemble", "[RUN ...]"),
        ("lessons", "[NUMBER]"),
        ("runs", "[diff A B|best|remove RUN ...]"),
        ("predict", "[PATH ...]"),
        ("inspect", "[PATH ...]"),
    ],
)
def test_the_usage_names_what_stands_after_the_flags(command, word):
    help = parser_of(command).format_help()
    assert help.splitlines()[0] == f"usage: python main.py {command} [flags] {word}"
    assert f"\n  {'PATH' if word == '[PATH ...]' else word}" in help


@pytest.mark.parametrize("command", ["train", "check"])
def test_data_may_be_a_table(command):
    assert "table path,label" in " ".join(parser_of(command).format_help().split())
