"""`compare`: what it trains, that nothing is done twice, how it fails, and what it makes of the figures."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers import QUICK, ROOT, call

from data import split
from data.split import Row
from errors import UserError
from study.experiments import jobs as experiments_jobs
from study.experiments import report as compare_report
from study.experiments.compare import check_same, compare
from study.experiments.figures import MOST_DRAWN, curves, mean_and_spread
from study.experiments.jobs import Job, alone_in, environment, reason, run_all
from study.experiments.plan import HANDED_ON, Combination, make_plan, read_vary
from study.experiments.result import Line, Result, board, rank, settled, verdict, write_csv
from study.runs import folder as run_folder
from study.settings.commands import CheckSettings, CompareSettings
from study.settings.optimization import OPTIMIZERS
from study.settings.resolve import as_json
from study.settings.train import TrainSettings

TINY = (*QUICK[:4], "--epochs", "1", "--batch-size", "16", "--width", "0", "--augment", "none")


def test_runs_differ_by_flags_that_the_last_combination_does_not_use():
    one, other = (plan_of("loss=focal,crossentropy", focal_gamma=gamma) for gamma in ("1", "3"))
    assert (one.same["focal_gamma"], other.same["focal_gamma"]) == (1.0, 3.0)
    assert one.out != other.out


def test_second_tasks_are_compared_with_none(tmp_path):
    plan = plan_of("auxiliary=none,coat", auxiliary_weight="0.5")
    without, coat = (plan.words(combination, 0) for combination in plan.combinations)
    assert "--auxiliary-weight=0.5" in coat
    assert not [word for word in without if "weight" in word]
    plan = plan_of("auxiliary=none,mask", data="photos", masks=str(tmp_path))
    assert [f"--masks={tmp_path}" in plan.words(combination, 0) for combination in plan.combinations] == [False, True]


def test_the_task_is_the_models():
    assert plan_of("l2=0,1e-3", model="unet", data="photos", masks="masks").task == "segment"


def plan_of(*vary, seeds=1, out=None, **fixed):
    return make_plan(CompareSettings(vary=vary, seeds=seeds, out=out), fixed)


def refusal(call, *arguments, **named):
    with pytest.raises(UserError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- what is trained -------------------------------------------------------------------------------------------------


def test_every_combination_of_all_varied_values():
    plan = plan_of("optimizer=sgd,adam", "l2=0,1e-3", "dropout=0.5", seeds=3)
    assert [one.full for one in plan.combinations] == [
        "optimizer=sgd l2=0 dropout=0.5",
        "optimizer=sgd l2=0.001 dropout=0.5",
        "optimizer=adam l2=0 dropout=0.5",
        "optimizer=adam l2=0.001 dropout=0.5",
    ]
    assert list(plan.seeds) == [0, 1, 2]


@pytest.mark.parametrize(
    ("items", "texts"),
    [
        (["augment=none", "augment=flip,rotation"], {"augment": ["none", "flip,rotation"]}),
        (["progressive=96,128"], {"progressive": ["96,128"]}),
        (["augment=none;flip,rotation=0.1"], {"augment": ["none", "flip,rotation=0.1"]}),
        (["class-weight=none;cat=1,dog=0.3"], {"class_weight": ["none", "cat=1,dog=0.3"]}),
        (["batch-size=8,16", "batch_size=32"], {"batch_size": ["8", "16", "32"]}),
        (["--l2=1e-4, 0.0"], {"l2": ["0.0001", "0"]}),
        (["weights=a,b.keras;imagenet"], {"weights": ["a,b.keras", "imagenet"]}),
    ],
)
def test_values_are_read_in_every_form(items, texts):
    assert read_vary(items) == texts


def test_every_setting_of_train_can_be_varied_or_has_its_reason_why_not():
    for name in HANDED_ON | dict.fromkeys(("runs", "augment_preview", "find_learning_rate")):
        entry = HANDED_ON.get(name)
        texts = (
            entry.metadata["choices"] if entry and entry.metadata["choices"] else ("64", "0.5", "none", "8:1:1", "on")
        )
        errors = []
        for text in texts:
            try:
                assert list(read_vary([f"{name}={text}"])) == [name]
                break
            except UserError as error:
                errors.append(str(error))
        else:
            told = "every run is judged by the same images|--seeds says how many|with a flag of train: "
            assert re.search(told, errors[0]), name


@pytest.mark.parametrize(
    ("items", "error"),
    [
        ([], "--vary is missing: name a flag of train and the values to try, such as optimizer=sgd,adam."),
        (["optimiser=sgd"], "--vary takes FLAG=A,B with a flag of train: model, "),
        (["optimizer"], "Received: optimizer"),
        (["runs=a,b"], "Received: runs=a,b"),
        (["optimizer=sgd,lion"], f"--optimizer takes {', '.join(OPTIMIZERS)}. Received: lion"),
        (["dropout=0,2"], "--dropout takes 0 to 0.95. Received: 2.0"),
        (["epochs=many"], "--epochs takes a whole number. Received: many"),
        (["augment=turn"], "--augment takes none or some of "),
        (["l2="], "--vary l2 has an empty value: give a value or leave it out."),
        (["l2=1e-3,0.001"], "--vary l2=1e-3,0.001: 0.001 is named twice. Name each value once."),
        (["seed=1,2"], "--vary cannot take seed: --seeds says how many there are. Give --seed once for all."),
        (["split=8:1:1"], "--vary cannot take split: every run is judged by the same images. Give --split once"),
        (["learning=transfer"], "--learning transfer needs pretrained weights and original starts from random ones"),
        (["model=lenet9"], "lenet9"),
    ],
)
def test_what_cannot_be_varied_is_told_before_anything_runs(items, error, tmp_path):
    ran = call("compare", *(word for item in items for word in ("--vary", item)), "--out", tmp_path / "out")
    assert ran.code == 2
    assert error in ran.err
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("fixed", "error"),
    [
        ({"optimizer": "adam"}, "--optimizer is given twice: for all and in --vary. Leave one of the two out."),
        ({"epochs": "0"}, "--epochs takes 1 to 100,000. Received: 0"),
        ({"seed": str(2**32 - 1)}, "--seed takes 0 to 4,294,967,295. Received: 4294967296"),
    ],
)
def test_what_all_share_is_checked_too(fixed, error):
    assert refusal(plan_of, "optimizer=sgd", seeds=2, **fixed) == error


def test_only_weights_and_shuffling_differ_between_seeds():
    plan = plan_of("optimizer=sgd,adam", seeds=2, seed="5", epochs="3", out="out")
    words = [plan.words(one, seed) for one in plan.combinations for seed in plan.seeds]
    assert [word for line in words for word in line if word.startswith("--seed=")] == ["--seed=5", "--seed=6"] * 2
    assert all(line[0] == "train" for line in words)
    assert all({"--split-seed=5", "--epochs=3"} <= set(line) for line in words)
    assert len({line[-1] for line in words}) == 4


def test_a_flag_without_value_is_on_or_off(monkeypatch):
    monkeypatch.setitem(HANDED_ON, "quick", CheckSettings.__dataclass_fields__["strict"])
    assert read_vary(["quick=on,off"]) == {"quick": ["on", "off"]}
    assert refusal(read_vary, ["quick=yes"]) == "--vary quick takes on, off. Received: yes"
    plan, both = plan_of("l2=0"), [Combination((("quick", text),)) for text in ("on", "off")]
    assert ["--quick" in plan.words(one, 0) for one in both] == [True, False]
    assert not any(word.startswith("--quick=") for one in both for word in plan.words(one, 0))


def test_the_same_command_finds_its_folder_and_another_has_another():
    same = [
        plan_of("l2=0,1e-3"),
        plan_of("l2=0.0,0.001"),
        plan_of("l2=0,1e-3", seeds=5),
        plan_of("l2=0,1e-3", model="original"),
        plan_of("l2=0,1e-3", store="off"),
    ]
    others = [
        plan_of("l2=0,1e-2"),
        plan_of("l2=0,1e-3", epochs="3"),
        plan_of("l2=0,1e-3", seed="1"),
        plan_of("dropout=0,0.1"),
    ]
    assert len({plan.out for plan in same}) == 1
    assert len({plan.out for plan in (same[0], *others)}) == 1 + len(others)
    assert re.fullmatch(r"original-[0-9a-f]{8}", same[0].out.name)


def test_folders_of_combinations_are_plain_and_differ():
    texts = ["a/b.keras", "a_b.keras", "a:b.keras", "x" * 300, "x" * 299]
    names = [Combination((("weights", text),)).folder for text in texts]
    assert len(set(names)) == len(texts)
    assert all(re.fullmatch(r"[\w.=+,-]{1,80}", name) for name in names)


def test_runs_of_other_settings_are_not_mixed_in(tmp_path):
    check_same(plan_of("l2=0", out=str(tmp_path), epochs="3"))
    check_same(plan_of("l2=0,1e-3", out=str(tmp_path), epochs="3", seeds=4))
    error = refusal(check_same, plan_of("l2=0", out=str(tmp_path), epochs="4"))
    assert error == f"{tmp_path} holds a comparison with another epochs. Give another --out DIR, or none."


# ---- processes -------------------------------------------------------------------------------------------------------


@pytest.fixture
def scripts(monkeypatch, tmp_path):
    """Jobs whose words are Python code: what a training does, without its start."""
    script = tmp_path / "main.py"
    script.write_text("import sys\nexec(sys.argv[1])\n")
    monkeypatch.setattr(experiments_jobs, "MAIN", script)
    return lambda *codes: [Job(f"job {i}", (code,), tmp_path / f"{i}.log") for i, code in enumerate(codes)]


def test_one_that_fails_is_told_and_the_others_go_on(scripts):
    ended = {}
    jobs = scripts("print('fine')", "print('error: too hot'); print('so long'); sys.exit(2)", "1 / 0", "sys.exit(3)")
    run_all(jobs, 2, lambda job, why: ended.update({job.label: why}))
    assert ended == {
        "job 0": None,
        "job 1": "too hot",
        "job 2": "ZeroDivisionError: division by zero",
        "job 3": "exit code 3",
    }
    assert jobs[0].log.read_text() == "fine\n"


def test_no_more_at_once_than_asked_for(scripts, tmp_path):
    code = "import time; print(time.monotonic()); time.sleep(0.3); print(time.monotonic())"
    for most, count in ((1, 3), (2, 5)):
        jobs = scripts(*[code] * count)
        run_all(jobs, most, lambda job, why: None)
        spans = [tuple(map(float, job.log.read_text().split())) for job in jobs]
        together = [sum(start <= begun < end for start, end in spans) for begun, _ in spans]
        assert max(together) == most


def test_ctrl_c_ends_those_that_run(scripts):
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    jobs = scripts("pass", code)

    def interrupt(job, why):
        until = time.monotonic() + 30
        while not jobs[1].log.read_text() and time.monotonic() < until:
            time.sleep(0.02)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(jobs, 2, interrupt)
    child = int(jobs[1].log.read_text().split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


KILLED = """
import signal
from study.experiments.jobs import stopped_like_ctrl_c
number = signal.{}
before = signal.getsignal(number)
try:
    with stopped_like_ctrl_c():
        signal.raise_signal(number)
except KeyboardInterrupt:
    print("interrupted", signal.getsignal(number) is before)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_plain_kill_is_like_ctrl_c(name):
    # In a process of its own: TensorFlow, which other tests load into this one, has ideas of its own about signals.
    command = [sys.executable, "-c", KILLED.format(name)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "interrupted True\n"


def test_one_killed_for_memory_is_told(tmp_path):
    assert reason(-9, tmp_path / "log") == "ended by signal 9 (was there too little memory?)"


def test_several_at_once_share_the_cores(monkeypatch):
    monkeypatch.setattr(experiments_jobs, "cores", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    assert "TF_NUM_INTRAOP_THREADS" not in environment(1)
    assert environment(3)["TF_NUM_INTRAOP_THREADS"] == "2"
    assert environment(3)["OMP_NUM_THREADS"] == "7"  # the user's own


def test_two_cannot_work_in_one_folder(tmp_path):
    with alone_in(tmp_path):
        code = (
            "import pathlib, sys; from study.experiments.jobs import alone_in\n"
            "with alone_in(pathlib.Path(sys.argv[1])): pass"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert f"UserError: Another compare is at work in {tmp_path}. Wait for it, or" in ended.stderr
    with alone_in(tmp_path):
        pass


def test_a_killed_comparison_holds_its_folder_no_longer(tmp_path):
    code = (
        "import pathlib, sys; from study.experiments.jobs import alone_in\n"
        "with alone_in(pathlib.Path(sys.argv[1])): print('alone', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    holder = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "alone\n"
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    with pytest.raises(UserError) as caught, alone_in(tmp_path):
        pass
    assert str(caught.value) == f"Another compare is at work in {tmp_path}. Wait for it, or give another --out DIR."
    holder.kill()
    holder.communicate()
    with alone_in(tmp_path):
        pass


# ---- figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ([0.9], [0.8], "a and b: difference 10.0 points; one seed says nothing about chance"),
        ([0.9, 0.8, 0.85], [0.9, 0.8, 0.85], "a and b: equal at each of 3 seeds"),
        (
            [0.9, 0.8, 0.85],
            [0.89, 0.79, 0.84],
            "a is ahead of b by the same 1.0 points at each of 3 seeds: a t-test needs differences that vary, and says "
            "nothing here",
        ),
        (
            [0.9, 0.8, 0.85],
            [0.88, 0.82, 0.838],
            "a and b: not distinguishable at 3 seeds (difference 0.4 points, p = 0.77)",
        ),
        ([0.9, 0.8, 0.85], [0.8, 0.69, 0.76], "a is better than b at 3 seeds (difference 10.0 points, p = 0.0033)"),
        ([0.7, 0.7, 0.71], [0.8, 0.81, 0.8], "b is better than a at 3 seeds (difference 10.0 points, p = 0.0033)"),
        ([0.9, 0.9001, 0.9], [0.1, 0.1, 0.1], "a is better than b at 3 seeds (difference 80.0 points, p < 0.001)"),
        ([], [0.5], "a and b: no seed that both finished"),
    ],
)
def test_the_t_test_in_words(first, second, told):
    assert verdict(("a", "b"), dict(enumerate(first)), dict(enumerate(second))) == told


def test_only_seeds_that_both_have_are_paired():
    assert verdict(("a", "b"), {0: 0.5, 1: 0.9}, {1: 0.8, 2: 0.1}).startswith(
        "a and b: difference 10.0 points; one seed"
    )


def result(folder, accuracy, epochs=1, **changes):
    settings = as_json(TrainSettings.of(**changes))
    info = {
        "settings": settings,
        "seconds": {"train": 2.0},
        "learning": {"type": "scratch"},
        "stages": [{"precision": None}],
    }
    rows = [{"val_loss": 1 / (i + 1), "val_accuracy": accuracy} for i in range(epochs)]
    return Result(run_folder.Run(folder, info), accuracy, accuracy - 0.1, 50, 2.0, rows)


def lines_of(folder, **accuracies):
    return [
        Line(name, {seed: result(folder, value, optimizer=name) for seed, value in enumerate(values)})
        for name, values in accuracies.items()
    ]


def test_the_best_by_validation_comes_first_and_one_without_runs_last(tmp_path):
    lines = rank(lines_of(tmp_path, sgd=[0.5, 0.7], adagrad=[], adam=[0.9, 0.8], rmsprop=[0.65]))
    assert [line.label for line in lines] == ["adam", "rmsprop", "sgd", "adagrad"]
    write_csv(tmp_path / "compare.csv", lines)
    with (tmp_path / "compare.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "combination": "adam",
        "val_accuracy": "0.85",
        "val_accuracy_std": "0.070711",
        "val_macro_f1": "0.75",
        "val_macro_f1_std": "0.070711",
        "seconds": "2.0",
        "n": "2",
    }
    assert (rows[1]["val_accuracy_std"], rows[1]["n"]) == ("", "1")
    assert (rows[3]["val_accuracy"], rows[3]["n"]) == ("", "0")
    assert board(lines)[1][0] == ["adam", "85.0", "7.1", "0.750", "0.071", "2.0", "2"]
    assert board(lines)[1][3][1:] == ["–"] * 5 + ["0"]


def test_a_default_that_followed_from_what_was_varied_is_told(tmp_path):
    lines = [
        Line("sgd", {0: result(tmp_path, 0.5, optimizer="sgd", learning_rate=0.1)}),
        Line("adam", {0: result(tmp_path, 0.6, optimizer="adam", learning_rate=0.002)}),
    ]
    same, follows = settled(lines, ["optimizer"])
    assert follows == {"learning_rate": {"sgd": 0.1, "adam": 0.002}}
    assert same["model"] == "original"
    assert not {"optimizer", "seed", "runs", "learning_rate"} & same.keys()


def test_what_spoils_a_comparison_is_told(tmp_path):
    lines = []
    for i, name in enumerate(("sgd", "adam")):
        one = result(tmp_path / name, 0.5, optimizer=name)
        (tmp_path / name).mkdir()
        split.write(tmp_path / name / "split.csv", [Row("a.png", f"hash {i}", "a", "train")])
        one.run.info["stages"][0]["precision"] = {"precision": ("float32", "bfloat16")[i]}
        lines.append(Line(name, {0: one}))
    told = " ".join(compare_report.words(lines, ["optimizer"]))
    assert "Careful: the runs have 2 different splits" in told
    assert "Careful: runs were trained in different precision (bfloat16, float32)" in told
    shutil.copy(tmp_path / "sgd" / "split.csv", tmp_path / "adam" / "split.csv")
    assert "split" not in " ".join(compare_report.words(lines, ["optimizer", "precision"])).replace(
        "never the split", ""
    )
    assert compare_report.words(lines[:1], ["optimizer"])[0].startswith("Only sgd was trained")


def test_curves_of_unequal_length(tmp_path):
    middle, width = mean_and_spread([[1.0, 2.0, 3.0], [3.0]])
    assert middle == [2.0, 2.0, 3.0]
    assert width == [pytest.approx(2**0.5), 0.0, 0.0]
    drawn = {
        f"l2={i}" * (1 + 30 * (i == 3)): [result(tmp_path, 0.5, epochs).epochs for epochs in (1 + i, 4)]
        for i in range(MOST_DRAWN + 2)
    }
    curves(drawn, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert compare_report.caption(MOST_DRAWN + 2).endswith("the best 8; 2 more are in the table.")
    assert "Drawn are" not in compare_report.caption(MOST_DRAWN)


# ---- the whole command -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared(toy, tmp_path_factory):
    """Two good combinations with two seeds, and one that fails by naming a class that there is not."""
    out = tmp_path_factory.mktemp("compared") / "out"
    vary = ("--vary", "class-weight=none;balanced;dragon=2", "--seeds", 2)
    words = ("compare", "--data", toy, *TINY, *vary, "--jobs", 2, "--out", out)
    return out, words, call(*words)


def runs_of(out):
    return sorted(path.parent for path in out.rglob("run.json"))


def test_all_that_can_be_trained_is_and_one_that_fails_is_told(compared):
    out, _, ran = compared
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"3 combinations × 2 seeds = 6 trainings, 0 of them done before; 2 at once, in {out}\n")
    folders = [path.parent.relative_to(out).as_posix() for path in runs_of(out)]
    assert folders == [f"class-weight={rule}/seed-{seed}" for rule in ("balanced", "none") for seed in (0, 1)]
    why = "failed: --class-weight: no class dragon. There are: circle, square, stripes. (all it printed: "
    assert sum(f"class-weight=dragon=2, seed {seed}: {why}" in ran.out for seed in (0, 1)) == 2
    assert len(list(out.rglob("train.log"))) == 6


def test_all_runs_have_one_split_though_the_seeds_differ(compared):
    out, _, _ = compared
    assert len({(run / "split.csv").read_bytes() for run in runs_of(out)}) == 1
    settings = [json.loads((run / "run.json").read_text())["settings"] for run in runs_of(out)]
    assert [entry["seed"] for entry in settings] == [0, 1, 0, 1]
    assert {entry["split_seed"] for entry in settings} == {0}


def test_the_page_tells_everything_and_needs_no_network(compared):
    out, _, _ = compared
    page = (out / "compare.html").read_text(encoding="utf-8")
    assert "class-weight=balanced" in page
    assert "no class dragon" in page
    assert "data:image/png;base64," in page
    assert "The test part was not looked at here" in page
    assert "Careful" not in page
    assert "http" not in page
    for run in runs_of(out):
        assert run.relative_to(out).as_posix().replace("=", "%3D") + "/report.html" in page
    with (out / "compare.csv").open(newline="") as file:
        assert [row["n"] for row in csv.DictReader(file)] == ["2", "2", "0"]


def test_again_skips_what_is_done(compared, monkeypatch):
    out, words, _ = compared
    before = {path: path.stat().st_mtime_ns for run in runs_of(out) for path in (run, *run.iterdir())}
    asked = []
    monkeypatch.setattr("study.experiments.compare.run_all", lambda jobs, at_once, finished: asked.extend(jobs))
    ran = call(*words)
    assert ran.code == 0
    assert "6 trainings, 4 of them done before" in ran.out
    assert [job.label for job in asked] == ["class-weight=dragon=2, seed 0", "class-weight=dragon=2, seed 1"]
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_run_folder_that_is_not_complete_is_done_again(compared, monkeypatch, tmp_path):
    out, words, _ = compared
    copy = shutil.copytree(out, tmp_path / "copy")
    (runs_of(copy)[0] / "model.keras").unlink()
    asked = []
    monkeypatch.setattr("study.experiments.compare.run_all", lambda jobs, at_once, finished: asked.extend(jobs))
    call(*words[:-1], copy)
    assert "class-weight=balanced, seed 0" in [job.label for job in asked]


def test_all_failed_is_an_error(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "study.experiments.compare.run_all", lambda jobs, at_once, finished: [finished(job, "too hot") for job in jobs]
    )
    ran = call("compare", "--data", toy, *TINY, "--vary", "l2=0,1", "--seeds", 1, "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.out.count("failed: too hot") == 2
    assert ran.err == f"error: None of 2 trainings ended well: see the reasons above, and {tmp_path / 'out'}.\n"


def test_no_folder_of_pictures_is_told_once(tmp_path):
    ran = call("compare", "--data", tmp_path / "none", "--vary", "l2=0,1", "--out", tmp_path / "out")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_among_the_pictures(toy):
    settings = CompareSettings(vary=("l2=0",), out=str(toy / "out"))
    assert "lies within the images" in refusal(compare, settings, {"data": str(toy)})
    assert not (toy / "out").exists()


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(compared, toy, tmp_path):
    source, out = compared[0], tmp_path / "out"
    shutil.copytree(source / "class-weight=none" / "seed-0", out / "class-weight=none" / "seed-0")
    words = [*compared[1][1:-1], str(out), "--jobs", "1"]
    arguments = [sys.executable, "main.py", "compare", *map(str, words)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    log = out / "class-weight=balanced" / "seed-0" / "train.log"
    with subprocess.Popen(arguments, cwd=ROOT, **streams) as comparing:
        until = time.monotonic() + 90
        while not log.exists() and comparing.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        comparing.send_signal(signal.SIGINT)
        text, error = comparing.communicate(timeout=60)
    assert comparing.returncode == 130
    assert "1 of 6 trainings are done and kept: the same command goes on with the rest." in text
    assert f"python main.py compare {' '.join(map(str, words))[:20]}" in error
    assert len(runs_of(out)) == 1
    assert not list(out.rglob(".unfinished-*"))


def test_help_is_light_and_has_named_groups():
    arguments = [sys.executable, "-X", "importtime", "main.py", "compare", "--help", "all"]
    ended = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in ended.stderr.splitlines()}
    assert not imported & {"keras", "tensorflow", "matplotlib", "sklearn", "scipy", "rich"}
    groups = [line for line in ended.stdout.splitlines() if re.fullmatch(r"[a-z][\w :]+:", line)]
    assert groups[:3] == ["options:", "comparison:", "the same for all: model:"]
