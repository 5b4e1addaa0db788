"""Each file of scratch/ that can be run shows its idea within seconds."""

import subprocess
import sys

import pytest
from helpers import ROOT

DEMOS = sorted(
    path.stem for path in (ROOT / "scratch").glob("*.py") if '\nif __name__ == "__main__":\n' in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", DEMOS)
def test_a_file_that_is_run_says_what_its_idea_does(name):
    ran = subprocess.run([sys.executable, "-m", f"scratch.{name}"], cwd=ROOT, capture_output=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.strip()
