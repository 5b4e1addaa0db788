"""Streams that are closed: a command runs all the same."""

import subprocess
import sys

import pytest
from helpers import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell of POSIX")
CALLED = """
import os, sys
from study.runtime import streams
streams.open_closed()
print("printed")
print("told", file=sys.stderr)
os.write(1, b"of a library\\n")
with streams.kept_free(True) as out:
    print("{}", file=out)
with open(os.devnull) as opened:
    assert opened.fileno() > 2
"""


@pytest.mark.parametrize(
    ("closed", "out", "err"),
    [
        (">&-", "", "told\n"),
        ("2>&-", "printed\nof a library\n{}\n", ""),
        (">&- 2>&-", "", ""),
        ("", "printed\nof a library\n{}\n", "told\n"),
    ],
)
def test_what_is_printed_to_a_closed_stream_goes_nowhere(closed, out, err):
    words = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-u", "-c", CALLED]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, out, err)
