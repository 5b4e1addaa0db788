import os
import subprocess
import sys

import pytest
from helpers import ROOT

SAY = "from data.store.cache import cache_folder; print(cache_folder())"


def told(**variables):
    environment = {key: value for key, value in os.environ.items() if key not in ("STUDY_CACHE", "XDG_CACHE_HOME")}
    ran = subprocess.run(
        [sys.executable, "-c", SAY],
        cwd=ROOT,
        env=environment | {key: str(value) for key, value in variables.items()},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows always has a home folder")
def test_a_home_folder_that_cannot_be_written_is_done_without(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    assert told(HOME=home, TMPDIR=tmp_path).startswith(str(home))
    (tmp_path / "file").write_text("x")
    instead = tmp_path / f"study-classification-cache-{os.getuid()}"
    assert told(HOME=tmp_path / "file", TMPDIR=tmp_path) == str(instead)
    assert instead.stat().st_mode & 0o777 == 0o700
    assert told(HOME=tmp_path / "file", TMPDIR=tmp_path, STUDY_CACHE=tmp_path / "asked") == str(tmp_path / "asked")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows always has a home folder")
def test_a_folder_that_somebody_could_have_made_for_us_is_not_used(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"study-classification-cache-{os.getuid()}").symlink_to(tmp_path / "theirs")
    assert told(HOME=tmp_path / "file", TMPDIR=tmp_path).startswith(str(tmp_path / "file"))
