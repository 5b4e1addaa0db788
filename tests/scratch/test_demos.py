"""Each file that shows its idea when it is run does so, quickly and without a complaint."""

import subprocess
import sys

import pytest
from helpers import ROOT

DEMOS = sorted(
    path.stem for path in (ROOT / "scratch").glob("*.py") if '__name__ == "__main__"' in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", DEMOS)
def test_a_file_run_by_itself_shows_its_idea(name):
    ran = subprocess.run([sys.executable, "-m", f"scratch.{name}"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
    assert not ran.stderr
