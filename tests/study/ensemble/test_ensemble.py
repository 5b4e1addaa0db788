"""`ensemble` as a whole, with members of its own: an ordinary run folder, which the other commands take."""

import html
import json
import re
import shutil

import numpy as np
import pytest
from helpers import TOY_CLASSES, call, make_patches, unwrapped
from run_files import FOR_OPENVINO, PICTURES, newest, run_info, shares, table

from study.ensemble.boosting import PENALTIES
from study.ensemble.settle import OF_LINEAR_MEMBERS
from study.runs.removal import WRITTEN

pytestmark = pytest.mark.slow
HEADS = ("-m", "efficientnet_lite", "--image-size", 32, "--epochs", 4)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("ensemble") / "images", 20)


def made(images, runs, *more):
    ran = call("ensemble", "--data", images, *HEADS, *more, "--runs", runs)
    assert ran.code == 0, ran.err
    return newest(runs), ran


@pytest.fixture(scope="module")
def bagged(images, tmp_path_factory):
    """The run folder of three bagged heads, and what the command printed. Do not change the folder."""
    return made(images, tmp_path_factory.mktemp("bagged") / "runs", "--members", 3)


def load(run):
    from study.runs.folder import load_classifier, read_run

    return load_classifier(read_run(run))


def test_it_leaves_an_ordinary_run_folder(bagged):
    run, ran = bagged
    assert run.name.endswith("-efficientnet_lite-bagging")
    files = {"model.keras", "run.json", "split.csv", "history.csv", "metrics.json", "predictions.csv", "report.html"}
    left = {path.name for path in run.iterdir()}
    assert left == files | PICTURES | FOR_OPENVINO | {"known.npz", "members.csv"}
    assert left <= WRITTEN  # so that `runs remove` takes it
    assert ran.next.endswith(f": python main.py predict --run {run} IMAGE\n")
    assert "learning type       transfer: bagging of members on one frozen backbone\n" in ran.out


def test_run_json_names_the_method_and_the_members(bagged):
    run, _ = bagged
    said = run_info(run)
    assert said["model"] == "efficientnet_lite"
    assert said["settings"]["learning"] == "transfer"
    ensemble = said["ensemble"]
    assert (ensemble["method"], len(ensemble["members"])) == ("bagging", 3)
    assert ensemble["best_member"] in {member["name"] for member in ensemble["members"]}
    assert ensemble["paired"]["images"] == len(table(run / "predictions.csv"))


def test_the_saved_network_is_the_mean_of_its_members(bagged):
    run, _ = bagged
    network = load(run)
    _, backbone, head = network.layers
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3)).astype(np.float32)
    features = np.asarray(backbone(pixels))
    each = [head.get_layer(f"member_{number}")(features) for number in (1, 2, 3)]
    temperature = run_info(run)["calibration"]["temperature"]
    mean = np.mean(each, axis=0) ** (1 / temperature)
    mean /= mean.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network.predict(pixels, verbose=0), mean, atol=1e-5)


def test_members_csv_and_the_screen_have_every_member_and_the_ensemble(bagged):
    run, ran = bagged
    lines = table(run / "members.csv")
    assert [line["member"] for line in lines] == ["member 1", "member 2", "member 3", "ensemble"]
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    for split in ("val", "test"):
        assert float(lines[-1][f"{split}_accuracy"]) == pytest.approx(metrics[split]["accuracy"], abs=1e-6)
    assert "different images; epoch " in lines[0]["learned"]
    assert "Two of them answer differently for" in ran.out
    assert "The ensemble and member " in ran.out
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "<h2>Members</h2>" in page
    assert "the best member on validation" in page
    assert '<td class="text">member 3</td>' in page
    assert len(table(run / "history.csv")) == 3


def test_what_its_report_advises_is_for_the_same_images(bagged, images):
    page = html.unescape(unwrapped((bagged[0] / "report.html").read_text(encoding="utf-8")))
    advised = re.findall(r"python main\.py (?:check|crossval|train)\b[^<\n]*", page)
    assert advised
    assert all(f"--data {images}" in command for command in advised)


def test_predict_takes_it_and_repeats_its_figures(bagged, images):
    run, _ = bagged
    ran = call("predict", "--run", run)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[1] in (run / "report.html").read_text(encoding="utf-8")
    given = call("predict", "--run", run, images / "circle", "--csv", run.parent / "answers.csv")
    assert given.code == 0, given.err
    answers = {line["path"]: line for line in table(run.parent / "answers.csv")}
    assert {line["verdict"] for line in answers.values()} <= {*TOY_CLASSES, "unsure", "unlike"}
    for row in table(run / "predictions.csv"):
        path = str(images / row["path"])
        if path in answers:
            np.testing.assert_allclose(shares(answers[path]), shares(row), atol=1e-4)


def test_keras_predicts_the_same_without_the_files_for_openvino(bagged, tmp_path):
    run, _ = bagged
    copied = shutil.copytree(run, tmp_path / run.name)
    for name in FOR_OPENVINO:
        (copied / name).unlink()
    one, other = (call("predict", "--run", folder).out.splitlines()[1:] for folder in (run, copied))
    assert one == other


@pytest.mark.slow
def test_inspect_looks_into_it_and_runs_lists_and_removes_it(bagged, tmp_path):
    run, _ = bagged
    assert call("inspect", "--run", run, "--steps", 1, "--inspects", tmp_path / "inspects").code == 0
    copied = shutil.copytree(run, tmp_path / "runs" / run.name)
    assert run.name[:20] in call("runs", "--runs", tmp_path / "runs").out
    assert call("runs", "remove", copied, "--runs", tmp_path / "runs").code == 0
    assert not copied.exists()


@pytest.mark.slow
def test_its_backbone_can_be_the_beginning_of_another_training(bagged, images, tmp_path):
    run, _ = bagged
    ran = call("train", "--data", images, *HEADS, "--weights", run, "--learning", "transfer", "--runs", tmp_path)
    assert ran.code == 0, ran.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "more", "names"),
    [
        ("seeds", ("--members", 2), ["member 1", "member 2"]),
        ("folds", ("--members", 3), ["member 1", "member 2", "member 3"]),
        ("stacking", ("--augment", "flip"), ["head", "discriminant analysis", "perceptron"]),
    ],
)
def test_every_method_leaves_a_run_that_predicts(method, more, names, images, tmp_path):
    run, _ = made(images, tmp_path / "runs", "--method", method, *more)
    assert [member["name"] for member in run_info(run)["ensemble"]["members"]] == names
    assert call("predict", "--run", run).code == 0


@pytest.mark.slow
def test_boosting_leaves_a_run_that_predicts_and_can_be_inspected(images, tmp_path):
    words = ("ensemble", "--data", images, *HEADS[:4], "--method", "boosting", "--l2", 10, "--members", 4)
    ran = call(*words, "--runs", tmp_path / "runs")
    assert ran.code == 0, ran.err
    run = newest(tmp_path / "runs")
    settings = run_info(run)["settings"]
    assert (settings["epochs"], settings["learning_rate"], settings["dropout"], settings["l2"]) == (None, None, 0, 10)
    assert "L2 10, weight decay" in ran.out
    assert call("predict", "--run", run).code == 0
    assert call("inspect", "--run", run, "--steps", 1, "--inspects", tmp_path / "inspects").code == 0


def test_boosting_chooses_its_penalty_where_none_is_given(images, tmp_path):
    ran = call("ensemble", "--data", images, *HEADS[:4], "--method", "boosting", "--runs", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert "L2 as it is chosen below, weight decay" in ran.out
    assert run_info(newest(tmp_path))["settings"]["l2"] in PENALTIES


@pytest.mark.slow
def test_json_has_the_figures_and_where_all_lies(images, tmp_path):
    ran = call("ensemble", "--data", images, *HEADS, "--members", 2, "--runs", tmp_path / "runs", "--json")
    said, run = json.loads(ran.out), newest(tmp_path / "runs")
    paths = {"run": run, "page": run / "report.html", "csv": run / "members.csv"}
    assert {name: said[name] for name in paths} == {name: str(path) for name, path in paths.items()}
    assert said["method"] == "bagging"
    assert said["test"]["n"] == said["paired"]["images"]
    assert set(said["test"]) == {"accuracy", "accuracy_interval", "n"}
    assert said["verdict"].startswith("The ensemble and member ")


LEARNING = "ensemble trains heads on one frozen backbone, "
SEVERAL = (
    "for whole networks train several times, with one --split-seed, and name the runs: python main.py ensemble RUN RUN"
)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ("--method", "voting"),
            "--method voting is of runs: name two or more, as in python main.py ensemble RUN RUN.",
        ),
        (
            ("--method", "stacking", "--members", 3),
            "--members is not for --method stacking, which has one member of each",
        ),
        (("--members", 1), "--members takes 2 to 100. Received: 1"),
        (("--method", "sum"), "--method takes voting, seeds, folds, bagging, boosting, stacking. Received: sum"),
        (("--task", "multilabel"), "ensemble is for one class an image, --task classify. Received: --task multilabel"),
        (("-m", "unet"), "ensemble is for one class an image, --task classify. Received: -m unet, which is for --task"),
        (("--learning", "finetune"), f"{LEARNING}--learning transfer. Received: --learning finetune; {SEVERAL}"),
        (
            ("-m", "lenet"),
            f"{LEARNING}and lenet begins from random weights here. Give --weights FILE or a run folder, or",
        ),
        (
            ("--method", "boosting", "--epochs", 3),
            "--epochs is not for --method boosting, whose members are least-squares",
        ),
        (
            ("--method", "boosting", "--dropout", "0.3"),
            "--dropout is not for --method boosting, whose members are least",
        ),
        (
            ("--method", "boosting", "--loss", "focal"),
            "--loss is not for --method boosting, whose members are least-squ",
        ),
        (("--method", "stacking", "--sampler", "balanced"), "--sampler is not for --method stacking, not all of whose"),
        (
            ("--method", "stacking", "--class-weight", "balanced"),
            "--class-weight is not for --method stacking, not all",
        ),
        (("--optimizer", "muon"), "--optimizer muon needs --learning scratch or finetune"),
        (("--method", "folds", "--members", 90), "Class 'circle' has 17 image(s) in 17 unit(s), since near duplicates"),
        (("--augment-preview",), "Unrecognized arguments: --augment-preview."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(words, error, images, tmp_path):
    ran = call("ensemble", "--data", images, "--image-size", 32, *words, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.err.startswith(f"error: {error}")
    assert ran.err.count("\n") == 1
    assert list((tmp_path / "runs").glob("*")) == []


def test_the_drawings_need_a_model_with_weights_too(tmp_path):
    ran = call("ensemble", "--runs", tmp_path / "runs")
    assert (ran.code, ran.err.startswith(f"error: {LEARNING}and original begins from random weights here.")) == (
        2,
        True,
    )


def test_boosting_obeys_only_what_its_members_know():
    assert set(OF_LINEAR_MEMBERS) == {"l2", "augment", "augment_with"}
