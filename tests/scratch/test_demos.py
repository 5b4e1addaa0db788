"""Each file of scratch/ shows its idea within seconds when it is run."""

import subprocess
import sys

import pytest
from helpers import ROOT

FILES = sorted(path.stem for path in (ROOT / "scratch").glob("[!_]*.py"))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_run_says_what_its_idea_does(name):
    ran = subprocess.run([sys.executable, "-m", f"scratch.{name}"], cwd=ROOT, capture_output=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.strip()
