"""From a folder on disk to a sorted list of photos, each with its class; no image is opened here."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path

from data import layout as layout_of
from data.formats import HEIC
from data.layout import SPLIT_NAMES, Layout
from data.names import composed, labels_of, natural_key, printable
from data.walk import FOLDER, IMAGE, IMAGE_SUFFIXES, kind_of, not_an_image, walk
from errors import UserError

SPLITS = ("train", "val", "test")
SPLIT_TEXT = {"train": "train", "val": "validation", "test": "test"}  # what they are called in a sentence

EMPTY = "no image files in this folder"
OUTSIDE = "outside the class folders"
_NEEDED = (
    "give a folder that holds one sub-folder of photos for each class, or a table, .csv, with the columns path,label"
)


@dataclass(frozen=True)
class ImageRecord:
    """One photo: where to open it, its printable posix name below the root, its class, its split if ready-made.

    `group` names what must stay in one split with others of that name; nothing where it may go anywhere. `folder` is
    that below its class in which it lies, if any.
    """

    path: Path
    name: str
    label: str
    split: str | None
    group: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Skipped:
    """One file or folder that was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Scan:
    """What a folder, or a table, holds: `images` and `class_names` in natural order, `skipped` in that of names.

    `notes` are lines for the user on how the folder was read; `files` hold or name the images, where some do.
    `several_labels`: whether an image may have several labels, or none; its label is then what `join_labels` wrote.
    """

    root: Path
    images: tuple[ImageRecord, ...]
    skipped: tuple[Skipped, ...]
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    several_labels: bool = False

    def labels_of(self, image: ImageRecord) -> tuple[str, ...]:
        """Return the class of an image, or its labels."""
        return labels_of(image.label, self.several_labels)

    @property
    def base(self) -> Path:
        """Return the folder below which the images are named."""
        return self.root.parent if self.root.is_file() else self.root


@dataclass
class _Listing:
    images: list[Path] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)


def scan(root: Path, min_classes: int = 2, explained: bool = False) -> Scan:
    """List the photos below `root`: its sub-folders are the classes, searched to any depth.

    Where the sub-folders are all named train (training, training_set …), val (validation …) and test (testing …), with
    train and at least one more, they are ready-made splits and the classes lie one level below; where every class holds
    such folders and nothing else, those are. `explained`: whether it is known what the folders below the classes are.

    Raises:
        UserError: fewer than two classes, or `min_classes`, hold an image; or splits, or folders that hold the
            classes, stand where the classes should.
    """
    root = Path(root)
    _check_folder(root)
    listing = _search(root)
    below = [path.relative_to(root).parts for path in listing.images]
    layout = _layout(root, listing, below, explained)
    images, skipped = [], []
    for path, parts in zip(listing.images, below, strict=True):
        if len(parts) <= layout.depth:
            skipped.append((path, OUTSIDE))
        else:
            split = SPLIT_NAMES[parts[layout.split_at].casefold()] if layout.split_at is not None else None
            folder = printable(parts[layout.depth]) if len(parts) > layout.depth + 1 else ""
            label = composed(printable(parts[layout.class_at]))
            record = ImageRecord(path, printable("/".join(parts)), label, split, folder=folder)
            images.append((_in_order(parts), record))
    for path, reason in listing.skipped:
        outside = len(path.relative_to(root).parts) <= layout.depth and reason.startswith("not an image")
        skipped.append((path, f"{OUTSIDE}, and {reason}" if outside else reason))
    filled = {parts[: layout.depth] for parts in below}
    skipped += _empty_classes(listing, root, filled, layout.depth)

    images = [record for _, record in sorted(images, key=itemgetter(0))]
    skipped.sort(key=lambda item: _path_key(item[0], root))
    class_names = tuple(sorted({image.label for image in images}, key=natural_key))
    left_out = tuple(Skipped(_name(path, root), why) for path, why in skipped)
    result = Scan(root, tuple(images), left_out, class_names, layout.notes)
    _check_classes(result, min_classes)
    return without_lone_train(result)


def _layout(root: Path, found: _Listing, below: Sequence[tuple[str, ...]], explained: bool) -> Layout:
    tops = [folder.name for folder in found.folders if folder.parent == root]
    beside = [path.name for path, _ in found.skipped if path.parent == root]
    return layout_of.find(root, below, tops, beside, explained)


def without_lone_train(result: Scan) -> Scan:
    """Where train alone has classes, no split is given: all three are taken out of it."""
    if {image.split for image in result.images} != {"train"}:
        return result
    loose = [item.name for item in result.skipped if item.reason == OUTSIDE and "/" in item.name]
    places = ", ".join(sorted({name.split("/")[0] for name in loose}))
    unused = f"; the {len(loose):,} image(s) in {places} have no class and are not used" if loose else ""
    note = f"{printable(str(result.root))}: only train has images of classes, so validation and test come out of it"
    images = tuple(replace(image, split=None) for image in result.images)
    return replace(result, images=images, notes=(*result.notes, note + unused))


def paths_below(root: Path) -> dict[str, Path]:
    """Return name, as `scan` gives it -> file, of all image files below a folder, whatever its classes are."""
    return {_name(path, root): path for path in _search(root).images}


def list_images(paths: Iterable[Path]) -> tuple[list[Path], list[Skipped]]:
    """List the files to predict on: a file as it is, whatever its name; a folder's image files, to any depth.

    The order is the one given, natural within a folder, each file once. What is missing or unreadable is skipped.
    """
    images, skipped = [], []
    for path in map(Path, paths):
        kind = kind_of(path)
        if kind == "file":
            images.append(path)
        elif kind == "folder":
            listing = _search(path)
            images += sorted(listing.images, key=lambda image: _path_key(image, path))
            skipped += sorted(listing.skipped, key=lambda item: _path_key(item[0], path))
        else:
            skipped.append((path, kind))
    return list(dict.fromkeys(images)), [Skipped(printable(path.as_posix()), why) for path, why in skipped]


def _search(root: Path) -> _Listing:
    listing = _Listing()
    for path, kind in walk(root):
        if kind == IMAGE:
            listing.images.append(path)
        elif kind == FOLDER:
            listing.folders.append(path)
        else:
            listing.skipped.append((path, kind))
    return listing


def reason_skipped(path: Path) -> str:
    """Return why a path is no image file, by its kind and name; nothing where it may be one."""
    kind = kind_of(path)
    if kind == "file":
        return "" if path.suffix.lower() in IMAGE_SUFFIXES else not_an_image(path)
    return "a folder, not an image" if kind == "folder" else kind


def _empty_classes(
    listing: _Listing, root: Path, filled: Container[tuple[str, ...]], depth: int
) -> list[tuple[Path, str]]:
    explained = {path for path, reason in listing.skipped if reason.startswith("cannot be read")}
    folders = {folder: folder.relative_to(root).parts for folder in listing.folders}
    empty = [folder for folder, parts in folders.items() if len(parts) == depth and parts not in filled]
    return [(folder, EMPTY) for folder in empty if folder not in explained]


def _name(path: Path, root: Path) -> str:
    return printable(path.relative_to(root).as_posix())


def _path_key(path: Path, root: Path) -> list[tuple[list[str | int], str]]:
    return _in_order(path.relative_to(root).parts)


def _in_order(parts: Sequence[str]) -> list[tuple[list[str | int], str]]:
    return [natural_key(part) for part in parts]


def _check_folder(root: Path) -> None:
    kind, shown = kind_of(root), printable(str(root))
    if kind == "file":
        raise UserError(f"{shown} is a file; {_NEEDED}")
    if kind != "folder":
        raise UserError(f"{shown}: {kind}; {_NEEDED}")
    try:
        next(root.iterdir(), None)
    except OSError as error:
        raise UserError(f"{shown}: cannot be read ({error.strerror}); give a folder that you may open") from error


def _check_classes(result: Scan, min_classes: int) -> None:
    shown, skipped = printable(str(result.root)), result.skipped
    stray = [item for item in skipped if item.reason == OUTSIDE]
    if not result.images and stray:
        raise UserError(
            f"{shown}: {len(stray)} image file(s), such as {stray[0].name}, but no class folders; "
            "put them into one sub-folder for each class, such as cat and dog"
        )
    if not result.images:
        files = [item for item in skipped if item.reason != EMPTY]
        left_out = f" ({len(files)} skipped, such as {files[0].name}: {files[0].reason})" if files else ""
        raise UserError(
            f"{shown}: no images found{left_out}; give a folder that holds one sub-folder for each class, "
            f"with files ending in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    if len(result.class_names) < min_classes:
        top = result.root / result.images[0].path.relative_to(result.root).parts[0]
        nested = any(len(image.path.relative_to(top).parts) > 1 for image in result.images if image.split is None)
        hint = f"; if the classes are the folders in it, give {printable(str(top))}" if nested else ""
        found = f"only one class, {result.class_names[0]}; at least two sub-folders with images are needed"
        heic = [item for item in skipped if item.reason.endswith(HEIC)]
        left_out = f" ({len(heic):,} left out, such as {heic[0].name}: {HEIC})" if heic else ""
        raise UserError(f"{shown}: {found}{left_out}{hint}")
