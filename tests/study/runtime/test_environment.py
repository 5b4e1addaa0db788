import re
import shutil
import subprocess

import pytest

from study.runtime.environment import commit

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


def git(folder, *words):
    person = ["-c", "user.name=Aya", "-c", "user.email=aya@example.org"]
    subprocess.run(["git", "-C", folder, *person, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    (root / "inside").mkdir(parents=True)
    git(root, "init")
    (root / "main.py").write_text("first\n")
    git(root, "add", "main.py")
    git(root, "commit", "-m", "Begin")
    return root


def test_commit_of_a_program_as_it_was_committed(repository):
    head, changed = commit(repository)
    assert re.fullmatch("[0-9a-f]{40}", head)
    assert not changed


def test_files_that_differ_from_the_commit_are_told(repository):
    before, _ = commit(repository)
    (repository / "main.py").write_text("second\n")
    assert commit(repository) == (before, True)


def test_new_files_such_as_runs_are_no_change_of_the_program(repository):
    (repository / "runs").write_text("of a training\n")
    assert commit(repository)[1] is False


def test_a_repository_around_the_program_has_no_commit_of_it(repository):
    assert commit(repository / "inside") == (None, False)


def test_a_program_without_a_repository(tmp_path):
    assert commit(tmp_path) == (None, False)


def test_a_hook_of_another_repository_names_its_own(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    assert commit(tmp_path) == (None, False)
