"""`predict --resume`: the table of an uninterrupted start, whatever happened in between."""

import contextlib
import gc
import io
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from helpers import call, command, make_toy
from run_files import table

from study.predict.bulk import Asked, predict_bulk
from study.predict.progress import Progress, beside
from study.runs.folder import read_run


@pytest.fixture
def photos(tmp_path):
    """Nine images, a file that is damaged, and one that is no image."""
    folder = make_toy(tmp_path / "photos", 3, first=500)
    (folder / "circle" / "damaged.png").write_bytes(b"junk")
    (folder / "square" / "note.txt").write_text("hello")
    return folder


def resumed(run, photos, csv, *more):
    ran = call("predict", "--run", run, photos, "--csv", csv, "--resume", *more)
    assert ran.code == 0, ran.err
    return ran


def there(ran):
    """How many rows an earlier start left."""
    return int(ran.out.splitlines()[-1].split(" rows, ")[1].split(" ")[0])


def without_rows(csv, *paths):
    """Take rows away, as a start that was killed before them lacks them."""
    progress = Progress(beside(csv))
    for path in paths:
        progress._base.execute("DELETE FROM rows WHERE path = ?", (os.fsencode(path),))
    progress.commit()
    progress.close()
    csv.unlink()


def test_the_table_is_that_of_a_plain_start_to_the_last_byte(run, photos, tmp_path):
    plain = call("predict", "--run", run, photos, "--csv", tmp_path / "plain.csv")
    ran = resumed(run, photos, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()
    assert ran.err == plain.err
    assert ran.out.startswith(plain.out)
    rows = {row["path"]: row["error"] for row in table(tmp_path / "out.csv")}
    assert rows[str(photos / "circle" / "damaged.png")].startswith("not an image")
    assert rows[str(photos / "square" / "note.txt")].startswith("not an image file name (.txt)")


def test_a_second_start_predicts_for_what_is_missing_only(run, photos, tmp_path):
    csv = tmp_path / "out.csv"
    assert there(resumed(run, photos, csv)) == 0
    whole = csv.read_bytes()
    lost = [photos / "circle" / "502.png", photos / "stripes" / "500.png"]
    without_rows(csv, *lost)
    ran = resumed(run, photos, csv)
    assert there(ran) == 7
    assert f"7 of 11 files are there already, in {csv}.progress" in ran.out
    assert [line.split("  ")[0].rstrip() for line in ran.out.splitlines() if "  " in line] == list(map(str, lost))
    assert csv.read_bytes() == whole
    last = resumed(run, photos, csv).out.splitlines()[-1]
    assert last == f"{csv}: 11 rows, 9 of them from an earlier start"  # what failed is tried again


@pytest.mark.parametrize(("by", "kept"), [("path", (9, 9, 8)), ("time", (8, 8, 8)), ("content", (9, 8, 9))])
def test_what_is_there_is_known_by_path_time_or_content(by, kept, run, photos, tmp_path):
    csv, file = tmp_path / "out.csv", photos / "circle" / "501.png"
    resumed(run, photos, csv)
    os.utime(file, ns=(1, 1))
    touched = there(resumed(run, photos, csv, "--resume-by", by))
    shutil.copy(photos / "square" / "501.png", tmp_path / "other.png")
    (tmp_path / "other.png").open("ab").write(b"\0")
    shutil.copy(tmp_path / "other.png", file)
    changed = there(resumed(run, photos, csv, "--resume-by", by))
    file.rename(photos / "circle" / "moved.png")
    moved = there(resumed(run, photos, csv, "--resume-by", by))
    assert (touched, changed, moved) == kept
    call("predict", "--run", run, photos, "--csv", tmp_path / "plain.csv")
    said = {row["path"]: row["predicted"] for row in table(csv)}
    assert list(said) == [row["path"] for row in table(tmp_path / "plain.csv")]
    assert by == "path" or said[str(photos / "circle" / "moved.png")] == "square"


def test_files_that_went_and_came_leave_the_table_of_those_that_are_there(run, photos, tmp_path):
    csv = tmp_path / "out.csv"
    resumed(run, photos, csv)
    (photos / "circle" / "500.png").unlink()
    make_toy(photos, 1, first=7)
    assert there(resumed(run, photos, csv)) == 8
    call("predict", "--run", run, photos, "--csv", tmp_path / "plain.csv")
    assert [row["path"] for row in table(csv)] == [row["path"] for row in table(tmp_path / "plain.csv")]


def test_another_run_or_setting_is_refused_in_one_line(run, photos, tmp_path, judging):
    csv = tmp_path / "out.csv"
    resumed(run, photos, csv)
    before, begun, again = csv.read_bytes(), f"error: {csv}.progress was begun", "Give the same, or another --csv FILE."
    for words, told in (
        (("--tta", "flip"), f"{begun} with --tta none. Received: --tta flip. {again}\n"),
        (("--right", 0.8), f"{begun} with no --right. Received: --right 0.8. {again}\n"),
        (
            ("--shard", "1/2"),
            f"{begun} with no --shard. Received: --shard 1/2. Give the same, or another --csv FILE.\n",
        ),
    ):
        ran = call("predict", "--run", run, photos, "--csv", csv, "--resume", *words)
        assert (ran.code, ran.err) == (2, told)
    other = judging(limit=0.1)
    ran = call("predict", "--run", other, photos, "--csv", csv, "--resume")
    told = f"{begun} by the run {run}. Received: {other}. Give that run, or another --csv FILE.\n"
    assert (ran.code, ran.err, csv.read_bytes()) == (2, told, before)


def test_what_does_not_go_with_a_table_in_blocks_is_refused(run, photos, tmp_path):
    csv = tmp_path / "out.csv"
    for words, told in (
        ((photos, "--resume"), "--resume goes on with a table: give --csv FILE.csv. Received: no --csv."),
        (("--resume", "--csv", csv), "--resume takes files and folders to predict for. Received: no path."),
        (
            (photos, "--shard", "1/2", "--csv", csv, "--page", tmp_path / "a.html"),
            "--shard writes a table in blocks, and --page needs all images at once: leave one of the two out.",
        ),
        (
            (photos, "--csv", csv, "--resume-by", "path"),
            "--resume-by path goes with --resume or --shard. Leave it out, or add one.",
        ),
        (
            (photos, "--csv", csv, "--shard", "4/3"),
            "--shard takes K/N such as 3/16: the part, from 1, and how many there are. Received: 4/3",
        ),
    ):
        ran = call("predict", "--run", run, *words)
        assert (ran.code, ran.err) == (2, f"error: {told}\n")
        assert list(tmp_path.glob("out.csv*")) == []


def test_a_file_that_is_no_progress_is_told_in_one_line(run, photos, tmp_path):
    (tmp_path / "out.csv.progress").write_text("no database at all" * 100)
    ran = call("predict", "--run", run, photos, "--csv", tmp_path / "out.csv", "--resume")
    assert (ran.code, ran.err) == (
        2,
        f"error: {tmp_path / 'out.csv.progress'} cannot be used (file is not a database). Remove it to begin again, or "
        "give another --csv FILE.\n",
    )


def test_a_second_process_at_once_is_refused(run, photos, tmp_path):
    first = Progress(tmp_path / "out.csv.progress")
    ran = call("predict", "--run", run, photos, "--csv", tmp_path / "out.csv", "--resume")
    first.close()
    assert (ran.code, ran.err) == (
        2,
        f"error: {tmp_path / 'out.csv.progress'} is in use by another process, or its file system has no locks: "
        "wait for it, or give another --csv FILE.\n",
    )
    assert not (tmp_path / "out.csv.progress").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of a file as Linux does")
def test_without_room_it_ends_in_one_line_and_goes_on_later(run, toy, tmp_path):
    import resource

    csv = tmp_path / "out.csv"
    csv.write_text("path,predicted,error\n")
    # Without bytecode, which the limit would cut short for everybody.
    words = command("predict", "--run", run, toy, "--csv", csv, "--resume", PYTHONDONTWRITEBYTECODE=1)
    limit = (12_000, 12_000)
    ended = subprocess.run(**words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit), check=False)
    told = f"{csv}.progress cannot be read or written (disk I/O error). Make room for it, then go on, or give another"
    assert (ended.returncode, csv.read_text()) == (2, "path,predicted,error\n")
    assert ended.stderr.decode().splitlines()[-1] == f"error: {told} --csv FILE."
    resumed(run, toy, csv)
    call("predict", "--run", run, toy, "--csv", tmp_path / "plain.csv")
    assert csv.read_bytes() == (tmp_path / "plain.csv").read_bytes()


HARM = (
    "UPDATE rows SET cells = '[1'",
    """UPDATE rows SET cells = '["too", "few"]'""",
    "UPDATE facts SET value = 'x'",
    "DROP TABLE facts",
)


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_progress_is_told_in_one_line(harm, run, photos, tmp_path):
    csv = tmp_path / "out.csv"
    resumed(run, photos, csv)
    with contextlib.closing(sqlite3.connect(beside(csv))) as base, base:
        base.execute(harm)
    ran = call("predict", "--run", run, photos, "--csv", csv, "--resume")
    assert (ran.code, ran.err.splitlines()[-1]) == (2, f"error: {csv}.progress is damaged. Remove it to begin again.")


def test_all_files_bad_ends_with_2_and_leaves_the_table(run, tmp_path):
    (tmp_path / "page.jpg").write_bytes(b"<!doctype html>")
    ran = call("predict", "--run", run, tmp_path / "page.jpg", "--csv", tmp_path / "a.csv", "--resume")
    assert (ran.code, len(table(tmp_path / "a.csv"))) == (2, 1)
    assert ran.err.splitlines()[-1] == "error: None of the 1 file(s) could be used; the reasons stand above."


def many(folder, toy, count):
    """A folder of so many images, and one that is damaged among them."""
    folder.mkdir()
    for number in range(count):
        os.link(toy / ("circle", "square", "stripes")[number % 3] / f"{number % 20}.png", folder / f"{number}.png")
    (folder / "100.png").unlink()
    (folder / "100.png").write_bytes(b"junk")
    return folder


class Interrupting(io.StringIO):
    """A screen in front of which somebody presses Ctrl-C when the 100th line appears."""

    def write(self, text):
        super().write(text)
        if self.getvalue().count("\n") == 100:
            raise KeyboardInterrupt
        return len(text)


def test_ctrl_c_keeps_whole_blocks_and_says_so(run, toy, tmp_path, capsys):
    folder, csv = many(tmp_path / "many", toy, 300), tmp_path / "out.csv"
    with contextlib.redirect_stdout(Interrupting()), pytest.raises(KeyboardInterrupt):
        predict_bulk(read_run(run), [str(folder)], Asked(csv))
    told = f"What is done lies in {csv}.progress."
    assert capsys.readouterr().err.splitlines()[-1] == told
    assert not csv.exists()
    assert there(resumed(run, folder, csv)) % 64 == 0
    call("predict", "--run", run, folder, "--csv", tmp_path / "plain.csv")
    assert csv.read_bytes() == (tmp_path / "plain.csv").read_bytes()


class Counting(io.TextIOBase):
    """A screen that notes, with every 1,000th line, how much memory Python has in use, and how many files are open."""

    lines, used, opened = 0, (), ()

    def write(self, text):
        self.lines += text.count("\n")
        if self.lines == 1000 * (len(self.used) + 1):
            gc.collect()
            self.used += (tracemalloc.get_traced_memory()[0],)
            self.opened += (len([*Path("/proc/self/fd").glob("*")]),)  # none where there is no such folder
        return len(text)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_images(run, toy, tmp_path):
    folder, screen = many(tmp_path / "many", toy, 3100), Counting()
    tracemalloc.start()
    with contextlib.redirect_stdout(screen):
        done = predict_bulk(read_run(run), [str(folder)], Asked(tmp_path / "out.csv"))
    tracemalloc.stop()
    assert (done.rows, done.failed, len(screen.used)) == (3100, 1, 3)
    assert screen.used[2] - screen.used[0] < 500_000  # 2,000 paths with their probabilities take more than twice that
    assert max(screen.opened) - min(screen.opened) < 20  # images that are being read


@pytest.mark.soak  # two kills are among those of tests/soak/test_kills.py, in `make slow` too
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_kills_at_random_moments_lose_a_block_at_most_and_change_no_byte(run, toy, tmp_path):
    """Rows never get fewer, and come in complete blocks; then a start that nobody kills ends as one that never was."""
    count, rng, before, kills = 12_000, random.Random(0), 0, 0
    folder, csv = many(tmp_path / "many", toy, count), tmp_path / "out.csv"
    call("predict", "--run", run, folder, "--csv", tmp_path / "plain.csv")
    words = command("predict", "--run", run, folder, "--csv", csv, "--resume")
    words |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for _ in range(12):
        with subprocess.Popen(**words) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.4, 2.2))
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGKILL)
            kills += 1
        if csv.exists():  # it was killed at the very end
            assert csv.read_bytes() == (tmp_path / "plain.csv").read_bytes()
        if beside(csv).exists():
            progress = Progress(beside(csv))
            rows = list(progress.rows())
            progress.close()
            assert [row.position for row in rows] == list(range(len(rows)))
            assert len(rows) in (0, count) or len(rows) % 64 == 0
            assert len(rows) >= before
            before = len(rows)
    assert kills > 1
    resumed(run, folder, csv)
    assert csv.read_bytes() == (tmp_path / "plain.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.csv", "out.csv.progress"]
