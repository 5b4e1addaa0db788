"""A comparison is found again by what its images and files hold."""

import json
import re
import shutil
from pathlib import Path

import pytest
from helpers import TOY_CLASSES, call, message
from PIL import Image
from run_files import run_info

from data.any_form import scan
from study.experiments.compare import check_same
from study.experiments.contents import FILES, with_contents
from study.experiments.crossval_runs import folder_for
from study.experiments.plan import TRAIN_FIELDS, make_plan, resolve_texts
from study.search.asked import folder_for as tune_folder
from study.search.asked import settle
from study.settings.commands import CompareSettings, TuneSettings
from study.settings.source import load_dataset


@pytest.fixture
def data(toy_copy):
    return toy_copy()


def plan_of(data, vary="l2=0,1", out=None, **fixed):
    plan = make_plan(CompareSettings(vary=(vary,), seeds=1, out=out and str(out)), {"data": str(data), **fixed})
    return with_contents(plan, scan(data).images, named=out is not None)


def test_the_same_images_find_their_runs_whatever_their_names_and_times(data):
    first, file = plan_of(data).out, data / "circle" / "1.png"
    assert re.fullmatch(r"compares/efficientnet_lite-[0-9a-f]{8}-[0-9a-f]{8}", first.as_posix())
    file.touch()
    assert plan_of(data).out == first
    by_name = plan_of(data, group="[0-9]+").out
    file.rename(data / "circle" / "renamed.png")
    assert plan_of(data).out == first
    assert plan_of(data, group="[0-9]+").out != by_name


def moved(data):
    (data / "circle" / "1.png").rename(data / "square" / "moved.png")


def added(data):
    shutil.copy(data / "circle" / "1.png", data / "circle" / "again.png")


def edited(data):
    shutil.copy(data / "circle" / "1.png", data / "circle" / "2.png")


@pytest.mark.parametrize("change", [moved, added, edited])
def test_other_images_or_labels_are_another_comparison(change, data, tmp_path):
    first, named = plan_of(data), tmp_path / "out"
    named.mkdir()
    check_same(plan_of(data, out=named))
    check_same(plan_of(data, out=named))
    change(data)
    again = plan_of(data)
    assert again.out != first.out
    assert again.same == first.same
    told = message(check_same, plan_of(data, out=named))
    why = "holds a comparison from before a change of images or labels of the data. Give another --out DIR."
    assert told == f"{named} {why}"


@pytest.mark.parametrize("flag", ["labels", "fixes", "exclude", "boxes", "split_file", "auxiliary"])
def test_a_file_that_a_flag_names_is_looked_into(flag, data, tmp_path):
    file = tmp_path / "file.csv"
    file.write_text("one")
    fixed = {flag: str(file), **({"crop_to": "box"} if flag == "boxes" else {})}
    first, named = plan_of(data, **fixed), tmp_path / "out"
    named.mkdir()
    check_same(plan_of(data, out=named, **fixed))
    file.write_text("two")
    assert plan_of(data, **fixed).out != first.out
    told = message(check_same, plan_of(data, out=named, **fixed))
    flag = flag.replace("_", "-")
    assert told == f"{named} holds a comparison from before a change of --{flag} {file}. Give another --out DIR."
    file.write_text("one")
    assert plan_of(data, **fixed).out == first.out


def test_networks_and_code_that_are_varied_are_looked_into(data, tmp_path):
    run, code = tmp_path / "run", tmp_path / "own.py"
    run.mkdir()
    (run / "model.keras").write_text("one")
    code.write_text("one")
    for vary, file in ((f"weights={run}", run / "model.keras"), (f"augment-with={code}:change", code)):
        first = plan_of(data, vary, learning="finetune" if vary.startswith("weights") else "scratch").out
        file.write_text("two")
        assert plan_of(data, vary, learning="finetune" if vary.startswith("weights") else "scratch").out != first


def test_masks_are_looked_into(data, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "1.png").write_text("one")
    fixed = {"model": "unet", "masks": str(masks)}
    first = plan_of(data, **fixed).out
    (masks / "1.png").rename(masks / "2.png")
    assert plan_of(data, **fixed).out != first


def test_a_folder_called_imagenet_is_not_its_weights(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = plan_of(data, weights="imagenet")
    shutil.copytree(data, "imagenet")
    assert plan_of(data, weights="imagenet").contents == first.contents


def test_a_folder_of_an_earlier_version_is_taken_with_a_word_of_care(data, tmp_path, capsys):
    check_same(plan_of(data, out=tmp_path))
    note = json.loads((tmp_path / "compare.json").read_text())
    (tmp_path / "compare.json").write_text(json.dumps({"same": note["same"]}))
    for careful in (True, False):
        check_same(plan_of(data, out=tmp_path))
        said = " ".join(capsys.readouterr().out.split())
        assert said.startswith(f"careful: {tmp_path} does not say what its images were: ") == careful
    assert json.loads((tmp_path / "compare.json").read_text()) == note


def test_moved_images_are_trained_on_anew(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("study.experiments.compare.run_all", lambda jobs, at_once, finished: None)
    words = ("compare", "-m", "original", "--data", data, "--vary", "l2=0,1", "--seeds", 1)
    call(*words)
    call(*words)
    assert len(list((tmp_path / "compares").iterdir())) == 1
    moved(data)
    ran = call(*words)
    assert "0 of them done before" in ran.out
    assert len(list((tmp_path / "compares").iterdir())) == 2
    assert sorted(path.name for path in data.iterdir()) == sorted(TOY_CLASSES)


def of_crossval(data, texts):
    settings = resolve_texts({"data": str(data), "image_size": "32", **texts})
    return folder_for(Path("runs"), settings, load_dataset(settings), "5 folds", texts)


def of_tune(data, texts):
    asked = settle(TuneSettings(), {"data": str(data), "image_size": "32", **texts}, "")
    return tune_folder(asked, load_dataset(asked.settings))


@pytest.mark.parametrize("folder_of", [of_crossval, of_tune])
@pytest.mark.parametrize("flag", ["weights", "masks", "augment_with"])
def test_crossval_and_tune_begin_anew_where_a_file_was_changed_in_place(folder_of, flag, data, run, tmp_path):
    weights, masks, code = tmp_path / run.name, tmp_path / "masks", tmp_path / "own.py"
    shutil.copytree(run, weights)
    for image in data.rglob("*.png"):
        (masks / image.parent.name).mkdir(parents=True, exist_ok=True)
        with Image.open(image) as opened:
            mask = Image.new("L", opened.size, 0)
        mask.paste(1, (8, 8, 20, 20))
        mask.save(masks / image.parent.name / image.name)
    code.write_text("def change(image):\n    return image\n")
    texts, changed = {
        "weights": ({"learning": "finetune", "weights": str(weights)}, weights / "model.keras"),
        "masks": ({"learning": "scratch", "auxiliary": "mask", "masks": str(masks)}, next(masks.rglob("*.png"))),
        "augment_with": ({"learning": "scratch", "augment_with": f"{code}:change"}, code),
    }[flag]
    texts = {"model": "original", **texts}
    first = folder_of(data, texts)
    assert folder_of(data, texts) == first
    changed.write_bytes(changed.read_bytes() + b" ")
    assert folder_of(data, texts) != first


def test_every_flag_that_may_name_a_file_was_thought_of():
    free = {name for name, entry in TRAIN_FIELDS.items() if "str" in str(entry.type) and not entry.metadata["choices"]}
    others = {"model", "data", "group", "class_weight", "augment", "mask_values"}
    assert free - others == set(FILES)


@pytest.mark.parametrize("flag", ["weights", "finder"])
def test_a_run_that_is_given_by_its_name_is_found_and_looked_into(flag, data, run, tmp_path, monkeypatch):
    """Trained anew under the same name it lies in another folder; changed in place it has other contents."""
    monkeypatch.chdir(tmp_path)

    def named(folder):
        shutil.copytree(run, tmp_path / "runs" / folder)
        info = run_info(run)
        said = json.dumps(info | {"settings": info["settings"] | {"name": "start"}})
        (tmp_path / "runs" / folder / "run.json").write_text(said)

    named("20260101-120000-original")
    fixed = {"learning": "finetune"} if flag == "weights" else {"crop_to": "mask"}
    fixed |= {"model": "original", flag: "start"}
    plan = plan_of(data, **fixed)
    assert f"--{flag}=runs/20260101-120000-original" in plan.arguments(plan.combinations[0], 0)
    assert [name for name in plan.contents if flag in name] == [f"--{flag} runs/20260101-120000-original"]
    (tmp_path / "runs" / "20260101-120000-original" / "model.keras").write_bytes(b"changed")
    changed = plan_of(data, **fixed)
    assert changed.out != plan.out
    shutil.rmtree(tmp_path / "runs")
    named("20260102-120000-original")
    assert plan_of(data, **fixed).out not in (plan.out, changed.out)


def test_names_of_runs_can_be_varied(data, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["first", "second"]
    for name in names:
        shutil.copytree(run, tmp_path / "runs" / name)
    plan = plan_of(data, "weights=first,second", model="original", learning="finetune")
    assert [combination.label for combination in plan.combinations] == [f"weights={name}" for name in names]
    for combination, name in zip(plan.combinations, names, strict=True):
        assert f"--weights=runs/{name}" in plan.arguments(combination, 0)
