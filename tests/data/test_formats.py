"""Every file is named for what it is, with the way on; images are read whatever their name says."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from data.folder import IMAGE_SUFFIXES, list_images, reason_skipped, scan
from data.formats import DICOM, HEIC, JPEG_XL, RAW, ImageError
from data.header import header
from data.image import decode

PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8))


def encoded(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def box(*brands):
    """The first box of a file of the ISO base format: main brand, version, the brands that it is compatible with."""
    body = b"ftyp" + brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return struct.pack(">I", 4 + len(body)) + body + b"\0" * 60


def dng():
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        tags = [(50706, "B", 4, b"\1\4\0\0", False)]
        writer.write(np.asarray(PHOTO), photometric="rgb", extratags=tags)
    return file.getvalue()


def nef():
    """As Nikon and Sony store it: a small preview first, the photo in a sub-image."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(np.asarray(PHOTO), photometric="rgb", subfiletype=1, subifds=1)
        writer.write(np.zeros((60, 80), np.uint16), photometric="minisblack")
    return file.getvalue()


NAMED = {
    "heic": (box(b"heic", b"mif1", b"heic"), HEIC),
    "heix": (box(b"heix", b"mif1"), HEIC),
    "hevc": (box(b"hevc", b"msf1"), HEIC),
    "mif1": (box(b"mif1", b"mif1", b"heic"), HEIC),
    "msf1": (box(b"msf1"), HEIC),
    "cr2": (b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 60, RAW.format(maker=" (CR2)")),
    "cr3": (box(b"crx ", b"crx ", b"isom"), RAW.format(maker=" (CR3)")),
    "dng": (dng(), RAW.format(maker="")),
    "nef": (nef(), RAW.format(maker="")),
    "dicom": (b"\0" * 128 + b"DICM" + b"\0" * 60, DICOM),
    "jxl": (b"\xff\x0a" + b"\0" * 50, JPEG_XL),
    "jxl in boxes": (b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0" * 40, JPEG_XL),
    "psd": (b"8BPS\0\1" + b"\0" * 50, "a Photoshop file, which is not read here: export it as PNG or JPEG"),
    "video": (box(b"mp42", b"isom"), "not an image but a video (MP4, MOV): take frames out of it"),
    "pdf": (b"%PDF-1.7\n0000", "not an image but a PDF document: export it as PNG or JPEG"),
    "svg": (
        b"<?xml version='1.0'?>\n<svg xmlns='x'/>",
        "not an image of pixels but a drawing in SVG: export it as PNG or JPEG",
    ),
    "page": (b"<!DOCTYPE html><html>", "not an image but a web page (HTML): download the image itself"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 5\n",
        "not an image but a pointer of Git LFS in the place of the file: run git lfs pull",
    ),
    "zeros": (b"\0" * 4000, "not an image but zero bytes only: it was not fully copied"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_file_is_named_for_what_it_is(name):
    content, reason = NAMED[name]
    if reason == HEIC and "HEIF" in Image.OPEN:
        pytest.skip("pillow-heif is installed, so that HEIC is read")
    with pytest.raises(ImageError) as caught:
        decode(content)
    assert caught.value.reason == reason
    assert caught.value.kind == ("not an image" if reason.startswith("not an image") else "undecodable")


def test_the_hint_for_heic_names_the_command():
    assert HEIC == (
        "a HEIC photo, which needs pillow-heif (python -m pip install -r requirements-photos.txt); or export it as JPEG"
    )


def test_an_avif_of_the_general_brand_is_no_heic():
    content = encoded(PHOTO, "AVIF", quality=90)
    size = int.from_bytes(content[:4], "big")
    general = content[:8] + b"mif1" + content[12:16] + b"avif" + content[20:]
    assert b"avif" in general[16:size]
    assert decode(general).size == (40, 30)


@pytest.mark.parametrize("form", ["JPEG2000", "PPM"])
def test_formats_that_pillow_reads_well(form):
    content = encoded(PHOTO, form)
    np.testing.assert_array_equal(np.asarray(decode(content)), np.asarray(PHOTO))
    assert header(io.BytesIO(content))[:3] == (form, 40, 30)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.95])
@pytest.mark.parametrize("form", ["JPEG2000", "PPM"])
def test_cut_files_of_them_are_truncated(form, share):
    content = encoded(PHOTO, form)
    with pytest.raises(ImageError) as caught:
        decode(content[: int(share * len(content))])
    assert caught.value.kind == "truncated"


def test_pgm_by_its_own_maximum():
    row = np.array([0, 2047, 4095], ">u2").tobytes()
    assert np.asarray(decode(b"P5 3 1 4095\n" + row))[0, :, 0].tolist() == [0, 127, 255]
    assert np.asarray(decode(b"P2\n# a comment\n3 1\n255\n0 128 255\n"))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("text", [b"Photos of cats\n", b"P.S. nothing", b"P1anet"])
def test_a_text_that_begins_with_p_is_no_image(text):
    with pytest.raises(ImageError, match="not an image in a format read here"):
        decode(text)


# ---- names ----

SUFFIXES = {
    "1.jpg.1": ("JPEG", ".jpg"),
    "1.jpg_large": ("JPEG", ".jpg"),
    "1": ("JPEG", ".jpg"),
    "1.jpg?w=640": ("PNG", ".png"),
    "1.dat": ("WEBP", ".webp"),
}


@pytest.mark.parametrize("name", SUFFIXES)
def test_an_image_under_a_strange_suffix_is_named_as_one(tmp_path, name):
    form, suffix = SUFFIXES[name]
    for place, content in (("cat/a.png", encoded(PHOTO, "PNG")), ("dog/b.png", encoded(PHOTO, "PNG"))):
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_bytes(content)
    (tmp_path / "cat" / name).write_bytes(encoded(PHOTO, form))
    (entry,) = scan(tmp_path).skipped
    shown = "".join(name.rpartition(".")[1:]).lower() if "." in name else "no suffix"
    reason = f"not an image file name ({shown}): it is a {form} image, so let its name end in {suffix}"
    assert (entry.name, entry.reason) == (f"cat/{name}", reason)
    assert reason_skipped(tmp_path / "cat" / name) == reason
    assert list_images([tmp_path / "cat" / name]) == ([tmp_path / "cat" / name], [])  # named by hand it is read


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("1.cr2", b"anything", RAW.format(maker=" (CR2)")),
        ("1.NEF", nef(), RAW.format(maker=" (NEF)")),
        ("1.arw", b"II*\0", RAW.format(maker=" (ARW)")),
        ("1.dcm", b"", DICOM),
        ("1", b"\0" * 128 + b"DICM", DICOM),
        ("1.jxl", b"\xff\x0a", JPEG_XL),
        ("1.heic", encoded(PHOTO, "JPEG"), "it is a JPEG image, so let its name end in .jpg"),
        ("1.dng", b"<html>", "not an image but a web page (HTML): download the image itself"),
        ("1.bin", box(b"crx "), RAW.format(maker=" (CR3)")),
    ],
)
def test_other_formats_are_named_by_suffix_or_content(tmp_path, name, content, what):
    if (tmp_path / name).suffix in IMAGE_SUFFIXES:
        pytest.skip("pillow-heif is installed, so that HEIC is read")
    (tmp_path / name).write_bytes(content)
    suffix = (tmp_path / name).suffix.lower() or "no suffix"
    assert reason_skipped(tmp_path / name) == f"not an image file name ({suffix}): {what}"


@pytest.mark.parametrize(("name", "content"), [("notes.txt", b"P is for photo"), ("README", b""), ("a.csv", b"a,b\n")])
def test_what_is_no_image_at_all_is_only_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    suffix = (tmp_path / name).suffix or "no suffix"
    assert reason_skipped(tmp_path / name) == f"not an image file name ({suffix})"
