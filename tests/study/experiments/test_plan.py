"""What `compare` will train: combinations, seeds, and the folder of each."""

import re

import pytest
from helpers import message

from errors import UserError
from study.experiments.compare import check_same, open_folder
from study.experiments.plan import TRAIN_FIELDS, Combination, make_plan, read_vary
from study.settings.commands import CheckSettings, CompareSettings


def test_runs_differ_by_flags_that_the_last_combination_does_not_use():
    one, other = (plan_of("loss=focal,crossentropy", focal_gamma=gamma) for gamma in ("1", "3"))
    assert (one.same["focal_gamma"], other.same["focal_gamma"]) == (1.0, 3.0)
    assert one.out != other.out


def test_second_tasks_are_compared_with_none(tmp_path):
    plan = plan_of("auxiliary=none,coat", auxiliary_weight="0.5")
    without, coat = (plan.arguments(combination, 0) for combination in plan.combinations)
    assert "--auxiliary-weight=0.5" in coat
    assert not [word for word in without if "weight" in word]
    plan = plan_of("auxiliary=none,mask", data="photos", masks=str(tmp_path))
    assert [f"--masks={tmp_path}" in plan.arguments(combination, 0) for combination in plan.combinations] == [
        False,
        True,
    ]


def test_the_task_is_the_models():
    assert plan_of("l2=0,1e-3", model="unet", data="photos", masks="masks").task == "segment"


def plan_of(*vary, seeds=1, out=None, **fixed):
    return make_plan(CompareSettings(vary=vary, seeds=seeds, out=out), fixed)


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
        (['class-weight=none;a=1,"x, y; z"=2;'], {"class_weight": ["none", 'a=1,"x, y; z"=2']}),
        (['class-weight="a,b"=1,c=2;none'], {"class_weight": ['"a,b"=1,c=2', "none"]}),
    ],
)
def test_values_are_read_in_every_form(items, texts):
    assert read_vary(items) == texts


def test_every_setting_of_train_can_be_varied_or_has_its_reason_why_not():
    for name in TRAIN_FIELDS | dict.fromkeys(("runs", "augment_preview", "find_learning_rate", "verbose")):
        entry = TRAIN_FIELDS.get(name)
        texts = (
            entry.metadata["choices"]
            if entry and entry.metadata["choices"]
            else ("64", "0.5", "none", "8:1:1", "on", "8")
        )
        errors = []
        for text in texts:
            try:
                assert list(read_vary([f"{name}={text}"])) == [name]
                break
            except UserError as error:
                errors.append(str(error))
        else:
            told = "every run is evaluated on the same images|--seeds says how many|with a flag of train: "
            assert re.search(f"{told}|every run is computed in the same way", errors[0]), name


def test_what_computes_a_run_is_the_same_for_all_and_is_said_to_be():
    for name, value in (("backend", "jax,tensorflow"), ("deterministic", "on,off")):
        assert message(read_vary, [f"{name}={value}"]) == (
            f"--vary cannot take {name}: every run is computed in the same way. Give --{name} once for all."
        )


def test_what_one_training_would_refuse_is_refused_before_any(tmp_path):
    assert message(plan_of, "depth=8,9", model="residual").startswith("--depth takes 6n + 2, such as 8, 14, ")
    assert message(plan_of, "model=lenet,unet") == (
        "compare ranks runs of one task, and -m lenet is for --task classify and -m unet is for --task segment. Vary "
        "models of one task."
    )


@pytest.mark.parametrize("item", ["class-weight=none,balanced", "augment=none,flip", "progressive=64,32"])
def test_values_with_commas_of_their_own_are_told_what_divides_them(item):
    name, _, texts = item.partition("=")
    assert message(read_vary, [item]).endswith(f". {texts} was read as one value: several have ; between them.")
    assert list(read_vary([item.replace(",", ";")])) == [name.replace("-", "_")]


@pytest.mark.parametrize(
    ("fixed", "error"),
    [
        ({"optimizer": "adam"}, "--optimizer is given twice: for all and in --vary. Leave one of the two out."),
        ({"epochs": "0"}, "--epochs takes 1 to 100,000. Received: 0"),
        ({"seed": str(2**32 - 1)}, "--seed takes 0 to 4,294,967,295. Received: 4294967296"),
    ],
)
def test_what_all_share_is_checked_too(fixed, error):
    assert message(plan_of, "optimizer=sgd", seeds=2, **fixed) == error


def test_there_are_five_seeds_unless_asked_otherwise():
    assert list(make_plan(CompareSettings(vary=("l2=0",)), {}).seeds) == [0, 1, 2, 3, 4]


def test_only_weights_and_shuffling_differ_between_seeds():
    plan = plan_of("optimizer=sgd,adam", seeds=2, seed="5", epochs="3", out="out")
    words = [plan.arguments(one, seed) for one in plan.combinations for seed in plan.seeds]
    assert [word for line in words for word in line if word.startswith("--seed=")] == ["--seed=5", "--seed=6"] * 2
    assert all(line[0] == "train" for line in words)
    assert all({"--split-seed=5", "--epochs=3"} <= set(line) for line in words)
    assert len({line[-1] for line in words}) == 4


def test_a_flag_without_value_is_on_or_off(monkeypatch):
    monkeypatch.setitem(TRAIN_FIELDS, "quick", CheckSettings.__dataclass_fields__["strict"])
    assert read_vary(["quick=on,off"]) == {"quick": ["on", "off"]}
    assert message(read_vary, ["quick=yes"]) == "--vary quick takes on, off. Received: yes"
    plan, both = plan_of("l2=0"), [Combination((("quick", text),)) for text in ("on", "off")]
    assert ["--quick" in plan.arguments(one, 0) for one in both] == [True, False]
    assert not any(word.startswith("--quick=") for one in both for word in plan.arguments(one, 0))


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
    error = message(check_same, plan_of("l2=0", out=str(tmp_path), epochs="4"))
    assert error == f"{tmp_path} holds a comparison with another epochs. Give another --out DIR, or none."


@pytest.mark.parametrize("name", ["compare.html", "compare.csv", "curves.png"])
def test_files_of_the_users_own_are_not_written_over(name, tmp_path):
    (tmp_path / name).write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    assert message(open_folder, tmp_path) == (
        f"{tmp_path} has a file {name} and is no folder of a comparison, which has a compare.json: it would be lost. "
        "Give another --out DIR."
    )
    check_same(plan_of("l2=0", out=str(tmp_path), epochs="3"))
    open_folder(tmp_path)
