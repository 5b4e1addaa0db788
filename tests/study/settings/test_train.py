import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, message

import models
from data.augment.pipeline import DEFAULT_AUGMENT, STRENGTHS, parse_augment
from models.parts.spec import Spec
from study.runtime.format import format_value
from study.settings import commands, declare, optimization, parsers
from study.settings import stages as training_stages
from study.settings.commands import (
    CheckSettings,
    CompareSettings,
    InspectSettings,
    PredictSettings,
    StoreSettings,
    SummarySettings,
)
from study.settings.resolve import as_json, defaults_of, resolve, with_model
from study.settings.stages import ResolutionPhase, Stage, stages_of
from study.settings.train import FIELDS, TrainSettings, with_flags

TRAIN = FIELDS
COMMANDS = [
    TrainSettings,
    CheckSettings,
    CompareSettings,
    InspectSettings,
    PredictSettings,
    StoreSettings,
    SummarySettings,
]


# ---- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry", [e for command in COMMANDS for e in commands.entries(command)], ids=lambda entry: entry.name
)
def test_every_setting_has_a_help_text_that_tells_its_default(entry):
    text = declare.help_text(entry)
    assert len(entry.metadata["help"]) > 10
    assert text.startswith(entry.metadata["help"])
    if entry.default not in (None, ()) and entry.metadata["kind"] is not bool:
        shown = ":".join(map(str, entry.default)) if isinstance(entry.default, tuple) else str(entry.default)
        assert f"default {shown}" in text


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("patience", "[at least 0; default 8]"),
        ("dropout", "[0 to 0.95; default 0.2]"),
        ("l2", "[0 to 10; default 0.0001]"),
        ("split", "train:val:test [default 8:1:1]"),
        ("runs", "folder that holds the run folders [default runs]"),
        ("optimizer", "[default adam]"),
        ("split_file", "its assignments are kept"),
        ("batch_size", "finetune 16) [1 to 65,536]"),
    ],
)
def test_help_tells_range_and_default(name, ending):
    assert declare.help_text(TRAIN[name]).endswith(ending)


@pytest.mark.parametrize(("learning", "name"), [("scratch", "scratch"), ("transfer", "head"), ("finetune", "finetune")])
def test_defaults_that_the_help_names_in_words_are_the_real_ones(learning, name):
    last = stages_of(TrainSettings().optimization, learning)[-1]
    assert last.name == name
    assert re.search(rf"\b{name} {last.epochs}\b", declare.help_text(TRAIN["epochs"]))
    assert re.search(rf"\b{name} {last.batch_size}\b", declare.help_text(TRAIN["batch_size"]))


def test_the_help_names_the_default_augmentation_and_all_there_is():
    text = declare.help_text(TRAIN["augment"])
    assert f"(default: {','.join(DEFAULT_AUGMENT)}; transfer none)" in text
    assert all(name in text for name in STRENGTHS)


# ---- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("seed", "7", 7),
        ("learning_rate", "1e-3", 0.001),
        ("split", "7:2:1", (7, 2, 1)),
        ("augment", "none", {}),
        ("augment", "flip,zoom=0.3", {"flip": 1.0, "zoom": 0.3}),
        ("model", "resnet", "resnet"),
        ("progressive", "64,96,128", (64, 96, 128)),
        ("progressive", "none", ()),
        ("width", "64", 64),
    ],
)
def test_a_flag_is_read(name, text, value):
    assert declare.read(TRAIN[name], text) == value


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("seed", "1.5", "--seed takes a whole number. Received: 1.5"),
        ("batch_size", "many", "--batch-size takes a whole number. Received: many"),
        ("learning_rate", "fast", "--learning-rate takes a number. Received: fast"),
        ("split", "8:2", "--split takes three whole numbers above 0, train:val:test, such as 8:1:1. Received: 8:2"),
        ("epochs", "", "--epochs takes a whole number. Received: "),
        *(
            (
                "progressive",
                text,
                "--progressive takes none or increasing sizes, 32 to 1,024 pixels, such as 96,128. Received: " + text,
            )
            for text in ("128,96", "96,96", "31,64", "64,2000", "many", "96,", "")
        ),
    ],
)
def test_a_flag_that_is_no_such_value_is_refused(name, text, error):
    assert with_flags(message(declare.read, TRAIN[name], text)) == error


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"batch_size": 0}, "--batch-size takes 1 to 65,536. Received: 0"),
        ({"epochs": 0}, "--epochs takes 1 to 100,000. Received: 0"),
        ({"patience": -1}, "--patience takes at least 0. Received: -1"),
        ({"dropout": 0.96}, "--dropout takes 0 to 0.95. Received: 0.96"),
        ({"l2": -0.1}, "--l2 takes 0 to 10. Received: -0.1"),
        ({"l2": float("nan")}, "--l2 takes 0 to 10. Received: nan"),
        ({"learning_rate": 0.0}, "--learning-rate takes 1e-12 to 100. Received: 0.0"),
        ({"learning_rate": float("inf")}, "--learning-rate takes 1e-12 to 100. Received: inf"),
        ({"image_size": 7}, "--image-size takes 32 to 1,024. Received: 7"),
        ({"image_size": 1025}, "--image-size takes 32 to 1,024. Received: 1025"),
        ({"resize": "stretch"}, "--resize takes crop, pad, squash. Received: stretch"),
        ({"learning": "fast"}, "--learning takes auto, scratch, transfer, finetune. Received: fast"),
        ({"optimizer": "lion"}, f"--optimizer takes {', '.join(optimization.OPTIMIZERS)}. Received: lion"),
        ({"weight_decay": -0.1}, "--weight-decay takes 0 to 10. Received: -0.1"),
        ({"label_smoothing": 1.0}, "--label-smoothing takes 0 to 0.99. Received: 1.0"),
        ({"warmup": 0.95}, "--warmup takes 0 to 0.9. Received: 0.95"),
        ({"width": -1}, "--width takes 0 to 1,024. Received: -1"),
        ({"sampler": "even"}, "--sampler takes natural, balanced. Received: even"),
    ],
)
def test_a_value_out_of_its_range_or_choices_is_refused(given, error):
    assert message(TrainSettings.of, **given) == error
    assert message(resolve, given, {}) == error


@pytest.mark.parametrize(
    "given",
    [
        {"seed": 0},
        {"patience": 0},
        {"dropout": 0.95},
        {"l2": 0},
        {"image_size": 32},
        {"image_size": 1024},
        {"epochs": 1},
    ],
)
def test_the_ends_of_a_range_belong_to_it(given):
    assert TrainSettings.of(**given).as_dict().items() >= given.items()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"epochs": "3"}, "--epochs cannot be of type str. Received: 3"),
        ({"epochs": True}, "--epochs cannot be of type bool. Received: True"),
        ({"group": []}, "--group cannot be of type list. Received: []"),
        ({"l2": None}, "--l2 cannot be of type NoneType. Received: None"),
        ({"deterministic": 1}, "--deterministic cannot be of type int. Received: 1"),
        ({"progressive": (32, "64")}, "--progressive cannot be of type tuple. Received: (32, '64')"),
        ({"split": [8, 1]}, "--split cannot be of type list. Received: [8, 1]"),
        ({"augment": {"flip": "always"}}, "--augment cannot be of type dict. Received: {'flip': 'always'}"),
    ],
)
def test_a_value_of_another_type_is_refused(given, error):
    assert message(TrainSettings.of, **given) == error


@pytest.mark.parametrize("given", [{"l2": 0}, {"epochs": np.int64(3)}, {"l2": np.float32(0.5)}, {"group": None}])
def test_whole_numbers_are_numbers_and_numpys_too(given):
    TrainSettings.of(**given)


@pytest.mark.parametrize("seed", [-1, 2**32, 10**30])
def test_a_seed_beyond_what_the_random_generators_take_is_refused(seed):
    error = message(TrainSettings.of, seed=seed)
    assert error.startswith("--seed takes ")
    assert error.endswith(f"Received: {seed}")


def test_the_other_commands_check_theirs():
    assert message(SummarySettings, image_size=2) == "--image-size takes 32 to 1,024. Received: 2"


# ---- precedence ------------------------------------------------------------------------------------------------------


def test_explicit_comes_before_the_models_default_before_the_general_one():
    defaults = {"dropout": 0.5, "batch_size": 8}
    settings = resolve({"dropout": 0.1, "model": "resnet"}, defaults)
    assert (settings.regularization.dropout, settings.optimization.batch_size, settings.optimization.optimizer) == (
        0.1,
        8,
        "adam",
    )
    assert settings.run.model == "resnet"
    assert resolve({}, defaults).regularization.dropout == 0.5
    assert resolve({}, {}) == TrainSettings()


def test_an_explicit_value_that_equals_the_general_default_still_wins():
    assert (
        resolve({"dropout": TrainSettings().regularization.dropout}, {"dropout": 0.5}).regularization.dropout
        == TrainSettings().regularization.dropout
    )


def test_a_default_of_a_model_is_checked_too():
    assert message(resolve, {}, {"dropout": 2.0}) == "--dropout takes 0 to 0.95. Received: 2.0"
    said = "--dropout-at says where --dropout acts. Received: --dropout 0; give both, or leave both out."
    for explicit, own in (({"dropout": 0.0}, {}), ({}, {"dropout": 0.0})):
        assert message(resolve, {"dropout_at": "blocks", **explicit}, own) == said


def test_a_size_that_was_asked_for_has_an_epoch_or_is_refused():
    text = (
        "--progressive leaves no epoch for one of its 2 sizes. Received: --epochs 1; give more epochs or fewer sizes."
    )
    assert message(resolved, progressive=(64, 80), epochs=1) == text
    assert resolved(progressive=(64, 80), epochs=2).optimization.progressive == (64, 80)
    assert resolved(data="photos", epochs=1).optimization.progressive == (
        48,
        64,
        80,
    )  # what is left of the model's own


# ---- what suits photos ----------------------------------------------------------------------------------------------

SMALL = {"image_size": 48, "learning": ("scratch",), "source": "https://example.org", "summary": "tiny"}
SUITED = Spec(
    **SMALL,
    supports=("width",),
    defaults={"dropout": 0.4, "epochs": 7, "width": 0},
    defaults_from_scratch={"image_size": 96, "progressive": (48, 64, 80), "epochs": 30, "width": 24},
)


def resolved(spec=SUITED, **flags):
    return resolve(flags, defaults_of(spec, flags))


def test_what_suits_photos_holds_with_data_and_not_without():
    drawings, photos = resolved(), resolved(data="photos")
    assert (
        drawings.data.image_size,
        drawings.optimization.progressive,
        drawings.optimization.epochs,
        drawings.network.width,
    ) == (48, (), 7, 0)
    assert (
        photos.data.image_size,
        photos.optimization.progressive,
        photos.optimization.epochs,
        photos.network.width,
    ) == (96, (48, 64, 80), 30, 24)
    assert photos.regularization.dropout == drawings.regularization.dropout == 0.4


def test_an_explicit_flag_wins_over_what_suits_photos():
    settings = resolved(data="photos", epochs=3, width=0, progressive=())
    assert (
        settings.optimization.epochs,
        settings.network.width,
        settings.optimization.progressive,
        settings.data.image_size,
    ) == (3, 0, (), 96)


@pytest.mark.parametrize(
    ("size", "left"),
    [(32, ()), (48, ()), (56, (48, 56)), (64, (48, 64)), (72, (48, 64, 72)), (80, (48, 64, 80)), (81, (48, 64, 80))],
)
def test_a_smaller_image_size_drops_the_sizes_above_it(size, left):
    settings = resolved(data="photos", image_size=size)
    assert (settings.data.image_size, settings.optimization.progressive) == (size, left)


def test_explicit_sizes_above_the_models_image_size_raise_it_and_those_above_an_explicit_one_are_refused():
    assert resolved(progressive=(64, 128)).data.image_size == 128
    assert resolved(progressive=(32, 40)).data.image_size == 48
    assert message(resolved, progressive=(64, 128), image_size=100) == (
        "--progressive takes sizes up to the image size, 100. Received: 64,128"
    )


@pytest.mark.parametrize("weights", ["imagenet", "some.keras"])
def test_what_suits_photos_is_for_random_weights(weights):
    assert resolved(data="photos", weights=weights).optimization.epochs == 7
    assert resolved(data="photos", weights="none").optimization.epochs == 30


def test_a_pretrained_model_takes_it_where_it_is_to_learn_from_scratch():
    spec = Spec(
        **SMALL | {"learning": ("transfer", "scratch")}, weights=("imagenet",), defaults_from_scratch={"epochs": 30}
    )
    assert resolved(spec, data="photos").optimization.epochs is None
    assert resolved(spec, data="photos", learning="scratch").optimization.epochs == 30


def test_an_earlier_run_brings_its_width(tmp_path):
    (tmp_path / "run.json").write_text('{"model": "original", "settings": {"width": 12}}')
    assert resolved(data="photos", weights=str(tmp_path)).network.width == 12
    assert resolved(data="photos", weights=str(tmp_path), width=5).network.width == 5
    other = '{"model": "plain", "settings": {"width": 12}}'
    for text in (
        "{}",
        "[]",
        "no json",
        '{"model": "original", "settings": {}}',
        '{"settings": null}',
        "[" * 100_000,
        other,
    ):
        (tmp_path / "run.json").write_text(text)
        assert resolved(data="photos", weights=str(tmp_path)).network.width == 0


@pytest.mark.parametrize("name", models.available())
def test_what_a_model_says_suits_it_is_what_flags_take(name):
    spec = models.get(name).SPEC
    settings = resolved(spec, data="photos", learning="scratch")
    for key, value in (spec.defaults | spec.defaults_from_scratch).items():
        if key == "augment":
            assert parse_augment(format_value(value, as_flag=True)) == value
        elif key == "progressive":
            assert parsers.parse_progressive(format_value(value, as_flag=True)) == value
        else:
            assert declare.read(TRAIN[key], format_value(value, as_flag=True)) == value
    assert settings.data.image_size >= spec.image_size


# ---- phases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epochs", "sizes", "parts"),
    [
        (20, (), [(144, 20)]),
        (20, (96,), [(96, 20)]),
        (55, (96, 128), [(96, 47), (128, 8)]),
        (72, (64, 96, 128), [(64, 30), (96, 31), (128, 11)]),
        (3, (96, 128), [(96, 2), (128, 1)]),
        (2, (64, 96, 128), [(96, 1), (128, 1)]),
        (1, (64, 96, 128), [(128, 1)]),
    ],
)
def test_epochs_are_divided_among_the_sizes(epochs, sizes, parts):
    phases = training_stages.phases(epochs, sizes, 144)
    assert sum(phase.end - phase.first for phase in phases) == epochs
    assert [(phase.size, phase.end - phase.first) for phase in phases] == parts
    assert [phase.last for phase in phases] == [False] * (len(phases) - 1) + [True]
    assert [phase.first for phase in phases] == [0, *(phase.end for phase in phases[:-1])]
    assert phases[0] == ResolutionPhase(phases[0].size, 0, phases[0].end, len(phases) == 1, len(phases) < 3)


@pytest.mark.parametrize(
    ("sizes", "mixing"),
    [((), [True]), ((96, 128), [True, False]), ((64, 96, 128), [False, True, False]), ((64, 96), [True, False])],
)
def test_pictures_are_mixed_in_the_middle_or_at_the_only_sizes(sizes, mixing):
    assert [phase.mixing for phase in training_stages.phases(20, sizes, 144)] == mixing


# ---- stages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("learning", "names"), [("scratch", ["scratch"]), ("transfer", ["head"]), ("finetune", ["head", "finetune"])]
)
def test_stages_of_a_learning_type(learning, names):
    assert [stage.name for stage in stages_of(TrainSettings().optimization, learning)] == names


def test_what_is_asked_for_holds_in_every_stage_but_the_rate_only_in_the_last():
    asked = TrainSettings.of(epochs=3, batch_size=5, learning_rate=0.5, optimizer="sgd")
    free = TrainSettings.of(optimizer="sgd")
    head, finetune = stages_of(asked.optimization, "finetune")
    assert head == Stage("head", 3, 5, stages_of(free.optimization, "finetune")[0].learning_rate)
    assert finetune == Stage("finetune", 3, 5, 0.5)
    assert stages_of(asked.optimization, "transfer") == [Stage("head", 3, 5, 0.5)]


@pytest.mark.parametrize("learning", training_stages.STAGES)
def test_plain_gradient_descent_takes_larger_steps_than_adam_by_default(learning):
    rates = {
        name: stages_of(TrainSettings.of(optimizer=name).optimization, learning)[-1].learning_rate
        for name in optimization.OPTIMIZERS
    }
    assert rates["sgd"] > rates["momentum"] > rates["adam"] > 0
    assert rates["adam"] == rates["adamw"] == rates["rmsprop"]


def test_fine_tuning_takes_smaller_steps_than_its_head():
    for name in optimization.OPTIMIZERS:
        head, finetune = stages_of(TrainSettings.of(optimizer=name).optimization, "finetune")
        assert finetune.learning_rate < head.learning_rate


# ---- run.json --------------------------------------------------------------------------------------------------------


def test_settings_go_through_json(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = TrainSettings.of(data="写真", augment={"flip": 1.0}, learning_rate=0.1)
    written = as_json(settings)
    again = json.loads(json.dumps(written))
    assert again.keys() == TRAIN.keys()
    assert Path(again["data"]) == tmp_path.resolve() / "写真"
    assert (again["augment"], again["learning_rate"], again["split"]) == ({"flip": 1.0}, 0.1, [8, 1, 1])
    assert as_json(TrainSettings())["data"] is None


def test_what_has_the_name_of_a_word_is_not_taken_for_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for word in ("imagenet", "mask"):
        (tmp_path / word).mkdir()
    written = as_json(TrainSettings.of(model="efficientnet_lite", weights="imagenet", auxiliary="mask", data="mask"))
    assert (written["weights"], written["auxiliary"]) == ("imagenet", "mask")
    assert Path(written["data"]) == tmp_path.resolve() / "mask"


def test_flags_are_spelled_with_hyphens():
    assert declare.flag("batch_size") == "--batch-size"


def test_class_weights_are_read_by_name():
    assert parsers.parse_class_weight("balanced") == "balanced"
    assert parsers.parse_class_weight("cat=1, dog=0.3") == {"cat": 1.0, "dog": 0.3}
    assert parsers.parse_class_weight("a=b=2,100%=3,it's=4,5\"=6,x;y=7") == {
        "a=b": 2.0,
        "100%": 3.0,
        "it's": 4.0,
        '5"': 6.0,
        "x;y": 7.0,
    }


def test_a_class_has_one_weight():
    told = message(parsers.parse_class_weight, "cat=1,dog=2,cat=3")
    assert told == "--class-weight names cat twice. Received: cat=1,dog=2,cat=3"


def test_rare_classes_are_made_up_for_once():
    told = message(resolve, {"class_weight": "balanced", "sampler": "balanced"}, {})
    assert told.endswith("together would make up for rare classes twice. Leave one of the two out.")
    resolve({"class_weight": {"cat": 2.0}, "sampler": "balanced"}, {})


def test_class_weights_take_quoted_names():
    assert parsers.parse_class_weight('"x, y; z"=2,cat=1') == {"x, y; z": 2.0, "cat": 1.0}
    assert parsers.parse_class_weight('cat=1, "cat " = 0.5 , "a=b,"=3') == {"cat": 1.0, "cat ": 0.5, "a=b,": 3.0}
    assert parsers.parse_class_weight('"say ""a, b"""=2') == {'say "a, b"': 2.0}


@pytest.mark.parametrize(
    "text", ["even", "cat=", "cat=0", "cat=-1", "cat=inf", "=1", "cat=1,dog", "x, y; z=2", '"x, y=2', '""=1', '"a"']
)
def test_class_weights_that_are_none_are_refused(text):
    assert message(parsers.parse_class_weight, text).startswith(
        "--class-weight takes none, balanced, or names with weights above 0 such as cat=1,dog=0.3; a name that has a "
        'comma in it stands in quotation marks, "x, y"=2. Received: '
    )


def help_of(*words):
    arguments = [sys.executable, "main.py", *words]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_help_shows_a_dozen_flags_and_all_of_them_in_groups_when_asked():
    short, every = help_of("train", "--help"), help_of("train", "--help", "all")
    flags = set(re.findall(r"^  (?:-m NAME, |-v, )?(--[a-z][a-z0-9-]*)", short, re.M))
    assert len(flags) == 13
    assert {"--data", "--model", "--epochs", "--learning", "--runs"} <= flags
    assert "train --help all" in short
    everything = set(re.findall(r"^  (?:-m NAME, |-v, )?(--[a-z][a-z0-9-]*)", every, re.M))
    assert everything == {declare.flag(name) for name in FIELDS} | {"--json"}
    assert [line for line in every.splitlines() if re.fullmatch(r"[a-z]+ ?[a-z]* ?[a-z]*:", line)][:3] == [
        "options:",
        "model and output:",
        "data:",
    ]


def test_a_value_has_one_place_and_one_name():
    settings = TrainSettings.of(data="photos", task="segment", l2=0.5)
    assert (settings.data.folder, settings.task.name, settings.regularization.l2) == ("photos", "segment", 0.5)
    flat = settings.as_dict()
    assert flat.keys() == FIELDS.keys()
    assert TrainSettings.of(**flat) == settings
    assert settings.with_values(l2=0.25).as_dict() == flat | {"l2": 0.25}


def test_a_message_that_names_a_setting_names_its_flag_at_the_command_line():
    text = "leave `split` and `split_file` out, or run `pip install x`; the file `me` is no setting"
    assert with_flags(text) == "leave --split and --split-file out, or run `pip install x`; the file `me` is no setting"


@pytest.mark.parametrize(
    ("flags", "model"),
    [
        ({}, "original"),
        ({"data": "photos"}, "efficientnet_lite"),
        ({"data": "photos", "dropout": 0.5, "augment": {}, "learning": "finetune"}, "efficientnet_lite"),
        ({"data": "photos", "task": "multilabel"}, "efficientnet_lite"),
        ({"data": "photos", "task": "segment"}, "unet"),
        ({"data": "photos", "learning": "scratch"}, "original"),
        ({"data": "photos", "weights": "runs/earlier"}, "original"),
        ({"data": "photos", "weights": "imagenet"}, "efficientnet_lite"),
        ({"weights": "imagenet"}, "efficientnet_lite"),
        ({"data": "photos", "init": "he"}, "original"),
        ({"data": "photos", "first_layer": "pca"}, "original"),
        ({"data": "photos", "width": 32}, "original"),
        ({"data": "photos", "progressive": (64, 96)}, "original"),
        ({"data": "photos", "model": "lenet"}, "lenet"),
    ],
)
def test_on_images_of_ones_own_the_default_model_knows_imagenet_already(flags, model):
    assert with_model(flags)["model"] == model


def test_weights_of_a_run_bring_its_model(tmp_path):
    for model in ("efficientnet_lite+resnet", "plain"):
        (tmp_path / "run.json").write_text(json.dumps({"model": model, "settings": {}}))
        for weights in (tmp_path, tmp_path / "model.keras"):
            assert with_model({"data": "photos", "weights": str(weights)})["model"] == model
    assert with_model({"data": "photos", "weights": str(tmp_path), "model": "lenet"})["model"] == "lenet"
    for content in ("[]", '{"model": ["x"]}', '{"model": "none such"}', "{"):
        (tmp_path / "run.json").write_text(content)
        assert with_model({"data": "photos", "weights": str(tmp_path)})["model"] == "original"
