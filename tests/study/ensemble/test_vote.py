"""Runs that vote: one network of several, and what they must have in common."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from helpers import QUICK, call, make_toy
from PIL import Image
from run_files import newest, quick_transfer, run_info, shares, table

from data.split import read_split, write_split

pytestmark = pytest.mark.slow  # networks are trained


@pytest.fixture(scope="module")
def second(toy, tmp_path_factory):
    """A run on the same split as `run`, from another seed and of another model."""
    runs = tmp_path_factory.mktemp("second") / "runs"
    words = ("-m", "lenet", "--image-size", 32, "--epochs", 2, "--seed", 1, "--split-seed", 0, "--augment", "none")
    ran = call("train", "--data", toy, *words, "--runs", runs)
    assert ran.code == 0, ran.err
    return newest(runs)


@pytest.fixture(scope="module")
def voted(run, second, tmp_path_factory):
    runs = tmp_path_factory.mktemp("voted") / "runs"
    ran = call("ensemble", run, second, "--runs", runs, "--name", "both")
    assert ran.code == 0, ran.err
    return newest(runs), ran


def test_runs_of_different_models_become_one_network_with_the_mean_of_their_probabilities(voted, run, second):
    folder, ran = voted
    assert folder.name.endswith("-original+lenet-voting")
    assert (
        "2 runs vote, with the mean of their probabilities, equal weights; on 2 backbones, all of which run" in ran.out
    )
    each = [{row["path"]: shares(row) for row in table(one / "predictions.csv")} for one in (run, second)]
    assert run_info(folder)["calibration"]["temperature"] == 1  # no mistake on the toy
    for row in table(folder / "predictions.csv"):
        mean = (each[0][row["path"]] + each[1][row["path"]]) / 2
        np.testing.assert_allclose(shares(row), mean, atol=1e-5)


def test_its_run_json_has_the_settings_that_hold_for_all_and_names_the_runs(voted, run, second):
    said = run_info(voted[0])
    assert said["model"] == "original+lenet"
    assert "epochs" not in said["settings"]  # they differ
    assert "seed" not in said["settings"]
    assert (said["settings"]["image_size"], said["settings"]["name"]) == (32, "both")
    assert [member["name"] for member in said["ensemble"]["members"]] == [run.name, second.name]
    assert said["ensemble"]["members"][1]["learned"] == "lenet, scratch, seed 1"
    assert said["learning"]["type"] == "scratch"
    engine = said["engine"]  # of both; where nothing had to be tried, they were chosen for the same reason
    assert "backbone_1" in engine["reason"] or not engine["images_per_second"]
    assert (voted[0] / "split.csv").read_bytes() == (run / "split.csv").read_bytes()


def test_a_vote_is_no_training_that_was_ended_early_whatever_its_runs_were(run, second, tmp_path):
    for finish in (None, True):  # None: runs of an earlier version
        runs = tmp_path / str(finish)
        copies = [shutil.copytree(one, runs / one.name) for one in (run, second)]
        for one in copies:
            info = run_info(one)
            info["settings"].pop("finish")
            info["settings"] |= {"finish": finish} if finish else {}
            (one / "run.json").write_text(json.dumps(info))
        ran = call("ensemble", *copies, "--runs", runs)
        assert ran.code == 0, ran.err
        (folder,) = runs.glob("*-voting")
        assert "ended early" not in (folder / "report.html").read_text()
        assert "finish" not in run_info(folder)["settings"]


def test_predict_inspect_and_runs_take_it(voted, toy, tmp_path):
    folder, _ = voted
    ran = call("predict", "--run", folder, toy / "circle")
    assert ran.code == 0, ran.err
    assert "circle 20" in ran.out
    assert call("predict", "--run", "both", "--runs", folder.parent).code == 0
    assert "original+lenet" in call("runs", "--runs", folder.parent).out


@pytest.mark.slow
def test_inspect_opens_both_networks(voted, tmp_path):
    ran = call("inspect", "--run", voted[0], "--steps", 1, "--inspects", tmp_path)
    assert ran.code == 0, ran.err
    said = (newest(tmp_path) / "inspect.json").read_text(encoding="utf-8")
    assert all(f'"backbone_{number}_' in said for number in (1, 2))


def test_heads_on_one_backbone_cost_a_prediction_of_one(run, toy, tmp_path):
    """Two heads on the backbone of `run`, and that run itself, whose backbone it is."""
    folders = [run]
    for seed in (1, 2):
        more = ("--seed", seed, "--split-seed", 0, "--augment", "none")
        told = "" if run_info(run)["settings"]["split_seed"] == 0 else None
        folders.append(quick_transfer(run, toy, tmp_path / str(seed), *more, told=told)[0])
    ran = call("ensemble", *folders, "--runs", tmp_path / "runs")
    assert ran.code == 0, ran.err
    assert "3 runs vote, with the mean of their probabilities, equal weights; all on one backbone" in ran.out
    folder = newest(tmp_path / "runs")
    assert folder.name.endswith("-original-voting")
    assert (folder / "model.keras").stat().st_size < 1.5 * (run / "model.keras").stat().st_size
    again = call("ensemble", folder, run, "--runs", tmp_path / "again")  # an ensemble votes as any run
    assert again.code == 0, again.err
    assert run_info(newest(tmp_path / "again"))["ensemble"]["members"][0]["learned"].startswith("original, voting")


def begun_from(run, copy, earlier, learned):
    """A copy of a run that notes to have begun from the weights of another run, which learned from these images."""
    shutil.copytree(run, copy)
    earlier.mkdir()
    write_split(earlier / "split.csv", [replace(row, split="train") for row in learned])
    info = run_info(run)
    info["data"]["held_out_but_learned_before"] = len(learned)
    info["settings"]["weights"] = str(earlier)
    (copy / "run.json").write_text(json.dumps(info), encoding="utf-8")
    return copy


def test_held_out_images_that_the_weights_of_any_run_had_learned_from_are_counted_once_each(run, second, tmp_path):
    tested = [row for row in read_split(run / "split.csv") if row.split == "test"]
    one = begun_from(run, tmp_path / "one", tmp_path / "first", tested[:3])
    other = begun_from(second, tmp_path / "other", tmp_path / "earlier", tested[2:4])
    for runs in (tmp_path / "runs", tmp_path / "again"):
        assert call("ensemble", one, other, "--runs", runs).code == 0
        (tmp_path / "earlier" / "split.csv").unlink(missing_ok=True)  # then the number alone is known
    told = [run_info(newest(tmp_path / runs))["data"]["held_out_but_learned_before"] for runs in ("runs", "again")]
    assert told == [4, 3]
    assert "had learned from 4 of the" in " ".join(
        (newest(tmp_path / "runs") / "report.html").read_text("utf-8").split()
    )


def refused(*words, runs):
    ran = call("ensemble", *words, "--runs", runs)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert not list(runs.glob("*")) if runs.exists() else True
    return ran.err


def test_what_cannot_vote_together_is_told(run, second, toy, tmp_path):
    runs = tmp_path / "runs"
    assert refused(run, runs=runs) == f"error: A vote takes two runs or more. Received: {run}\n"
    assert refused(run, second, run, runs=runs) == f"error: {run} is named twice: each run has one vote.\n"
    assert refused(run, tmp_path / "none", runs=runs).startswith("error: A run is given by its folder or its name.")
    told = refused(run, second, "--data", toy, "--epochs", 3, runs=runs)
    assert told == ("error: The runs bring their own images and networks: leave --data, --epochs out, or the runs.\n")
    told = refused(run, second, "--method", "bagging", runs=runs)
    assert told == (
        "error: --method bagging trains its members: leave the runs out, or give --method voting, which is of runs.\n"
    )
    told = refused(run, second, "--members", 3, runs=runs)
    assert told == "error: --members is for members that are trained, and here runs vote: leave it out.\n"


def changed(run, folder, change):
    """A copy of a run whose `run.json` says something else."""
    copied = shutil.copytree(run, folder / run.name)
    said = run_info(copied)
    change(said)
    (copied / "run.json").write_text(json.dumps(said), encoding="utf-8")
    return copied


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            lambda said: said.update(class_names=["a", "b", "c"]),
            "tell other classes: a vote takes runs of the same",
        ),
        (
            lambda said: said.update(image_size=64),
            "read images in different ways (image size 32 and 64), and one",
        ),
        (
            lambda said: said.update(resize="pad"),
            "read images in different ways (resize crop and pad), and one",
        ),
        (
            lambda said: said.update(pixel_range={"uint16": [0, 4095]}),
            "read images in different ways (pixel range of their own and uint16 0:4095), and one network gets an image",
        ),
    ],
)
def test_runs_that_differ_in_what_a_network_is_given_are_refused(change, error, run, second, tmp_path):
    other = changed(second, tmp_path, change)
    assert refused(run, other, runs=tmp_path / "runs").startswith(f"error: {run} and {other} {error}")


def test_other_tasks_are_refused(run, second, tmp_path):
    other = changed(second, tmp_path, lambda said: said.update(task="segment"))
    assert refused(run, other, runs=tmp_path / "runs") == (
        f"error: A vote is of runs of --task classify. Received: {other}, of --task segment\n"
    )


def test_another_split_is_refused_with_the_way_to_the_same(run, second, tmp_path):
    other = shutil.copytree(second, tmp_path / second.name)
    text = (other / "split.csv").read_text(encoding="utf-8")
    (other / "split.csv").write_text(text.replace(",test", ",val"), encoding="utf-8")
    assert refused(run, other, runs=tmp_path / "runs") == (
        f"error: {run} and {other} are of other images or another split, so a test image of one may have been learned "
        f"by the other. Train them with --split-file {run / 'split.csv'}, or one --split-seed.\n"
    )


def test_images_that_were_changed_since_are_told(tmp_path):
    data = make_toy(tmp_path / "toy")
    folders = []
    for seed in (0, 1):
        words = (*QUICK[:4], "--epochs", 1, "--width", 0, "--seed", seed, "--split-seed", 0)
        assert call("train", "--data", data, *words, "--runs", tmp_path / str(seed)).code == 0
        folders.append(newest(tmp_path / str(seed)))
    (data / "circle" / "3.png").unlink()
    told = refused(*folders, runs=tmp_path / "runs")
    assert told == (
        f"error: The images or labels in {data} are not what they were when {folders[0]} was trained, so its test "
        "split is no more. Put them back, or train again.\n"
    )


def test_images_that_were_all_changed_are_told_so_and_not_as_a_wrong_split_file(tmp_path, run, second):
    """The split file is that of the first run: nobody gave one."""
    data = make_toy(tmp_path / "toy")
    for file in data.rglob("*.png"):
        with Image.open(file) as image:
            image.convert("RGB").rotate(90).save(file)
    folders = [changed(one, tmp_path, lambda said: said["data"].update(folder=str(data))) for one in (run, second)]
    told = refused(*folders, runs=tmp_path / "runs")
    assert told.startswith(
        f"error: The images or labels in {data} are not what they were when {folders[0]} was trained"
    )
    assert told.endswith(" Put them back, or train again.\n")


def test_drawings_that_come_out_otherwise_than_for_the_runs_are_told_so(tmp_path, run, second):
    """Those of the toy stand for drawings of another library."""
    folders = [changed(one, tmp_path, lambda said: said["data"].update(drawn=True)) for one in (run, second)]
    told = refused(*folders, runs=tmp_path / "runs")
    assert told.endswith(
        " is no more. They are drawings, which come out otherwise here than for the run: train again.\n"
    )
