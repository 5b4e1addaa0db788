"""What a file is, by its first bytes, and the true reason why it gives no image, with the way on."""

from __future__ import annotations

import contextlib
import struct

from PIL import Image

# Only formats that photos come in: Pillow would also hand PostScript to Ghostscript, or guess at headerless files.
# "JPEG" opens MPO too, "PNG" APNG, "PPM" PGM and PBM.
READ = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM")
HEIC_SUFFIXES = (".heic", ".heif", ".hif")
MAX_PIXELS = 178_956_970  # where Pillow itself refuses; about 0.7 GB once decoded
HEAD = 4096  # bytes from the start of a file that tell what it is

Image.init()  # register every format now: decode runs in threads
with contextlib.suppress(ImportError):
    import pillow_heif

    pillow_heif.register_heif_opener()
FORMATS = (*READ, "HEIF") if "HEIF" in Image.OPEN else READ
SHOWN = ", ".join("HEIC" if name == "HEIF" else name for name in FORMATS)

PHOTOS = "python -m pip install -r requirements-photos.txt"
EXPORT = "export it as PNG or JPEG"
HEIC = f"a HEIC photo, which needs pillow-heif ({PHOTOS}); or export it as JPEG"
DICOM = "a DICOM file, which is not read here: export it as 16-bit PNG or TIFF"
JPEG_XL = f"a JPEG XL image, which is not read here: {EXPORT}"
RAW = "a RAW photo{maker}, which is not read here: export it as JPEG or TIFF"
BROKEN, STRANGE = "undecodable", "not an image"

_SIGNATURES = (  # where in the file, what stands there, kind of the error, what the file is
    (8, b"CR\2", BROKEN, RAW.format(maker=" (CR2)")),
    (0, b"FUJIFILMCCD-RAW", BROKEN, RAW.format(maker=" (RAF)")),
    (0, b"IIRO", BROKEN, RAW.format(maker=" (ORF)")),
    (0, b"IIRS", BROKEN, RAW.format(maker=" (ORF)")),
    (0, b"IIU\0", BROKEN, RAW.format(maker=" (RW2)")),
    (128, b"DICM", BROKEN, DICOM),
    (0, b"\xff\x0a", BROKEN, JPEG_XL),
    (0, b"\0\0\0\x0cJXL ", BROKEN, JPEG_XL),
    (0, b"8BPS", BROKEN, f"a Photoshop file, which is not read here: {EXPORT}"),
    (0, b"\0\0\1\0", BROKEN, f"an icon (ICO), which is not read here: {EXPORT}"),
    (0, b"v/1\x01", BROKEN, "an OpenEXR image, which is not read here: export it as TIFF or PNG"),
    (0, b"SIMPLE  =", BROKEN, "a FITS image, which is not read here: export it as TIFF or PNG"),
    (0, b"\x89HDF", STRANGE, "an HDF5 file: export its images as TIFF or PNG"),
    (0, b"\x93NUMPY", STRANGE, "a NumPy array: save it as TIFF or PNG"),
    (0, b"%PDF", STRANGE, f"a PDF document: {EXPORT}"),
    (0, b"%!PS", STRANGE, f"a PostScript file: {EXPORT}"),
    (0, b"PK\3\4", STRANGE, "a ZIP archive: unpack it"),
    (0, b"version https://git-lfs", STRANGE, "a pointer of Git LFS in the place of the file: run git lfs pull"),
    (0, b"bplist00", STRANGE, "a property list, such as a placeholder of iCloud: download the photo itself"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1"}
_RAW = ("cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "dng", "orf", "rw2", "raf", "pef", "srw", "x3f")
BY_SUFFIX = {
    **dict.fromkeys(HEIC_SUFFIXES, HEIC),
    **{f".{name}": RAW.format(maker=f" ({name.upper()})") for name in _RAW},
    **dict.fromkeys((".dcm", ".dicom"), DICOM),
    ".jxl": JPEG_XL,
}
USUAL_SUFFIX = {"JPEG": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2", "HEIF": ".heic"}


class ImageError(ValueError):
    """Why a file gives no image: `kind`, one of five words to count by, and a one-line `reason` to show.

    The kinds: "empty", "not an image", "truncated", "too large", "undecodable".
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = " ".join(reason.split())

    def __str__(self) -> str:
        """Give the reason alone."""
        return self.reason


def format_of(head: bytes) -> str:
    """Return Pillow's name of the format that a file begins like, of those that are read; nothing for another."""
    named = brands(head)
    others = ("PPM", "AVIF") if named and not named & {b"avif", b"avis"} else ("PPM",)  # AVIF and HEIC share brands
    name = next((name for name in FORMATS if name not in others and Image.OPEN[name][1](head[:32]) is True), "")
    if not name and head[:1] == b"P" and head[1:2] in b"123456f" and head[2:3] in b"\n\r\t #":
        return "PPM"  # Pillow would take any text that begins with such a letter for one
    return name


def brands(head: bytes) -> set[bytes]:
    """Return the brands that a file of the ISO base format (HEIC, AVIF, MP4 …) names; none for another file."""
    if head[4:8] != b"ftyp":
        return set()
    named = head[8:12] + head[16 : max(16, min(len(head), int.from_bytes(head[:4], "big")))]
    return {named[at : at + 4] for at in range(0, len(named), 4)}


def foreign(head: bytes) -> ImageError | None:
    """Name a file that is not read here, by its first bytes; None where they tell nothing of that kind."""
    for at, mark, kind, what in _SIGNATURES:
        if head[at : at + len(mark)] == mark:
            return ImageError(kind, what if kind == BROKEN else f"not an image but {what}")
    if found := brands(head):
        if b"crx " in found:
            return ImageError(BROKEN, RAW.format(maker=" (CR3)"))
        if found & {b"avif", b"avis"}:
            return None
        if found & _HEIC_BRANDS:
            return None if "HEIF" in FORMATS else ImageError(BROKEN, HEIC)
        return ImageError(STRANGE, "not an image but a video (MP4, MOV): take frames out of it")
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return ImageError(STRANGE, f"not an image of pixels but a drawing in SVG: {EXPORT}")
    if start.startswith((b"<!doctype html", b"<html")):
        return ImageError(STRANGE, "not an image but a web page (HTML): download the image itself")
    if start.startswith(b"<?xml"):
        return ImageError(STRANGE, "not an image but a text in XML, such as a server's error: download the image again")
    if len(head) > 64 and not any(head):
        return ImageError(STRANGE, "not an image but zero bytes only: it was not fully copied")
    return None


def by_name(suffix: str, head: bytes) -> str:
    """Say of a file whose suffix is not one of an image what it is all the same; nothing where it is no image."""
    named, form = BY_SUFFIX.get(suffix.lower(), ""), format_of(head)
    if (found := foreign(head)) and (named or found.kind == BROKEN):
        return found.reason
    if form and not (named and form == "TIFF"):  # some RAW formats begin like one
        return f"it is a {form} image, so let its name end in {USUAL_SUFFIX.get(form, f'.{form.lower()}')}"
    return named


def explain(error: Exception, content: bytes) -> ImageError:
    """Return the reason why a file's content could not be decoded."""
    if isinstance(error, Image.DecompressionBombError):
        return ImageError("too large", f"too large: more than {MAX_PIXELS:,} pixels")
    if isinstance(error, MemoryError):
        return ImageError("too large", "too large for the memory of this computer")
    if found := foreign(content[:HEAD]):
        return found
    kind = format_of(content[:HEAD])
    if not kind:
        reason = f"not an image in a format read here ({SHOWN}); it starts with {content[:12]!r}"
        return ImageError("not an image", reason)
    if "truncated" in str(error).lower() or is_cut(content, kind):
        return ImageError("truncated", f"truncated: the {kind} file ends before the image does")
    if isinstance(error, Image.UnidentifiedImageError):  # its text names a BytesIO object, of no use to anybody
        return ImageError("undecodable", f"undecodable: a {kind} file with a broken or unsupported header")
    return ImageError("undecodable", f"undecodable: a broken {kind} file ({error or type(error).__name__})")


def is_cut(content: bytes, kind: str) -> bool:
    """Say whether a file ends too early: Pillow calls many such "unidentified", so look at what each format says."""
    if kind in ("JPEG", "GIF"):
        return not content.rstrip(b"\0").endswith(b"\xff\xd9" if kind == "JPEG" else b";")
    if kind == "JPEG2000":
        return not content.endswith(b"\xff\xd9")
    if kind == "PNG":
        return b"IEND" not in content[-64:]
    if kind == "PPM":
        return False
    if len(content) < 16:
        return True
    if kind in ("AVIF", "HEIF"):
        at = 0
        while at + 8 <= len(content):
            at += max(8, int.from_bytes(content[at : at + 4], "big"))
        return at != len(content)
    if kind == "TIFF":
        return struct.unpack_from("<I" if content[:2] == b"II" else ">I", content, 4)[0] + 2 > len(content)
    return struct.unpack_from("<I", content, 2 if kind == "BMP" else 4)[0] > len(content)
