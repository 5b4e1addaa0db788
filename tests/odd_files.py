"""A folder with every kind of file that people have sent in as a photo, and what becomes of each."""

import functools
import io
import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

CLASSES = ("cat", "dog")
ORDINARY = 12  # sound pictures a class: enough to train on
USED = "used"


def picture(seed: int, size: tuple[int, int] = (120, 90), label: str = "cat") -> Image.Image:
    """A large shape on noise, another for every seed: no two are alike, and training can tell the classes apart."""
    rng = np.random.default_rng([CLASSES.index(label), seed])
    image = Image.fromarray(rng.integers(90, 230, (size[1], size[0], 3)).astype(np.uint8))
    pen, (x, y) = ImageDraw.Draw(image), (rng.uniform(0, 0.4, 2) * size).tolist()
    colour = (180, 30, 20) if label == "cat" else (20, 30, 180)
    (pen.ellipse if label == "cat" else pen.rectangle)((x, y, x + size[0] / 2, y + size[1] / 2), fill=colour)
    return image


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A sound PNG that claims a size and holds next to nothing."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0")),
        (b"IEND", b""),
    ]
    parts = [
        struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body)) for tag, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def ycck_jpeg(image: Image.Image) -> bytes:
    """A CMYK JPEG stored as YCCK: the same file but for its Adobe marker, which says how to read the colours."""
    content = encode(image.convert("CMYK"), "JPEG")
    at = content.index(b"Adobe")
    return content[: at + 11] + b"\x02" + content[at + 12 :]


def turned(image: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(image, "JPEG", exif=exif)


def colours(make: functools.partial) -> dict[str, bytes]:
    """Every way to store a pixel."""
    grey16 = Image.fromarray(np.linspace(0, 65535, 120 * 90).reshape(90, 120).astype(np.uint16))
    clear = make(20).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    palette = make(21).quantize(32)
    return {
        "cmyk.jpg": encode(make(22).convert("CMYK"), "JPEG"),
        "ycck.jpg": ycck_jpeg(make(23)),
        "grey.jpg": encode(make(24).convert("L"), "JPEG"),
        "grey 16 bit.png": encode(grey16, "PNG"),
        "rgba.png": encode(clear, "PNG"),
        "la.png": encode(clear.convert("LA"), "PNG"),
        "palette with a clear colour.png": encode(palette, "PNG", transparency=3),
        "one bit.png": encode(make(25).convert("1"), "PNG"),
        "bmp.bmp": encode(make(26), "BMP"),
        "tiff.tif": encode(make(27), "TIFF"),
        "tiff 16 bit.tiff": encode(grey16.transpose(Image.Transpose.ROTATE_90), "TIFF"),
    }


def containers(make: functools.partial) -> dict[str, bytes]:
    """Sound files of an unusual make: several images, another suffix, another name."""
    more = {"save_all": True, "append_images": [make(31), make(32)]}
    return {
        "animated.gif": encode(make(30), "GIF", **more),
        "animated.webp": encode(make(33), "WEBP", **more),
        "animated.png": encode(make(34), "PNG", **more),
        "pages.tif": encode(make(35), "TIFF", **more),
        "still.webp": encode(make(36), "WEBP"),
        "progressive.jpg": encode(make(37), "JPEG", progressive=True),
        "png named.jpg": encode(make(38), "PNG"),
        "UPPER CASE.JPEG": encode(make(39), "JPEG"),
        "猫の写真.jpg": encode(make(40), "JPEG"),
        "😺.jpg": encode(make(41), "JPEG"),
        " spaces  around .jpg": encode(make(42), "JPEG"),
        "trailing bytes.jpg": encode(make(43), "JPEG") + b"a later edit left this behind",
        **{f"orientation {turn}.jpg": turned(make(50 + turn), turn) for turn in range(1, 9)},
    }


def looks(make: functools.partial) -> dict[str, bytes]:
    """Sound files with hardly an image in them."""
    plain = {"uniform grey.png": (128,) * 3, "black.png": (0,) * 3, "white.png": (255,) * 3}
    return {
        "1 x 2000.png": encode(make(60, (1, 2000)), "PNG"),
        "1 x 1.png": encode(make(61, (1, 1)), "PNG"),
        "blurred.png": encode(make(62).filter(ImageFilter.GaussianBlur(6)), "PNG"),
        **{name: encode(Image.new("RGB", (120, 90), colour), "PNG") for name, colour in plain.items()},
    }


def broken(make: functools.partial) -> dict[str, tuple[bytes, str]]:
    """Files that hold no image, each with a part of the reason that is given."""
    jpeg, png = encode(make(70), "JPEG"), encode(make(71), "PNG")
    noise = np.random.default_rng(0).bytes(5000)
    return {
        "truncated.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "truncated.png": (png[: len(png) // 2], "truncated"),
        "empty.jpg": (b"", "empty"),
        "page.jpg": (b"<!DOCTYPE html><html><body>404 Not Found</body></html>", "not an image"),
        "random bytes.jpg": (noise, "not an image"),
        "random bytes inside.png": (png[:60] + noise + png[-12:], "undecodable"),
        "bomb.png": (png_header(50_000, 50_000), "too large"),
        "dicom named.jpg": (b"\0" * 128 + b"DICM" + b"\0" * 60, "DICOM"),
    }


def left_out() -> dict[str, tuple[bytes, str]]:
    """Files that are never opened; hidden ones are not even mentioned, so their reason is empty."""
    return {
        "camera.cr2": (b"II*\0\x10\0\0\0CR\2\0", "export it as JPEG"),
        "large.jpg_large": (encode(picture(82), "JPEG"), "it is a JPEG image, so let its name end in .jpg"),
        "notes.txt": (b"which cat was this?", "not an image file name"),
        "no suffix": (encode(picture(80), "JPEG"), "no suffix"),
        "Thumbs.db": (b"\xd0\xcf\x11\xe0", ""),
        ".hidden.jpg": (encode(picture(81), "JPEG"), ""),
        "._photo.jpg": (b"\0\5\26\7", ""),
    }


def build(folder: Path) -> dict[str, str]:
    """Fill `folder`/<class>/ with all that this system can store: at least thirty kinds, besides ordinary pictures.

    Returns:
        Name below `folder`, as the file system has it -> "used", or a part of the reason why it is not; "" for what is
        left out in silence. A name that is no UTF-8 comes with surrogates: `data.folder.printable` shows it.
    """
    make = functools.partial(picture, label="cat")
    files = {name: (content, USED) for group in (colours, containers, looks) for name, content in group(make).items()}
    files |= broken(make) | left_out()
    placed = {f"cat/{name}": filled for name, filled in files.items()}
    for label in CLASSES:
        placed |= {
            f"{label}/{number}.jpg": (encode(picture(number, label=label), "JPEG"), USED) for number in range(ORDINARY)
        }
    expected = {}
    for name, (content, reason) in placed.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        expected[name] = reason
    return expected | only_here(folder)


def only_here(folder: Path) -> dict[str, str]:
    """Make what only some systems have: links, permissions, names that are no UTF-8."""
    expected = {}
    sound = encode(picture(90), "JPEG")
    if sys.platform.startswith("linux"):
        name = "cat/" + os.fsdecode(b"caf\xe9.jpg")
        (folder / name).write_bytes(sound)
        expected[name] = USED
    try:
        (folder / "dog/loop").symlink_to(folder / "dog", target_is_directory=True)
        (folder / "dog/round.jpg").symlink_to(folder / "dog/round.jpg")
        (folder / "dog/gone.jpg").symlink_to(folder / "dog/nothing.jpg")
        expected |= {"dog/loop": "a link to a folder", "dog/round.jpg": "cannot be read", "dog/gone.jpg": "broken link"}
    except (OSError, NotImplementedError):  # Windows without the right to make links
        pass
    if hasattr(os, "geteuid") and os.geteuid() != 0:  # root may read everything
        (folder / "dog/forbidden.jpg").write_bytes(sound)
        (folder / "dog/forbidden.jpg").chmod(0)
        expected["dog/forbidden.jpg"] = "cannot be read"
    return expected
