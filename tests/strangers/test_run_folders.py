"""Run folders of strangers: whatever stands in their files, commands work with them, or say in one line why not."""

import json
import re
import shutil

import numpy as np
import pytest
from helpers import call
from hypothesis import strategies as st
from mutations import changed_bytes, changed_values, fuzz

from study.confidence import known
from study.runtime import hardware

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
pytestmark = [pytest.mark.slow, pytest.mark.soak]


@pytest.fixture
def place(run, tmp_path):
    """A folder of two runs, the first of which may be changed."""
    for name in ("20260101-000000-original", "20260102-000000-original"):
        shutil.copytree(run, tmp_path / "runs" / name)
    return tmp_path / "runs"


def said(ran):
    """Hold a command to its exit code, one line of what is wrong, and no control characters; return what came of it."""
    assert ran.code in (0, 2), (ran.out, ran.err)
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == (ran.code == 2), ran.err
    shown = ran.out + ran.err + ran.next
    assert not CONTROL.search(shown), shown
    return "done" if ran.code == 0 else "refused"


def written(path, case):
    path.write_bytes(case if isinstance(case, bytes) else json.dumps(case).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", ["run.json", "metrics.json"])
def test_a_changed_file_is_listed_compared_and_ranked_or_refused(name, place):
    first, second = sorted(place.iterdir())
    content = (first / name).read_bytes()
    cases = st.one_of(changed_values(json.loads(content)), changed_bytes(content))
    commands = ((), ("diff", first, second), ("best",), ("diff", second, first), ("--json",), ("best", "--json"))

    def read(case):
        written(first / name, case[0])
        return said(call("runs", *case[1], "--runs", place))

    fuzz(f"{name}, runs", st.tuples(cases, st.sampled_from(commands)), read)


@pytest.mark.skipif(not hardware.openvino_available(), reason="Keras takes seconds to load a run")
@pytest.mark.parametrize("name", ["run.json", "metrics.json", "split.csv"])
def test_a_changed_file_is_predicted_by_or_refused(name, place, toy, tmp_path):
    folder = min(place.iterdir())
    content = (folder / name).read_bytes()
    values = [changed_values(json.loads(content))] if name.endswith("json") else []
    cases = st.one_of(*values, changed_bytes(content))
    words = ((toy / "circle" / "0.png",), (), (toy / "circle" / "1.png", "--tta", "flip", "--json"))
    table, page = tmp_path / "a.csv", tmp_path / "a.html"

    def read(case):
        written(folder / name, case[0])
        ran = call("predict", "--run", folder, *case[1], "--csv", table, "--page", page)
        if page.exists():
            assert "<script>alert(1)" not in page.read_text(encoding="utf-8")
            page.unlink()
        table.unlink(missing_ok=True)
        return said(ran)

    fuzz(f"{name}, predict", st.tuples(cases, st.sampled_from(words)), read)


def test_changed_arrays_of_known_images_are_read_or_refused(run, tmp_path):
    info = json.loads((run / "run.json").read_text())
    content = (run / known.FILE).read_bytes()

    def read(case):
        (tmp_path / known.FILE).write_bytes(case)
        kept = known.read(tmp_path, info)
        assert np.isfinite(kept.directions).all()
        kept.threshold(0.9)
        kept.reachable(0.9)

    fuzz(known.FILE, changed_bytes(content, 300), read)
