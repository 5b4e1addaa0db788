"""`runs`: the list, the best, two beside each other, names, and what may be removed."""

import json
import math
import re
import shutil

import pytest
from helpers import QUICK, ROOT, call
from run_files import newest, quick_transfer, run_info

from data.split import read_split, write_split
from study.runs import listing, removal
from study.runs.difference import differing, mcnemar, verdict
from study.runs.folder import FILES, read_run
from study.runs.listing import fingerprint_of
from study.saved import cut, finder


@pytest.fixture(scope="module")
def three(run, toy, tmp_path_factory):
    """A folder with three runs: one, the same by transfer under a name, and one of another split."""
    runs = tmp_path_factory.mktemp("runs") / "runs"
    runs.mkdir()
    shutil.copytree(run, runs / run.name)
    named, _ = quick_transfer(run, toy, runs, "--name", "spring.1")
    other, _ = quick_transfer(run, toy, runs, "--split-seed", 1, "--split", "2:1:1")
    return runs, runs / run.name, named, other


def test_all_are_listed_by_data_set_and_split_the_newest_first(three, toy):
    runs, first, named, other = three
    ran = call("runs", "--runs", runs)
    assert (ran.code, ran.err) == (0, "")
    for path in (first, named, other):
        accuracy = json.loads((path / "metrics.json").read_text())["test"]["accuracy"]
        (line,) = (line for line in ran.out.splitlines() if path.name in line.split())
        assert f"{100 * accuracy:.1f} %" in line
    assert "spring.1" in ran.out
    assert ran.out.count(f"{toy} (images and split ") == 2
    assert ran.out.index(named.name) < ran.out.index(first.name)


def test_a_long_name_stands_on_one_line(run, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    name = "20261130-021448-efficientnet_lite+efficientnet_lite1+efficientnet_lite2-bagging"
    shutil.copytree(run, tmp_path / "runs" / name)
    (line,) = (line for line in call("runs", "--runs", tmp_path / "runs").out.splitlines() if name in line)
    assert line.count(" %") == 2


def test_runs_are_found_by_what_they_learned_from(three, toy, tmp_path):
    runs, *_ = three
    assert len(listing.runs_in(runs, str(toy))[0]) == 3
    ran = call("runs", "--runs", runs, "--data", tmp_path)
    assert ran.code == 2
    assert ran.err.startswith(f"error: There is no complete run that learned from {tmp_path} in {runs}. ")


def test_data_that_were_moved_and_left_a_link_are_the_same(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "runs" / run.name)
    info = run_info(run)
    info["data"]["folder"] = str(tmp_path / "photos")
    (folder / "run.json").write_text(json.dumps(info))
    (tmp_path / "moved").mkdir()
    (tmp_path / "photos").symlink_to(tmp_path / "moved")
    for name in ("photos", "moved"):
        assert call("runs", "best", "--runs", tmp_path / "runs", "--data", tmp_path / name).code == 0
    ran = call("runs", "best", "--runs", tmp_path / "runs", "--data", tmp_path)
    none = f"error: There is no complete run that learned from {tmp_path} in {tmp_path / 'runs'}. Train first "
    command = f"(python main.py train --data {tmp_path} --runs {tmp_path / 'runs'})"
    assert ran.err == f"{none}{command}, or give another folder of runs by --runs DIR.\n"


def test_the_best_is_chosen_by_validation_among_runs_of_one_split(three, toy, tmp_path):
    runs, first, named, other = three
    ran = call("runs", "best", "--runs", runs, "--data", toy)
    assert ran.code == 2
    assert "are of 2 data sets or splits, which cannot be ranked: images or split were changed." in ran.err
    assert ran.err.endswith(f" See: python main.py runs --runs {runs}\n")
    for number, (path, validation) in enumerate(((first, 0.5), (named, 0.75))):
        copy = tmp_path / "runs" / path.name
        shutil.copytree(path, copy)
        metrics = json.loads((copy / "metrics.json").read_text())
        metrics["val"]["accuracy"], metrics["test"]["accuracy"] = validation, 0.9 - number / 10
        (copy / "metrics.json").write_text(json.dumps(metrics))
    ran = call("runs", "best", "--runs", tmp_path / "runs")
    best = tmp_path / "runs" / named.name
    assert ran.out.startswith(f"{best}: original, validation 75.0 %, the best of 2; test 80.0 %\n")
    assert other.name not in ran.out


@pytest.fixture
def of_three_questions(three, tmp_path):
    """A folder of four runs with the same split.csv, the newest last: one of pixels, two classifiers, one of pixels of
    other classes; the first and the last have the highest figures."""
    runs = tmp_path / "runs"
    questions = (("segment", ["animal", "grass"]), ("classify", None), (None, None), ("segment", ["animal", "sky"]))
    for number, ((task, classes), validation) in enumerate(zip(questions, (0.99, 0.7, 0.8, 0.98), strict=True)):
        copy = shutil.copytree(three[1], runs / f"2026010{number + 1}-000000-net")
        info = run_info(copy)
        info |= {"task": task, "class_names": classes or info["class_names"], "created": f"2026-01-0{number + 1}"}
        if task is None:  # as the first runs were
            del info["task"]
        (copy / "run.json").write_text(json.dumps(info))
        metrics = json.loads((copy / "metrics.json").read_text())
        metrics["val"] |= {"accuracy": 0.9 if task == "segment" else validation, "mean_iou": validation}
        metrics["test"]["mean_iou"] = 0.5
        (copy / "metrics.json").write_text(json.dumps(metrics))
    return runs


def test_figures_of_other_tasks_and_classes_stand_in_tables_of_their_own(of_three_questions, toy):
    lines = call("runs", "--runs", of_three_questions).out.splitlines()
    titles = [line for line in lines if line.startswith(str(toy))]
    assert [title.removeprefix(f"{toy} (").partition("images and split")[0] for title in titles] == [
        "--task segment of animal, sky; mean IoU; ",
        "",
        "--task segment of animal, grass; mean IoU; ",
    ]
    classifiers = lines[lines.index(titles[1]) : lines.index(titles[2])]
    assert [day for day in range(1, 5) if any(f"2026010{day}-" in line for line in classifiers)] == [2, 3]


def test_the_best_is_chosen_among_runs_of_the_newest_ones_task_and_classes(of_three_questions):
    ran = call("runs", "best", "--runs", of_three_questions)
    assert ran.out.startswith(f"{of_three_questions / '20260104-000000-net'}: ")
    assert "validation mean IoU 0.980, the best of 1; test 0.500" in ran.out
    note = "note: {} run(s) are not ranked: they have another task or other classes than the newest run (--task {})"
    assert ran.err.startswith(note.format(3, "segment"))
    shutil.rmtree(of_three_questions / "20260104-000000-net")
    ran = call("runs", "best", "--runs", of_three_questions)
    assert ran.out.startswith(f"{of_three_questions / '20260103-000000-net'}: ")
    assert "validation 80.0 %, the best of 2;" in ran.out
    assert ran.err.startswith(note.format(1, "classify"))
    assert ran.code == 0


def test_a_difference_names_each_figure_where_two_tasks_mean_other_things_by_it(of_three_questions):
    masks, first, second = (of_three_questions / f"2026010{day}-000000-net" for day in (1, 2, 3))
    told = " ".join(call("runs", "diff", masks, first).out.split())
    assert "validation 0.990 (mean IoU) 70.0 % (accuracy)" in told
    assert "validation accuracy" not in told
    assert "validation accuracy 70.0 % 80.0 %" in " ".join(call("runs", "diff", first, second).out.split())


def test_a_difference_names_the_settings_and_what_chance_can_explain(three):
    runs, first, named, _ = three
    ran = call("runs", "diff", "--runs", runs, first.name, "spring.1")
    assert ran.out.startswith(f"A: {first}\nB: {named}\n")
    assert {"learning", "weights", "epochs"} <= {line.split()[0] for line in ran.out.splitlines() if line.strip()}
    assert "name " not in ran.out
    assert "Of 6 test images that both have, only A is right about " in ran.out
    assert differing(run_info(first), run_info(first)) == []


def test_units_beside_a_split_leave_its_fingerprint(three, tmp_path):
    """Near duplicates are found otherwise at another size of the images, and earlier runs had no such column."""
    copy = shutil.copytree(three[1], tmp_path / "copy")
    path = copy / "split.csv"
    entries = read_split(path)
    found = []
    for units in ((), ["a"] * len(entries), [str(number // 2) for number in range(len(entries))]):
        write_split(path, entries, units)
        found.append(fingerprint_of(read_run(copy)))
    assert len(set(found)) == 1
    assert path.read_text().startswith("path,sha256,label,part,unit\n")
    write_split(path, entries[1:])
    assert fingerprint_of(read_run(copy)) != found[0]


def test_a_difference_beyond_chance_is_told_in_words(three, tmp_path):
    _, first, named, _ = three
    good, bad = (shutil.copytree(path, tmp_path / path.name) for path in (first, named))
    for folder, right in ((good, 40), (bad, 20)):
        rows = [f"{i}.png,cat,{'cat' if i < right else 'dog'}" for i in range(40)]
        (folder / "predictions.csv").write_text("\n".join(["path,label,predicted", *rows]))
        split = [f"{i}.png,{i:064x},cat,test" for i in range(40)]
        (folder / "split.csv").write_text("\n".join(["path,sha256,label,part", *split]))
    ran = call("runs", "diff", bad, good)
    told = "Of 40 test images that both have, only A is right about 0, only B about 20: B is better"
    assert f"{told} (McNemar's exact test, p = 1.9e-06)." in " ".join(ran.out.split())


@pytest.fixture
def good_and_bad(three, tmp_path):
    """Two runs of 40 test images of cats: about the first 20 only the first one is right, about the others both are."""
    _, first, named, _ = three
    folders = [shutil.copytree(path, tmp_path / path.name) for path in (first, named)]
    for folder, wrong in zip(folders, (0, 20), strict=True):
        rows = [f"{i}.png,cat,{'dog' if i < wrong else 'cat'}" for i in range(40)]
        (folder / "predictions.csv").write_text("\n".join(["path,label,predicted", *rows]))
        split = [f"{i}.png,{i:064x},cat,test" for i in range(40)]
        (folder / "split.csv").write_text("\n".join(["path,sha256,label,part", *split]))
    return folders


def test_images_that_belong_together_decide_once(good_and_bad):
    good, bad = good_and_bad
    rows = (bad / "split.csv").read_text().splitlines()[1:]
    units = [f"{row},{'clip' if number < 20 else number}" for number, row in enumerate(rows)]
    (bad / "split.csv").write_text("\n".join(["path,sha256,label,part,unit", *units]))
    for pair in ((good, bad), (bad, good)):
        found = verdict(*map(read_run, pair))
        assert (found.better, found.p, found.only_a + found.only_b) == ("", 1.0, 20)
        assert "chance (McNemar's exact test by 21 groups of images that belong together, p = 1)." in found.sentence


def test_runs_of_other_classes_get_no_verdict(good_and_bad):
    good, bad = good_and_bad
    info = run_info(bad)
    classes = info["class_names"]
    for names, said in (
        (classes[::-1], ""),
        (["shape"], f"Only A tells {', '.join(classes)}, only B tells shape: the two answer different questions, "),
        ([*classes, "fox"], "Only B tells fox: the two answer different questions, "),
    ):
        (bad / "run.json").write_text(json.dumps({**info, "class_names": names}))
        told = " ".join(call("runs", "diff", good, bad).out.split())
        assert ("A is better (McNemar's exact test" in told) == (not said)
        assert said in told
        found = verdict(read_run(good), read_run(bad))
        assert (found.better, found.images) == (("", 0) if said else ("A", 40))


def test_images_whose_labels_differ_are_counted_for_neither_run(good_and_bad):
    good, bad = good_and_bad
    lines = (bad / "predictions.csv").read_text().splitlines()
    for count in (15, 40):
        fixed = [line.replace(",cat,", ",dog,") for line in lines[1 : 1 + count]]
        (bad / "predictions.csv").write_text("\n".join([lines[0], *fixed, *lines[1 + count :]]))
        found = verdict(read_run(good), read_run(bad))
        if count == 15:
            assert (found.images, found.only_a, found.only_b) == (25, 5, 0)
            assert found.sentence.startswith("Of 25 test images that both have with the same label, only A is right ")
            assert found.sentence.endswith(" Not counted: 15 more, which have another label in A than in B.")
    assert found.sentence.startswith("The two have no test image in common, but for 40 whose labels differ: nothing ")
    assert found.p is None


@pytest.mark.parametrize(("better", "worse", "p"), [(5, 9, 0.4239501953125), (0, 6, 0.03125), (3, 3, 1.0), (0, 0, 1.0)])
def test_mcnemar_is_twice_the_smaller_tail_of_a_fair_coin(better, worse, p):
    n = better + worse
    tail = sum(math.comb(n, k) for k in range(min(better, worse) + 1)) / 2**n
    assert math.isclose(mcnemar(better, worse), p)
    assert math.isclose(mcnemar(better, worse), min(1, 2 * tail))


@pytest.mark.slow
def test_a_name_works_where_a_folder_does_and_is_given_once(three, run, toy):
    runs, _, named, _ = three
    assert f"{named}: original" in call("predict", "--run", "spring.1", "--runs", runs).err
    folder, _ = quick_transfer(run, toy, runs, "--name", "taken")
    ran = call("train", "--data", toy, *QUICK, "--runs", runs, "--name", "taken")
    assert (ran.code, ran.err) == (2, f"error: --name taken is the name of {folder} already. Give another one.\n")
    by_name = call(*("train", "-m", "original", "--image-size", 32, "--weights", "spring.1", "--learning", "transfer"),
                   *("--epochs", 1, "--data", toy, "--runs", runs))  # fmt: skip
    assert by_name.code == 0, by_name.err
    assert run_info(newest(runs))["settings"]["weights"].endswith(named.name)
    ran = call("train", "--data", toy, "--name", "../up", "--runs", runs)
    assert ran.code == 2
    assert ran.err.startswith(
        "error: --name takes up to 60 letters, digits, dots, dashes and underscores, a letter or "
    )


def test_only_what_a_training_wrote_is_removed(three, tmp_path):
    _, first, named, _ = three
    kept, gone = (shutil.copytree(path, tmp_path / "runs" / path.name) for path in (first, named))
    assert {path.name for path in kept.iterdir()} <= removal.WRITTEN
    (kept / "notes.txt").write_text("mine")
    ran = call("runs", "remove", gone.name, kept.name, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.err == (
        f"error: {kept / 'notes.txt'} is not of the training: move it away first. Nothing was removed.\n"
    )
    assert gone.is_dir()
    ran = call("runs", "remove", "spring.1", "--runs", tmp_path / "runs")
    assert (ran.code, ran.out.partition(":")[0]) == (0, f"removed {gone}")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [kept.name]


def test_all_that_the_docs_say_a_run_folder_holds_is_removed_with_it(run, tmp_path):
    told = (ROOT / "docs" / "pages-and-run-folder.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \| (.+) \|$", told.partition("\n## A run folder\n")[2].partition("\n## ")[0], re.M)
    held = {name: content for cell, content in rows for name in re.findall("`(.+?)`", cell)}
    folder = shutil.copytree(run, tmp_path / "runs" / run.name)
    (folder / "finder").mkdir()
    within = [f"finder/{name}" for name in re.findall(r"`(model\..+?)`", held.pop("finder/"))]
    assert len(within) == 3
    for name in (*held, *within, f".unfinished-7-{'a' * 32}"):  # the last is of a process that was killed
        (folder / name).touch()
    (folder / "finder" / "notes.txt").write_text("mine")
    ran = call("runs", "remove", run.name, "--runs", tmp_path / "runs")
    assert ran.err.startswith(f"error: {folder / 'finder' / 'notes.txt'} is not of the training: ")
    (folder / "finder" / "notes.txt").unlink()
    assert call("runs", "remove", run.name, "--runs", tmp_path / "runs").code == 0
    assert list((tmp_path / "runs").iterdir()) == []


def test_what_cuts_by_a_finder_writes_nothing_else():
    assert {cut.FILE, finder.FOLDER, *(f"{finder.FOLDER}/{name}" for name in finder.FILES)} <= removal.WRITTEN


def test_a_run_is_removed_by_its_name_beside_one_that_cannot_be_read(three, tmp_path):
    _, first, named, _ = three
    broken, gone = (shutil.copytree(path, tmp_path / "runs" / path.name) for path in (first, named))
    (broken / "run.json").write_text("{")
    ran = call("runs", "remove", "spring.1", "--runs", tmp_path / "runs")
    assert (ran.code, ran.err, ran.out.partition(":")[0]) == (0, "", f"removed {gone}")
    ran = call("runs", "remove", broken.name, "--runs", tmp_path / "runs")
    assert (ran.code, ran.out.partition(":")[0]) == (0, f"removed {broken}")
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("name", ["20260101-000000-original", "renamed"])
def test_a_run_that_lacks_files_is_listed_and_removed(run, tmp_path, name):
    runs = tmp_path / "runs"
    folder = shutil.copytree(run, runs / name)
    for file in ("metrics.json", "report.html"):
        (folder / file).unlink()
    if name != "renamed":
        (folder / "run.json").unlink()
    lacking = ", ".join(file for file in FILES if not (folder / file).is_file())
    ran = call("runs", "--runs", runs)
    told = f"not listed: {folder} is no complete run folder: {lacking} missing. Train again.\n"
    assert (ran.code, ran.out) == (0, told)
    ran = call("runs", "remove", name, "--runs", runs)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"removed {folder}: ")
    assert ran.out.endswith(f" MB (a run that lacked {lacking})\n")
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize("name", ["20260101-000000-holiday", "original", "20260101-000000-original"])
def test_a_folder_that_no_training_made_is_not_removed(tmp_path, name):
    folder = tmp_path / "runs" / name
    folder.mkdir(parents=True)
    mine = folder / ("notes.txt" if name == "20260101-000000-original" else "model.keras")
    mine.write_text("mine")
    (folder / "run.json").write_text('{"schema": 1}')  # of another program
    ran = call("runs", "remove", name, "--runs", tmp_path / "runs")
    assert (ran.code, mine.is_file(), ran.out) == (2, True, "")


def stopped_in(runs):
    """An unfinished training without a checkpoint, whose description cannot be read."""
    folder = runs / ".unfinished" / "20260101-000000-original"
    folder.mkdir(parents=True)
    (folder / "training.json").write_text("{")
    return folder


@pytest.mark.parametrize("by_path", [False, True])
def test_what_is_left_of_an_unfinished_training_is_removed_by_name_or_path(tmp_path, by_path):
    folder = stopped_in(tmp_path / "runs")
    ran = call("runs", "remove", folder if by_path else folder.name, "--runs", tmp_path / "runs")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"removed {folder}: 0.0 MB (an unfinished training)\n"
    assert list((tmp_path / "runs").iterdir()) == []


def test_an_unfinished_training_that_holds_a_file_of_the_users_is_not_removed(tmp_path):
    folder = stopped_in(tmp_path / "runs")
    (folder / "notes.txt").write_text("mine")
    ran = call("runs", "remove", folder.name, "--runs", tmp_path / "runs")
    told = f"error: {folder / 'notes.txt'} is not of the training: move it away first. Nothing was removed.\n"
    assert (ran.code, ran.err, (folder / "notes.txt").is_file()) == (2, told, True)


def test_an_unfinished_training_that_cannot_be_read_is_listed(tmp_path):
    folder = stopped_in(tmp_path / "runs")
    (folder / f"00000001-{'a' * 16}.npz").touch()
    ran = call("runs", "--runs", tmp_path / "runs")
    assert (ran.code, ran.out.startswith(f"not listed: {folder / 'training.json'} cannot be read: ")) == (0, True)


def test_a_run_that_is_only_a_link_is_not_removed_nor_is_another(run, tmp_path):
    runs = tmp_path / "runs"
    far, beside = (shutil.copytree(run, path) for path in (tmp_path / "far" / run.name, runs / "20260101-000000-a"))
    link = runs / run.name
    link.symlink_to(far)
    for names in ([beside.name, link.name], [far, link.name], [link.name, far]):
        ran = call("runs", "remove", *names, "--runs", runs)
        told = f"{link} is a link to the run {far}: remove that, or the link by hand. Nothing was removed."
        assert (ran.code, ran.err) == (2, f"error: {told}\n")
    assert {path.name for path in runs.iterdir()} == {beside.name, link.name}
    assert (link / "run.json").is_file()


def test_a_run_that_is_given_in_two_ways_is_removed_once(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, other = (shutil.copytree(run, tmp_path / "runs" / name) for name in ("20260101-000000-a", "20260102-000000-b"))
    assert removal.remove([one.name, str(one)], "runs")["removed"][0]["bytes"] > 0
    monkeypatch.chdir(other)
    removal.remove([".", str(other)], "..")
    assert list((tmp_path / "runs").iterdir()) == []


def test_predict_passes_over_a_run_that_learned_nothing(three, tmp_path):
    _, first, named, _ = three
    good, bad = (shutil.copytree(path, tmp_path / "runs" / path.name) for path in (first, named))
    metrics = json.loads((bad / "metrics.json").read_text())
    metrics["test"]["accuracy"] = 1 / 3
    (bad / "metrics.json").write_text(json.dumps(metrics))
    ran = call("predict", "--runs", tmp_path / "runs")
    told = f"note: {bad} is newer, but no better than always answering circle; to ask it: --run {bad}\n{good}: original"
    assert ran.err.startswith(told)
    shutil.rmtree(good)
    assert call("predict", "--runs", tmp_path / "runs").err.startswith(f"{bad}: original")


@pytest.mark.parametrize("words", [["diff", "a"], ["best", "a"], ["remove"], ["tidy"], ["diff", "a", "b", "c"]])
def test_other_words_are_told_what_would_be_right(words):
    ran = call("runs", *words)
    told = f"where a run is a folder or a name. Received: {' '.join(words)}\n"
    assert (ran.code, ran.err) == (2, f"error: runs takes nothing, diff A B, best, or remove RUN …, {told}")
