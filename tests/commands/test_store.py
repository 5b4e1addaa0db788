"""`store`, and what it keeps changes nothing but the time."""

import re
from collections import Counter

import numpy as np
import pytest
from another_user import UNIX, may_only_read, shared_place
from full_disk import content_of
from helpers import call, left_behind
from run_files import quick_transfer, shares, table

from errors import UserError
from study.runs import store
from study.runtime import hardware
from study.settings.source import load_dataset, store_of
from study.settings.train import TrainSettings


def kept_table():
    """What `store` prints: (kind, rows, MB) of each line, and (all, MB) of the last; long names go on below."""
    ran = call("store")
    assert (ran.code, ran.err) == (0, "")
    lines = [re.split(r" {2,}", line.strip()) for line in ran.out.splitlines()]
    return [tuple(line[:3]) for line in lines if re.fullmatch(r"[\d,.]+", line[1] if len(line) > 1 else "")]


@UNIX
@pytest.mark.parametrize("closed", [".", "store", "unpacked", "one", "thousand"])
def test_a_cache_that_cannot_be_written_is_told_and_nothing_is_called_emptied(closed, monkeypatch):
    with shared_place() as cache:
        monkeypatch.setenv("STUDY_CACHE", str(cache))
        images = store.unpacked.place() / "one" / "0000"
        images.mkdir(parents=True)
        (cache / "store").mkdir()
        (cache / "store" / "index.sqlite3").write_bytes(b"kept")
        (images / "1.png").write_bytes(b"kept")
        for folder in (cache / "store", images, *images.parents[:2]):
            folder.chmod(0o777)
        before = content_of(cache)
        place = {"unpacked": images.parents[1], "one": images.parent, "thousand": images}.get(closed, cache / closed)
        told = f"^{re.escape(str(place))} cannot be written, so that nothing can be removed there. Set STUDY_CACHE to "
        with may_only_read(place), pytest.raises(UserError, match=told):
            store.clear()
        assert content_of(cache) == before


@UNIX
def test_a_store_that_only_somebody_else_may_use_is_not_to_be_emptied(monkeypatch):
    with shared_place() as cache:
        monkeypatch.setenv("STUDY_CACHE", str(cache))
        (cache / "store" / "index.sqlite3").mkdir(parents=True)  # no index, for whoever may look
        with may_only_read(cache / "store"), pytest.raises(UserError) as told:
            store.show_usage()
        assert str(told.value).startswith(f"the store in {cache / 'store'} is not used: ")
        assert str(told.value).endswith(". Set STUDY_CACHE to a folder that can be written.")


@pytest.mark.slow
def test_store_on_again_and_off_give_the_same_run(cache, run, toy, tmp_path):
    without, ran = quick_transfer(run, toy, tmp_path / "without", "--store", "off")
    assert left_behind(cache) == []
    assert "is not used" not in ran.out
    first, _ = quick_transfer(run, toy, tmp_path / "first")
    kept = left_behind(cache)
    again, _ = quick_transfer(run, toy, tmp_path / "again")
    assert left_behind(cache) == kept
    for name in ("predictions.csv", "metrics.json", "split.csv"):
        assert (again / name).read_bytes() == (first / name).read_bytes(), name
    for ours, theirs in zip(table(first / "predictions.csv"), table(without / "predictions.csv"), strict=True):
        np.testing.assert_allclose(shares(ours), shares(theirs), atol=0.02)  # of bfloat16, if that was faster only once
    assert (without / "split.csv").read_bytes() == (first / "split.csv").read_bytes()


@pytest.mark.slow
def test_store_shows_what_is_kept_and_is_emptied(cache, run, toy, tmp_path):
    assert kept_table() == [("all", "0.0")]
    quick_transfer(run, toy, tmp_path / "runs")
    *entries, total = kept_table()
    rows = Counter()
    for kind, count, _ in entries:
        rows[kind.split()[0]] += int(count)
    compared = 6 if hardware.openvino_available() else 0  # of the validation part, by TensorFlow too
    assert (rows["pixels"], rows["fingerprints"], rows["features"]) == (60, 60, 60 + compared)
    kept = [path for path in (cache / "store").iterdir() if path.suffix in (".rows", ".blob")]
    size = sum(path.stat().st_size for path in kept) / 1e6
    assert total == ("all", f"{size:.1f}")
    size += (cache / "store" / "index.sqlite3").stat().st_size / 1e6
    ran = call("store", "--clear")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"emptied {cache / 'store'}: {size:.1f} MB\n"
    assert left_behind(cache / "store") == []
    assert kept_table() == [("all", "0.0")]


def test_store_limit_bounds_what_is_kept(cache, toy):
    settings = TrainSettings.of(data=str(toy), image_size=256, store_limit=0.01)
    pictures = load_dataset(settings, store_of(settings.data)).images  # 12 MB
    assert sum(path.stat().st_size for path in (cache / "store").glob("*.rows")) <= 10e6
    assert pictures.pixels[np.arange(60)].shape == (60, 256, 256, 3)


def test_a_store_that_is_over_a_new_limit_shrinks_though_nothing_new_is_kept(cache, toy):
    settings = TrainSettings.of(data=str(toy), image_size=256)
    load_dataset(settings, store_of(settings.data))
    assert sum(path.stat().st_size for path in (cache / "store").glob("*.rows")) > 10e6
    store_of(settings.with_values(store_limit=0.01).data)
    assert sum(path.stat().st_size for path in (cache / "store").glob("*.rows")) <= 10e6


@pytest.mark.slow
def test_a_damaged_store_is_told_and_does_no_harm(cache, run, toy, tmp_path):
    (cache / "store").mkdir(parents=True)
    (cache / "store" / "index.sqlite3").write_bytes(b"spilt milk " * 1000)
    told = f"note: the index of the store in {cache / 'store'} is damaged (file is not a database): set aside"
    quick_transfer(run, toy, tmp_path / "runs", told=f"{told}, and a new one begun\n")
    assert len(kept_table()) > 1
    assert call("store", "--clear").code == 0
    assert left_behind(cache / "store") == []
