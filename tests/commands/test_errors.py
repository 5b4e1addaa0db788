"""What the user can mend is told in one line that says how, and leaves nothing behind."""

import resource

import pytest
from faults import DATA_ERRORS, LONG, RUN_ERRORS, TRAIN_ERRORS, changed_run, other_network, scratched
from helpers import QUICK, call, fails, left_behind, make_toy

import main


@pytest.mark.parametrize("case", DATA_ERRORS)
def test_unusable_data(case, tmp_path):
    make, text = DATA_ERRORS[case]
    fails(call("train", *QUICK, "--data", make(tmp_path), "--runs", tmp_path / "runs"), text, tmp_path / "runs")


@pytest.mark.parametrize("case", TRAIN_ERRORS)
def test_unusable_flags(case, toy, tmp_path):
    words, text = TRAIN_ERRORS[case]
    fails(call("train", "--data", toy, *QUICK, "--runs", tmp_path / "r", *words), text, tmp_path / "r")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["-m", "original", "--engine", "openvino"],
            "--engine runs a frozen backbone, and here all learns from scratch",
        ),
        (["-m", "original", "--learning", "transfer"], "--learning transfer needs pretrained weights"),
        (
            ["-m", "efficientnet_lite", "--learning", "transfer", "--progressive", "64,80"],
            "--progressive needs --learning scratch or finetune",
        ),
    ],
)
def test_flags_that_contradict_each_other_are_refused_before_a_picture_is_looked_for(words, text, tmp_path):
    fails(call("train", "--data", tmp_path / "none", *words, "--runs", tmp_path / "r"), text, tmp_path / "r")


@pytest.mark.parametrize("case", RUN_ERRORS)
def test_unusable_run(case, run, toy, tmp_path):
    make, text = RUN_ERRORS[case]
    fails(call("predict", "--run", make(run, tmp_path), toy / "circle" / "0.png"), text, tmp_path / "runs")


@pytest.mark.parametrize("name", ["other.weights.h5", "other.keras"])
def test_weights_of_another_network(name, toy, tmp_path):
    weights, runs = other_network(tmp_path / name), tmp_path / "runs"
    ran = call("train", *QUICK, "--data", toy, "--weights", weights, "--runs", runs)
    fails(ran, f"The weights in {weights} do not fit original: ", runs)


def test_weights_of_a_scratched_run(run, toy, tmp_path):
    weights, runs = changed_run(run, tmp_path / "r", "model.keras", scratched), tmp_path / "runs"
    ran = call("train", *QUICK, "--data", toy, "--weights", weights, "--runs", runs)
    fails(ran, f"{weights / 'model.keras'}", runs)


def test_tables_of_other_pictures_are_refused(run, toy, tmp_path):
    (tmp_path / "check.csv").write_text("path,drop\ntoy/circle/1.png,yes\n")
    ran = call("train", *QUICK, "--data", toy, "--exclude", tmp_path / "check.csv", "--runs", tmp_path / "runs")
    fails(ran, f"marks 1 image(s), such as toy/circle/1.png, none of which is in {toy}", tmp_path / "runs")
    data = make_toy(tmp_path / "toy", 8, first=1000)
    ran = call("train", *QUICK, "--data", data, "--split-file", run / "split.csv", "--runs", tmp_path / "runs")
    fails(ran, f"split.csv knows none of the images in {data}", tmp_path / "runs")


def test_results_among_the_pictures_are_refused(run, toy_copy):
    data = toy_copy()
    ran = call("train", *QUICK, "--data", data, "--runs", data / "runs")
    text = f"--runs {data / 'runs'} lies within the images, which stay as they are. Give another --runs DIR."
    fails(ran, text, data / "runs")
    ran = call("inspect", "-m", "original", "--data", data, "--inspects", data)
    fails(ran, f"--inspects {data} lies within the images", data / "inspects")


def test_runs_under_a_file_cannot_be_written(toy, tmp_path):
    (tmp_path / "file").write_text("x")
    ran = call("train", *QUICK, "--data", toy, "--runs", tmp_path / "file" / "runs")
    fails(ran, f"Cannot write to --runs {tmp_path / 'file' / 'runs'}: Not a directory", tmp_path / "runs")


@pytest.mark.parametrize("name", ["none/a.csv", ".", LONG], ids=["no folder", "a folder", "long name"])
def test_table_that_cannot_be_written(name, run, toy, tmp_path):
    ran = call("predict", "--run", run, toy, "--csv", tmp_path / name)
    fails(ran, str(tmp_path / name), tmp_path / "runs")
    assert name == LONG or "error: Cannot write --csv" in ran.err
    assert ran.out == ""  # told before the work, not after


def test_model_without_a_run(run, tmp_path):
    command = f"python main.py train -m resnet --runs {run.parent}"
    text = f"There is no complete run of model 'resnet' in {run.parent}. Train first ({command}), name a run, or "
    fails(call("predict", "--runs", run.parent, "-m", "resnet"), text, tmp_path / "runs")
    text = f"There is no complete run in {tmp_path / 'none'}."
    fails(call("predict", "--runs", tmp_path / "none"), text, tmp_path / "runs")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "The following arguments are required: COMMAND. See: python main.py --help"),
        (
            ["lern"],
            f"invalid choice: 'lern' (choose from {', '.join(map(repr, main.COMMANDS))})",
        ),
        (["train", "photos"], "Unrecognized arguments: photos. See: python main.py train --help"),
        (
            ["train", "tests"],
            "Unrecognized arguments: tests. Did you mean --data tests? See: python main.py train --help",
        ),
        (["train", "--epocks=3"], "Unrecognized arguments: --epocks=3. Did you mean '--epochs'? See: "),
        (["predict", "--rigth", "0.9"], "Unrecognized arguments: --rigth. Did you mean '--right'? See: "),
        (["trian"], ". Did you mean 'train'? See: python main.py --help"),
        (["compare", "--vary", "optimiser=sgd,adam"], "Did you mean 'optimizer'? Received: optimiser=sgd,adam"),
        (["train", "--epochs"], "Argument --epochs: expected one argument. See: python main.py train --help"),
        (["store", "clear"], "Unrecognized arguments: clear"),
        (["predict", "--store", "off"], "Unrecognized arguments: --store"),
        (["summary", "-m", "resnett"], "Unknown model 'resnett'. Did you mean 'resnet'?"),
        (["summary", "-m", "original", "--image-size", "16"], "--image-size takes 32 to 1,024. Received: 16"),
    ],
)
def test_unusable_commands(words, text, tmp_path):
    fails(call(*words), text, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("largest", [2_000, 200_000], ids=["run.json", "model.keras"])
def test_full_disk_while_saving(largest, run, toy, tmp_path):
    runs = tmp_path / "runs"
    arguments = ("--weights", run, "--learning", "transfer", "--epochs", 1, "--checkpoint-minutes", 0, "--runs", runs)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))  # a longer file is EFBIG: Python ignores SIGXFSZ
    try:
        ran = call("train", "-m", "original", "--image-size", 32, "--data", toy, *arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ran.code == 2
    *notes, error = ran.err.splitlines()
    assert error.startswith(f"error: The disk is full: the run could not be saved in {runs}. Free some space")
    assert all(line.startswith("note: ") for line in notes)  # of what the store could not keep
    assert left_behind(runs) == []
