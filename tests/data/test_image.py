"""Images are decoded upright, in their first frame and in quiet; what is no image is told why."""

import io
import logging
import pickle
import threading
import warnings

import numpy as np
import pytest
from image_files import NOISE, VALID, close, colour_at, encoded, mpo, photo, png
from PIL import Image

from data.image import ImageError, decode, load

UPRIGHT_TO_STORED = {  # the inverse of what a reader must do
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "TIFF-lzw", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_give_the_same_upright_picture(orientation, form):
    upright = photo(64, 40)
    turn = UPRIGHT_TO_STORED[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}, "TIFF-lzw": {"compression": "tiff_lzw"}}
    picture = decode(encoded(stored, form.split("-")[0], exif=exif, **options.get(form, {})))
    assert picture.size == (64, 40)
    assert np.abs(np.asarray(picture).astype(int) - np.asarray(upright)).max() <= (20 if form == "JPEG" else 0)
    assert not picture.info
    assert picture.getexif().get(0x0112) is None


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_does_not_cost_the_picture(form, exif):
    assert decode(encoded(photo(), form, exif=exif)).size == (160, 120)


def test_an_orientation_out_of_range_is_passed_over():
    exif = Image.Exif()
    exif[0x0112] = 77
    assert decode(encoded(photo(), "JPEG", exif=exif)).size == (160, 120)


@pytest.mark.parametrize(("form", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})])
def test_the_first_frame_is_taken(form, options):
    first, second = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 255))
    assert colour_at(encoded(first, form, save_all=True, append_images=[second], **options)) == (255, 0, 0)


def test_mpo():
    assert Image.open(io.BytesIO(mpo())).format == "MPO"
    assert close(colour_at(mpo()), (255, 0, 0))


def test_mpo_with_a_broken_index_still_gives_its_picture():
    content, at = mpo(), mpo().index(b"MPF\0")
    for broken in (b"MPF\0XX", b"MPF\0II*\0\xff\xff\xff\x7f"):
        assert close(colour_at(content[:at] + broken + content[at + len(broken) :]), (255, 0, 0))


def kind_of(content):
    with pytest.raises(ImageError) as caught:
        decode(content)
    reason = str(caught.value)
    assert reason == caught.value.reason
    assert reason
    assert "\n" not in reason
    return caught.value.kind


def test_zero_bytes():
    assert kind_of(b"") == "empty"


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html>\n<html>", b"\0" * 500, b"x", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"%PDF-1.7"]
)
def test_not_an_image(content):
    assert kind_of(content) == "not an image"


@pytest.mark.skipif("HEIF" in Image.OPEN, reason="pillow-heif is installed, so that HEIC is read")
def test_heic_is_named():
    with pytest.raises(ImageError, match="HEIC") as caught:
        decode(b"\0\0\0\x18ftypheic" + b"\0" * 64)
    assert caught.value.kind == "undecodable"


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", list(VALID))
def test_truncated(name, share):
    assert kind_of(VALID[name][: int(share * len(VALID[name]))]) == "truncated"


def test_damage_in_a_whole_file_is_undecodable():
    content, at = VALID["PNG"], VALID["PNG"].index(b"IDAT") + 200
    assert kind_of(content[:at] + b"\0" * 50 + content[at + 50 :]) == "undecodable"
    assert kind_of(VALID["JPEG"][:2] + b"\xff\xd9") == "undecodable"


def test_a_png_that_claims_50000_by_50000():
    assert kind_of(png(50_000, 50_000, 8, 2, b"\0" * 1000)) == "too large"


def test_the_limit_holds_whatever_pillow_is_set_to(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert kind_of(png(50_000, 50_000, 8, 2, b"\0" * 1000)) == "too large"


def test_a_large_picture_within_the_limit_is_no_warning_matter():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kind_of(png(12_000, 12_000, 8, 0, b"\0" * 100)) in ("truncated", "undecodable")


def test_the_error_survives_pickling():
    again = pickle.loads(pickle.dumps(ImageError("empty", "the file\nis empty")))
    assert (again.kind, str(again)) == ("empty", "the file is empty")


@pytest.mark.parametrize("name", [*VALID, "MPO", "EXIF"])
def test_damaged_bytes_decode_or_raise_image_error(name, capfd):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    content = VALID.get(name) or (mpo() if name == "MPO" else encoded(NOISE, "JPEG", exif=exif))
    rng, kinds = np.random.default_rng(sum(name.encode())), set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for turn in range(150):
            damaged = bytearray(content)
            span = min(len(damaged), 200 if turn % 2 else len(damaged))  # every other time, the headers
            for _ in range(int(rng.integers(1, 12))):
                damaged[int(rng.integers(0, span))] = int(rng.integers(0, 256))
            damaged = bytes(damaged[: int(rng.integers(1, len(damaged)))]) if turn % 5 == 0 else bytes(damaged)
            try:
                kinds.add(load(damaged, 32, "crop").shape)
            except ImageError as error:
                kinds.add(error.kind)
                kinds.add("several lines" if "\n" in str(error) else "one line")
    assert kinds <= {(32, 32, 3), "not an image", "truncated", "too large", "undecodable", "one line"}
    assert capfd.readouterr() == ("", "")  # libtiff would write its complaints past Python


def corrupt_exif():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a maker with a long name", 1
    return encoded(photo(), "JPEG", exif=exif).replace(b"\x01\x0f\x00\x02\x00\x00\x00", b"\x01\x0f\x00\x02\x7f\x00\x00")


def test_pillow_warnings_stay_off_the_screen(caplog):
    content = corrupt_exif()
    with pytest.warns(UserWarning, match="Tag data larger than file"):
        Image.open(io.BytesIO(content)).getexif().get(0x0112)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        decode(content)
    assert not seen
    with warnings.catch_warnings():
        warnings.resetwarnings()
        decode(content)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_threads_decode_in_quiet_and_alike():
    contents = [*VALID.values(), corrupt_exif()] * 5
    alone = [load(content, 32, "crop") for content in contents]
    results, failures = {}, []

    def work(offset):
        try:
            for k in range(offset, len(contents), 4):
                results[k] = load(contents[k], 32, "crop")
        except BaseException as error:
            failures.append(error)

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
    assert not seen
    assert all(np.array_equal(alone[k], results[k]) for k in range(len(contents)))
