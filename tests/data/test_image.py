import io
import logging
import pickle
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from data import to_rgb
from data.image import DRAFT_MARGIN, PAD_GREY, RESIZE_RULES, ImageError, decode, load, resize


def encoded(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def chunk(tag, body):
    return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))


def png(width, height, depth, colour, rows, *extra):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = b"".join(extra) + chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def tiff(width, height, rows, **tags):
    """A minimal little-endian, uncompressed greyscale TIFF with the tags' values given by number."""
    fields = {256: width, 257: height, 259: 1, 262: 1, 273: 0, 277: 1, 278: height, 279: len(rows)}
    fields |= {int(name[1:]): value for name, value in tags.items()}
    fields[273] = 8 + 2 + 12 * len(fields) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(fields.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + entries + b"\0\0\0\0" + rows


def colour_at(content, where=(0, 0)):
    picture = decode(content)
    assert picture.mode == "RGB"
    return picture.getpixel(where)


def close(colour, expected, tolerance=3):
    return all(abs(a - b) <= tolerance for a, b in zip(colour, expected, strict=True))


def photo(width=160, height=120):
    """A smooth image with a different colour in each corner."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    red, green = 255 * x / max(1, width - 1), 255 * y / max(1, height - 1)
    return Image.fromarray(np.stack([red, green, 255 - red], axis=-1).astype(np.uint8))


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


# --- orientation and metadata ---


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


# --- transparency, over white ---

PINK = (255, 127, 127)
HALF_RED = (255, 0, 0, 128)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_half_transparent_red_is_pink(form):
    options = {"lossless": True} if form == "WEBP" else {}
    assert close(colour_at(encoded(Image.new("RGBA", (8, 8), HALF_RED), form, **options)), PINK, 1)


def test_hidden_colour_under_full_transparency_is_white():
    assert colour_at(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 0)), "PNG")) == (255, 255, 255)


def test_grey_with_alpha():
    assert close(colour_at(encoded(Image.new("LA", (4, 4), (0, 128)), "PNG")), (127,) * 3, 1)


def test_palette_with_alpha_for_each_entry():
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    assert close(colour_at(encoded(picture, "PNG", transparency=bytes([255, 128]))), PINK, 1)


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_palette_with_one_transparent_entry(form):
    picture = Image.new("P", (4, 4), 1)
    picture.putpixel((3, 3), 0)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    content = encoded(picture, form, transparency=1)
    assert colour_at(content) == (255, 255, 255)
    assert colour_at(content, (3, 3)) == (0, 0, 255)


def grey_png(depth, levels, clear):
    bits = "".join(f"{level:0{depth}b}" for level in levels)
    row = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return png(len(levels), 1, depth, 0, b"\0" + row, chunk(b"tRNS", struct.pack(">H", clear)))


@pytest.mark.parametrize(
    ("depth", "levels", "clear", "expected"),
    [
        (1, [1, 0], 0, [255, 0]),  # white on clear: over white nothing could be seen
        (1, [1, 0], 1, [255, 0]),
        (2, [1, 2], 1, [255, 170]),
        (4, [5, 10], 5, [255, 170]),
        (8, [5, 96], 5, [255, 96]),
        (16, [1000, 257 * 96], 1000, [255, 96]),
    ],
)
def test_png_with_one_transparent_grey(depth, levels, clear, expected):
    content = grey_png(depth, levels, clear)
    assert [colour_at(content, (x, 0)) for x in range(2)] == [(grey,) * 3 for grey in expected]


def test_png_with_one_transparent_colour():
    rows = b"\0" + bytes([1, 2, 3, 4, 5, 6])
    content = png(2, 1, 8, 2, rows, chunk(b"tRNS", struct.pack(">3H", 1, 2, 3)))
    assert [colour_at(content, (x, 0)) for x in range(2)] == [(255, 255, 255), (4, 5, 6)]


def test_png_of_16_bits_with_one_transparent_colour():
    rows = b"\0" + struct.pack(">6H", 1000, 2000, 3000, 40000, 50000, 60000)
    content = png(2, 1, 16, 2, rows, chunk(b"tRNS", struct.pack(">3H", 1000, 2000, 3000)))
    assert [colour_at(content, (x, 0)) for x in range(2)] == [(255, 255, 255), (156, 195, 234)]


# --- modes ---


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF"])
def test_formats_in_colour(form):
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(form, {})
    assert close(colour_at(encoded(Image.new("RGB", (16, 16), (200, 100, 40)), form, **options)), (200, 100, 40))


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif():
    assert close(colour_at(encoded(Image.new("RGB", (16, 16), (200, 100, 40)), "AVIF")), (200, 100, 40), 6)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF"])
def test_grey(form):
    assert colour_at(encoded(Image.new("L", (8, 8), 77), form)) == (77, 77, 77)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_one_bit(form):
    picture = Image.new("1", (8, 8), 1)
    picture.putpixel((2, 2), 0)
    content = encoded(picture, form)
    assert colour_at(content) == (255, 255, 255)
    assert colour_at(content, (2, 2)) == (0, 0, 0)


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "TIFF"])
def test_palette(form):
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([0, 0, 0, 10, 200, 30])
    assert colour_at(encoded(picture, form)) == (10, 200, 30)


@pytest.mark.parametrize(("mode", "form"), [("I;16", "PNG"), ("I;16", "TIFF"), ("I;16B", "TIFF")])
def test_16_bit_grey_keeps_its_levels(mode, form):
    picture = Image.new(mode, (3, 1))
    for x, level in enumerate((0, 32768, 65535)):
        picture.putpixel((x, 0), level)
    content = encoded(picture, form)
    assert [colour_at(content, (x, 0))[0] for x in range(3)] == [0, 128, 255]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0, 128, 255], [0, 128, 255]),
        ([-5, 32768, 65535], [0, 128, 255]),
        ([0, 5e5, 1e6], [0, 128, 255]),
        ([float("nan"), 0.5, 1.0], [0, 128, 255]),
    ],
)
def test_float_grey(levels, expected):
    content = encoded(Image.fromarray(np.array([levels], np.float32)), "TIFF")
    assert [colour_at(content, (x, 0))[0] for x in range(3)] == expected


@pytest.mark.parametrize(
    ("kind", "sample_format", "levels"),
    [
        ("<i4", 2, [0, 128, 255]),
        ("<i4", 2, [-9, 32768, 65535]),
        ("<u4", 1, [0, 2**31, 2**32 - 1]),
        ("<i2", 2, [-9, 128, 255]),
    ],
)
def test_integer_grey(kind, sample_format, levels):
    rows = np.array([levels], kind)
    content = tiff(3, 1, rows.tobytes(), t258=rows.dtype.itemsize * 8, t339=sample_format)
    assert [colour_at(content, (x, 0))[0] for x in range(3)] == [0, 128, 255]


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_cyan(form):
    assert close(colour_at(encoded(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), form)), (0, 255, 255), 4)


def test_ycck_jpeg():
    # Pillow writes CMYK with an Adobe marker whose transform is 0; 2 declares the first three channels YCC.
    content = encoded(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", quality=95)
    at = content.index(b"Adobe") + 11
    assert content[at] == 0
    ycck = content[:at] + b"\x02" + content[at + 1 :]
    assert decode(ycck).size == (16, 16)


def test_lab_tiff():
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    picture = ImageCms.profileToProfile(Image.new("RGB", (8, 8), (200, 40, 90)), srgb, lab, outputMode="LAB")
    assert close(colour_at(encoded(picture, "TIFF")), (200, 40, 90))


def test_ycbcr_tiff():
    content = encoded(Image.new("RGB", (8, 8), (200, 40, 90)).convert("YCbCr"), "TIFF")
    assert close(colour_at(content), (200, 40, 90))


def test_hsv_is_converted():
    assert close(
        to_rgb.to_rgb(Image.new("RGB", (2, 2), (200, 40, 90)).convert("HSV"), "", None).getpixel((0, 0)),
        (200, 40, 90),
        4,
    )


# --- several frames ---


@pytest.mark.parametrize(("form", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})])
def test_the_first_frame_is_taken(form, options):
    first, second = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 255))
    assert colour_at(encoded(first, form, save_all=True, append_images=[second], **options)) == (255, 0, 0)


def mpo():
    pictures = [Image.new("RGB", (64, 48), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    return encoded(pictures[0], "MPO", save_all=True, append_images=pictures[1:])


def test_mpo():
    assert Image.open(io.BytesIO(mpo())).format == "MPO"
    assert close(colour_at(mpo()), (255, 0, 0))


def test_mpo_with_a_broken_index_still_gives_its_picture():
    content, at = mpo(), mpo().index(b"MPF\0")
    for broken in (b"MPF\0XX", b"MPF\0II*\0\xff\xff\xff\x7f"):
        assert close(colour_at(content[:at] + broken + content[at + len(broken) :]), (255, 0, 0))


# --- what is no picture ---


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


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8))
VALID = {form: encoded(NOISE, form) for form in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")}
VALID |= {
    "JPEG progressive": encoded(NOISE, "JPEG", progressive=True),
    "TIFF lzw": encoded(NOISE, "TIFF", compression="tiff_lzw"),
}


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


# --- warnings ---


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


# --- resizing ---


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (300, 200), (200, 300), (64, 64), (63, 64), (65, 64)])
def test_every_rule_gives_the_shape_asked_for(shape, rule):
    pixels = resize(Image.new("RGB", shape, (9, 99, 199)), 64, rule)
    assert pixels.shape == (64, 64, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert (pixels[31, 31] == (9, 99, 199)).all()


def stripes():
    """Red, green and blue, side by side: 300×100."""
    picture = Image.new("RGB", (300, 100), (0, 255, 0))
    picture.paste((255, 0, 0), (0, 0, 100, 100))
    picture.paste((0, 0, 255), (200, 0, 300, 100))
    return picture


def test_crop_keeps_the_middle():
    # The filter reaches past the cut, as it should: the outermost pixels are mixed.
    assert (resize(stripes(), 50, "crop")[:, 1:-1] == (0, 255, 0)).all()
    assert (resize(stripes().transpose(Image.Transpose.ROTATE_90), 50, "crop")[1:-1] == (0, 255, 0)).all()


def test_crop_without_scaling_is_exact():
    pixels = np.random.default_rng(1).integers(0, 256, (64, 75, 3), dtype=np.uint8)
    assert np.array_equal(resize(Image.fromarray(pixels), 64, "crop"), pixels[:, 5:69])


def test_crop_of_a_mirrored_picture_is_the_mirrored_crop():
    picture = photo(131, 90)
    mirrored = resize(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 40, "crop")
    assert np.abs(mirrored[:, ::-1].astype(int) - resize(picture, 40, "crop")).max() <= 1


def test_pad_keeps_everything_on_grey():
    pixels = resize(stripes(), 60, "pad")
    assert (pixels[:20] == PAD_GREY).all()
    assert (pixels[40:] == PAD_GREY).all()
    assert [tuple(pixels[30, x]) for x in (3, 30, 56)] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def test_squash_ignores_the_shape():
    pixels = resize(stripes(), 60, "squash")
    assert [tuple(pixels[y, x]) for y, x in ((0, 3), (30, 30), (59, 56))] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def test_shrinking_is_antialiased():
    board = Image.fromarray(np.indices((512, 512)).sum(0).astype(np.uint8) % 2 * 255).convert("RGB")
    assert np.abs(resize(board, 32, "squash").astype(int) - 127).max() <= 3


def test_unknown_rule():
    with pytest.raises(ValueError, match="'stretch' is unknown; it must be one of crop, pad, squash"):
        resize(photo(), 64, "stretch")


# --- draft ---


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("rule", RESIZE_RULES)
def test_draft_is_near_the_full_decoding(rule, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(photo(1001, 803), "JPEG", exif=exif, quality=90)
    full, quick = decode(content), decode(content, least=100)
    assert quick.width < full.width / 3
    assert min(quick.size) >= 100
    difference = np.abs(load(content, 50, rule).astype(int) - resize(full, 50, rule))
    assert difference.max() <= 4


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (223, 223), (448, 448), (4000, 450)])
def test_draft_never_falls_below_what_is_asked(size):
    for least in (50, 99, 100, 224, 10_000):
        picture = decode(encoded(Image.new("RGB", size), "JPEG"), least=least)
        assert picture.size == size or min(picture.size) >= least


def test_load_is_decode_then_resize():
    content = VALID["PNG"]
    for rule in RESIZE_RULES:
        assert np.array_equal(load(content, 32, rule), resize(decode(content, DRAFT_MARGIN * 32), 32, rule))
        assert np.array_equal(load(content, 32, rule), load(content, 32, rule))
