"""`tune` as a whole: what it refuses, what it leaves, how it goes on after being killed, trials as processes."""

import csv
import json
import signal
import subprocess
import sys
import time

import pytest
from helpers import ROOT, call, command, fails, make_patches, unwrapped

from study.runs.folder import read_run

HEADS = ("-m", "efficientnet_lite", "--image-size", 32, "--learning", "transfer")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("tune") / "images", count=20)


def space_in(folder, text):
    file = folder / "space.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("words", "space", "error"),
    [
        (
            ("--dropout", 0.1),
            "[dropout]\nchoices = [0, 0.1]",
            "--dropout is given twice: for all trials and in --space ",
        ),
        (("--sampler", "grid"), "", "--sampler grid needs points = N for the range of dropout, or choices, in --space"),
        (("--sampler", "best"), "", "--sampler takes tpe, random, grid. Received: best"),
        (("--trials", 0), "", "--trials takes 1 to 100,000. Received: 0"),
        (("--task", "multilabel"), "", "tune is for one class an image, --task classify. Received: --task multilabel"),
        (("-m", "unet"), "", "tune is for one class an image, --task classify. Received: -m unet, which is for --task"),
        ((), "[droput]\nlow = 0\nhigh = 1", "[droput] is no flag of train that may be searched."),
        ((), "[optimizer]\nchoices = ['adam', 'muon']", "--optimizer muon needs --learning scratch or finetune"),
        ((), "[focal-gamma]\nlow = 0\nhigh = 5", "--focal-gamma goes with --loss focal. Received: --loss crossentropy"),
        (
            ("--focal-gamma", 1),
            "[loss]\nchoices = ['crossentropy', 'dice']",
            "--focal-gamma says nothing with any of the loss that are searched: crossentropy, dice. Leave it out.",
        ),
        (
            ("--dropout", 0, "--l2", 0, "--label-smoothing", 0, "--learning-rate", 0.01),
            "",
            "Nothing is left to search: every setting that tune varies is given. Leave one out.",
        ),
        (("--seed", 2**32 - 1), "", "--seed takes 0 to 4,294,967,295. Received: 4294967298"),
        (("--data", "no-such-folder"), "", "no-such-folder"),
    ],
)
def test_what_cannot_be_searched_is_told_before_anything_runs(words, space, error, images, tmp_path):
    given = ("--space", space_in(tmp_path, space)) if space else ()
    ran = call("tune", "--data", images, *HEADS, *given, *words, "--runs", tmp_path / "runs")
    fails(ran, error, tmp_path / "runs")


def test_nothing_is_written_among_the_images(images):
    ran = call("tune", "--data", images, *HEADS, "--runs", images / "runs")
    assert ran.code == 2
    assert "lies within the images" in ran.err
    assert not (images / "runs").exists()


def test_where_others_are_at_work_on_all_trials_there_is_nothing_to_judge_yet(images, tmp_path):
    from study.search.asked import folder_for, settle
    from study.search.study import Search, open_study
    from study.settings.commands import TuneSettings
    from study.settings.source import load_dataset, store_of

    storage, runs = f"sqlite:///{tmp_path / 'tune.db'}", tmp_path / "runs"
    file = space_in(tmp_path, "[l2]\nchoices = [0]")
    own = TuneSettings(space=str(file), trials=1, storage=storage, runs=str(runs))
    asked = settle(own, {"data": str(images), "model": "lenet"}, "")
    name = folder_for(asked, load_dataset(asked.settings, store_of(asked.settings.data))).name
    Search(open_study(tmp_path, storage, name, 1), asked.space, "tpe", 0, 1, "another machine", False).ask()
    words = ("--data", images, "-m", "lenet", "--space", file, "--trials", 1, "--storage", storage, "--runs", runs)
    ran = call("tune", *words)
    assert ran.code == 2
    assert "Other processes are at work on all trials. Start this again when one of them has ended." in ran.err


def test_its_help_is_light_and_does_not_load_optuna():
    code = "import main, sys; main.make_parser(True); print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.fixture(scope="module")
def tuned(images, tmp_path_factory):
    runs = tmp_path_factory.mktemp("tuned") / "my runs"
    words = ("tune", "--data", images, *HEADS, "--trials", 6, "--epochs", 4, "--jobs", 2, "--runs", runs)
    return runs, words, call(*words, "--json")


def table(folder):
    with (folder / "tune.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_it_leaves_table_page_and_runs_and_says_what_was_found(tuned):
    runs, _, ran = tuned
    assert ran.code == 0, ran.err
    (folder,) = runs.iterdir()
    assert folder.name.startswith("efficientnet_lite-")
    assert folder.name.endswith("-tune")
    said = json.loads(ran.out)
    assert said["folder"] == str(folder)
    assert (said["page"], said["csv"]) == (str(folder / "tune.html"), str(folder / "tune.csv"))
    lines = table(folder)
    assert [line["trial"] for line in lines] == list("012345")
    assert said["states"] == {"finished": 6}
    assert said["best_trial"] in range(6)
    best = lines[said["best_trial"]]
    assert float(best["accuracy"]) >= max(float(line["accuracy"]) for line in lines) - 0.15
    assert said["best"] == {name: best[name] for name in ("dropout", "l2", "label-smoothing", "learning-rate")}
    assert said["validation"]["best_trial"] == float(best["accuracy"])
    content = json.loads((folder / "tune.json").read_text(encoding="utf-8"))
    assert content["found"]["test"] == said["test"]
    assert content["criterion"].startswith("validation accuracy; at a tie, within one standard error of the highest,")
    splits = set()
    for name in ("best", "defaults"):
        for seed in ("1", "2", "3"):
            settings = read_run(runs / content["runs"][name][seed]).info["settings"]
            assert settings["seed"] == int(seed)
            splits.add((runs / content["runs"][name][seed] / "split.csv").read_bytes())
            assert (settings["dropout"] == float(best["dropout"])) == (name == "best")
    assert len(splits) == 1
    assert read_run(runs / said["run"]).info["settings"]["seed"] == 1
    assert content["settings"]["runs"] == str(runs)
    assert f"--dropout={best['dropout']} --l2={best['l2']}" in content["best_command"]
    assert f"--runs={runs}" in content["best_command"]
    beaten = said["better"]
    assert ("next: train with the best settings: python main.py train --data=" in ran.next) == beaten
    assert ("next: train with the defaults, which are " in ran.next) == (not beaten)
    assert ("--dropout=" in ran.next) == beaten
    assert f"--runs={runs}" in ran.next
    assert "The test split was looked at once, after the search: " in ran.err
    assert f"predict by it: python main.py predict --run '{said['run']}' IMAGE" in ran.err


@pytest.mark.slow
def test_the_selection_noise_is_the_lead_less_what_is_left(tuned):
    said = json.loads(tuned[2].out)
    defaults = list(said["validation"]["defaults_by_seed"].values())
    lead = said["validation"]["best_trial"] - sum(defaults) / 3
    assert said["validation"]["lead"] == pytest.approx(lead)
    assert said["selection_noise"] == pytest.approx(lead - said["fresh"]["difference"])
    by_seed = list(said["test"]["best_by_seed"].values())
    assert said["test"]["best"] == pytest.approx(sum(by_seed) / 3)


@pytest.mark.slow
def test_the_page_begins_with_the_verdict_and_needs_no_network(tuned):
    runs, _, _ = tuned
    page = next(runs.glob("*/tune.html")).read_text(encoding="utf-8")
    first = page.index('<p class="big">')
    assert page[first:].startswith('<p class="big">The best of 6 trials ')
    assert "by more than chance: on " in page[first : first + 400]
    assert "On the validation split, which chose it, it was " in page[first : first + 500]
    assert page.count("data:image/png;base64,") == 2  # importances need more trials
    assert "6 trials ran to their end: too few to tell which settings matter." in page
    assert "test, looked at once, mean of 3 seeds" in page
    assert page.count("/report.html") == 6
    assert "python main.py train --data=" in unwrapped(page)
    assert "http" not in page
    for line in table(next(runs.iterdir())):
        assert line["learning-rate"] in page


@pytest.mark.slow
def test_the_same_command_does_nothing_twice_and_more_trials_are_new_ones(tuned, monkeypatch):
    runs, words, first = tuned
    (folder,) = runs.iterdir()
    before = table(folder)
    asked = []
    monkeypatch.setattr("study.experiments.compare.run_all", lambda jobs, at_once, finished: asked.extend(jobs))
    ran = call(*words, "--json")
    assert (ran.code, asked) == (0, [])
    assert "6 trials, 6 of them done before, in " in ran.err
    assert json.loads(ran.out) == json.loads(first.out)
    assert table(folder) == before


@pytest.mark.slow
def test_other_settings_have_a_folder_of_their_own(tuned, images, tmp_path):
    from study.search.asked import folder_for, settle
    from study.settings.commands import TuneSettings
    from study.settings.source import load_dataset

    runs, _, _ = tuned
    texts = {"data": str(images), "model": "efficientnet_lite", "image_size": "32", "learning": "transfer"}
    found = {}
    for name, more, own in (
        ("same", {"epochs": "4"}, {"trials": 99, "sampler": "random"}),
        ("other epochs", {"epochs": "5"}, {}),
        ("other split", {"epochs": "4", "split_seed": "7"}, {}),
        ("fixed", {"epochs": "4", "dropout": "0.1"}, {}),
    ):
        asked = settle(TuneSettings(runs=str(runs), **own), {**texts, **more}, "")
        found[name] = folder_for(asked, load_dataset(asked.settings))
    (folder,) = runs.iterdir()
    assert found.pop("same") == folder
    assert len({folder, *found.values()}) == 4


@pytest.mark.slow
def test_killed_by_force_its_trials_go_on_and_new_ones_are_drawn(images, tmp_path):
    runs = tmp_path / "runs"
    words = ("tune", "--data", images, *HEADS, "--trials", 2000, "--runs", runs)
    arguments = [sys.executable, "main.py", *map(str, words)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tuning:
        until = time.monotonic() + 120
        while time.monotonic() < until and sum(log.stat().st_size for log in runs.glob("*/journal.log")) < 20_000:
            time.sleep(0.05)
        assert tuning.poll() is None
        tuning.kill()
    from study.search.asked import folder_for, settle
    from study.search.run import search_in
    from study.search.study import open_study, state_of
    from study.settings.commands import TuneSettings
    from study.settings.source import load_dataset, store_of

    (folder,) = runs.iterdir()
    left = open_study(folder, None, folder.name, 4).get_trials()
    before = [state_of(trial) for trial in left]
    under_way = before.count("running")
    assert 1 <= under_way <= 5
    texts = {"data": str(images), "model": "efficientnet_lite", "image_size": "32", "learning": "transfer"}
    asked = settle(TuneSettings(trials=len(before) + 3, runs=str(runs)), texts, "")
    store = store_of(asked.settings.data)
    dataset = load_dataset(asked.settings, store)
    assert folder_for(asked, dataset) == folder
    search, _ = search_in(asked, dataset, store, folder, in_process=True)
    states = [state_of(trial) for trial in search.trials()]
    assert states.count("killed") == sum("drawn" not in one.user_attrs for one in left if state_of(one) == "running")
    assert states.count("running") == 0
    assert search.count() == len(before) + 3
    # One that was killed while it was drawn is not trained: another one is drawn in its place, by the same numbers.
    drawn = [str(trial.params) for trial in search.trials() if trial.params and state_of(trial) != "killed"]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(images, tmp_path):
    runs = tmp_path / "runs"
    words = ("tune", "--data", images, *HEADS, "--trials", 2000, "--runs", runs)
    asked = command(*words, STUDY_CACHE=tmp_path / "empty")  # so that OpenVINO computes in this process
    with subprocess.Popen(**asked, text=True) as tuning:
        until = time.monotonic() + 120
        while time.monotonic() < until and sum(log.stat().st_size for log in runs.glob("*/journal.log")) < 20_000:
            time.sleep(0.05)
        tuning.send_signal(signal.SIGINT)
        text, error = tuning.communicate(timeout=60)
    assert tuning.returncode == 130
    assert "To go on: python main.py tune" in error
    assert text.endswith(" of 2,000 trials are done and kept.\n")


@pytest.mark.slow
def test_from_scratch_trials_are_processes_of_few_epochs_first(images, tmp_path):
    file = space_in(tmp_path, "[learning-rate]\nchoices = [1e-9, 2e-3]\n[optimizer]\nchoices = ['adam', 'sgd']\n")
    words = ("-m", "lenet", "--epochs", 3, "--augment", "none", "--patience", 0, "--jobs", 2)
    runs = tmp_path / "runs"
    ran = call("tune", "--data", images, *words, "--space", file, "--sampler", "grid", "--runs", runs, "--json")
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    (folder,) = runs.iterdir()
    lines = table(folder)
    assert len(lines) == 4
    assert {line["state"] for line in lines} == {"finished", "pruned"}
    assert all(line["epochs"] == ("3" if line["state"] == "finished" else "1") for line in lines)
    assert {(line["learning-rate"], line["optimizer"]) for line in lines} == {
        (rate, optimizer) for rate in ("1e-09", "0.002") for optimizer in ("adam", "sgd")
    }
    assert not list((folder / "trials").glob("*/*/run.json"))
    assert said["fresh"] is None
    assert "test images it has" in ran.err
    assert "trial 0: " in ran.err
    assert read_run(runs / said["run"]).info["settings"]["epochs"] == 3


def test_a_flag_that_goes_with_some_of_what_is_searched_is_for_those_trials_only(images, tmp_path):
    from study.search.asked import settle
    from study.settings.commands import TuneSettings

    file = space_in(tmp_path, "[loss]\nchoices = ['crossentropy', 'focal']")
    texts = {"data": str(images), "model": "efficientnet_lite", "focal_gamma": "1"}
    asked = settle(TuneSettings(space=str(file)), texts, "")
    for chosen, given in (({}, False), ({"loss": "crossentropy"}, False), ({"loss": "focal"}, True)):
        assert ("focal_gamma" in asked.flags(chosen)) == given
        assert asked.settled(chosen).loss.focal_gamma == (1 if given else 2)
