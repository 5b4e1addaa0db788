"""Texts in two languages, and the table of reasons, held to every reason that the program can give."""

import ast
import copy
import importlib
import json

import numpy as np
import pytest
from english_left import TERMS, WORDS
from helpers import ROOT

from data import formats, pixel_range
from errors import UserError
from study.confidence.calibration import choose_temperature
from study.pages.language import japanese, joined, one_of, t, told_in
from study.pages.reasons import translated
from study.settings.learning_type import choose_learning

PLACES = {  # where reasons are made -> functions that return them, or that make them on their way
    "data.folder": ("reason_skipped",),
    "data.walk": ("kind_of", "_link_problem", "not_an_image"),
    "data.display": ("show",),
    "data.pixels": ("read",),
    "data.formats": ("by_name",),
    "data.image_folder": ("read", "_row"),
    "data.parquet_set": ("_row",),
    "study.fit.epochs": ("run_epochs", "why_ended"),
    "study.fit.loop": ("fit",),
    "study.fit.divergence": ("on_epoch_end", "told", "check"),
}
CONSTANTS = {
    "data.folder": ("EMPTY", "OUTSIDE"),
    "data.hub_rows": ("NO_LABEL",),
    "study.predict.stream": ("NO_NUMBER",),
}
RAISERS = ("data.formats", "data.header", "data.image", "data.tiff", "data.to_rgb")
SKIPPERS = (
    "data.folder",
    "data.table",
    "data.fixes",
    "data.exclude",
    "data.labels",
    "study.predict.labelled",
    "data.hub_rows",
)
VALUES = {"DIFF", "RGB", "CR2", "CR3", "RAF", "ORF", "RW2", "DICOM", "XL", "RAW", "Photoshop", "ICO", "OpenEXR", "FITS"}
VALUES |= {"HDF5", "NumPy", "PostScript", "SVG", "ZIP", "git", "lfs", "pull", "MP4", "MOV", "HTML", "XML", "pillow"}
VALUES |= {
    "heif",
    "python",
    "m",
    "pip",
    "install",
    "txt",
    "r",
    "requirements",
    "photos",
    "learning",
    "finish",
    *map(str.upper, formats._RAW),
}


class Any7(int):
    """A value of any kind: 7 where it is printed."""

    def __getattr__(self, name):
        return self

    def __getitem__(self, key):
        return self

    def __call__(self, *arguments):
        return self

    def __iter__(self):
        return iter(())


class Names(dict):
    def __missing__(self, name):
        return Any7(7)


def tree_of(name):
    return ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))


def text_of(node, name):
    """The text that an expression makes, with 7 for what is not known before."""
    module = vars(importlib.import_module(name))
    known = {key: value for key, value in module.items() if isinstance(value, str | int) or key == "_told"}
    code = compile(ast.fix_missing_locations(ast.Expression(node)), name, "eval")
    value = eval(code, {}, Names({**known, "more": " of 7 bands"}))
    return value if isinstance(value, str) else ""


def calls(name, function, argument):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function and len(node.args) > argument:
            yield node.args[argument]


def branches(node):
    """The texts that an expression may be: of both branches, and of what a call is given."""
    if isinstance(node, ast.IfExp):
        yield from (*branches(node.body), *branches(node.orelse))
    elif isinstance(node, ast.Call):
        yield from (one for argument in node.args for one in branches(argument))
    elif isinstance(node, ast.JoinedStr | ast.Constant):
        yield node


def reasons_in_code():
    """All reasons that stand in the source, as they would be told."""
    for name in RAISERS:
        yield from (text_of(node, name) for node in calls(name, "ImageError", 1))
    for name in SKIPPERS:
        yield from (text_of(node, name) for node in calls(name, "Skipped", 1))
    for name, functions in PLACES.items():
        for function in [node for node in ast.walk(tree_of(name)) if getattr(node, "name", "") in functions]:
            for node in ast.walk(function):
                if isinstance(node, ast.Return | ast.Assign) and node.value:
                    yield from (text_of(one, name) for one in branches(node.value))
    for name, constants in CONSTANTS.items():
        yield from (getattr(importlib.import_module(name), constant) for constant in constants)
    for _, _, kind, what in formats._SIGNATURES:
        yield what if kind == formats.BROKEN else f"not an image but {what}"
    yield from formats.BY_SUFFIX.values()
    for name in ("(.txt)", "(no suffix)"):
        yield f"outside the class folders, and not an image file name {name}"
        yield f"not an image file name {name}: {formats.DICOM}"
    for what in pixel_range.KINDS.values():
        yield f"nothing says which values of {what} are black and white, as none were learned from: save it with 8 bits"


def learning_reasons():
    for rarest in (100, 2000, 9000):
        for weights, allowed in (("imagenet", ("transfer", "finetune")), ("imagenet", ("scratch",)), ("none", ())):
            for minutes in (3, 300):
                yield choose_learning("auto", weights, allowed, rarest, lambda kind, minutes=minutes: minutes).reason
    yield choose_learning("scratch", "none", (), 10, lambda kind: 1).reason


def calibration_reasons():
    rng = np.random.default_rng(0)
    for right, flat in ((1.0, 0.9), (0.5, 0.99), (0.6, 0.6)):
        labels = np.arange(200) % 2
        said = np.where(rng.random(200) < right, labels, 1 - labels)
        yield choose_temperature(np.where(np.eye(2)[said] > 0, flat, 1 - flat), labels, ["a", "b"]).reason
    yield choose_temperature(np.eye(2), np.arange(2), ["a", "b"]).reason


def ends():
    told = "the training objective (loss with all weights and penalties) of stage head began at 1.2 and ended at 3.4"
    earlier = "the loss of stage head began at 1.2 and ended at 3.4"
    for ended in ("validation loss had not improved for 8 epochs", "the last of 3 epochs was reached"):
        yield from (ended, f"{ended}; it diverged: {told}; the weights of its start were kept")
        yield f"{ended}; it diverged: {earlier}"
        yield f"{ended}; it never improved on the head alone, which was kept"
    for what in ("the loss", "the training objective", "the objective on validation"):
        yield f"{what} is nan in epoch 2 of stage scratch; it diverged"


def english_in(text):
    return set(WORDS.findall(text)) - TERMS - VALUES


def is_reason(text):
    return len(WORDS.findall(text)) > 2


CASES = sorted({" ".join(text.split()) for text in reasons_in_code() if is_reason(text)})


def test_the_reasons_of_the_source_are_found():
    assert len(CASES) > 75
    for part in ("zero bytes", "Git LFS", "a broken link", "marked to be dropped", "the file is empty", "bands"):
        assert any(part in text for text in CASES), part


@pytest.mark.parametrize("reason", CASES)
def test_every_reason_of_the_source_has_its_japanese(reason):
    assert not english_in(translated(reason).ja)


@pytest.mark.parametrize("made", [learning_reasons, calibration_reasons, ends])
def test_every_choice_and_end_has_its_japanese(made):
    reasons = set(made())
    assert len(reasons) > 3
    for reason in reasons:
        assert not english_in(translated(reason).ja) - {"a", "b"}, translated(reason).ja


def test_a_network_without_a_convolution_is_told_in_japanese():
    from study.inference.gradcam import target

    class Empty:
        steps = ()

    with pytest.raises(UserError) as caught:
        target(Empty())
    assert not english_in(translated(str(caught.value)).ja)


def test_the_numbers_of_a_reason_stand_in_its_japanese():
    assert translated("the last of 12 epochs was reached").ja == "12 エポックすべてを終えました"
    assert "48" in translated("the rarest class has 48 training images, fewer than 1,000: enough for the head only").ja
    nested = translated(
        "outside the class folders, and not an image file name (.pdf): a PDF document: export it as PNG or JPEG"
    )
    assert nested.ja == (
        "クラスのフォルダーの外にあり、画像のファイル名ではありません（.pdf）：PDF 文書です。"
        "PNG または JPEG で書き出してください"
    )


def test_a_reason_that_nobody_knows_stays_as_it_is():
    assert translated("Bad {thing} at line 3").ja == "Bad {thing} at line 3"


def test_what_prints_a_text_prints_english_and_a_page_shows_its_own_language():
    text = t("Mistakes", "誤り")
    assert (text, f"{text}", json.dumps(text), japanese(text)) == ("Mistakes", "Mistakes", '"Mistakes"', "誤り")
    assert (told_in("en")(text), told_in("ja")(text), told_in("ja")(3)) == ("Mistakes", "誤り", 3)
    assert copy.deepcopy(text).ja == "誤り"
    assert joined([text, "cat"]).ja == "誤り、cat"
    assert joined([text, "cat"]) == "Mistakes, cat"
    assert (one_of("en")("a", "b"), one_of("ja")("a", "b")) == ("a", "b")
