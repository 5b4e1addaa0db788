"""Which level of a folder names the classes, and which the splits; told from the names of folders alone."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data.names import natural_key, printable
from errors import UserError

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training", "train_set", "training_set"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "val_set", "validation_set"), "val"),
    **dict.fromkeys(("test", "testing", "test_set"), "test"),
}
# In a name such as `seg_train` or `test1`; the last kind is what competitions hand out beside training images.
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "trainset"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "valset", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "testset"), "test"),
    **dict.fromkeys(("pred", "prediction", "eval", "evaluation", "holdout", "unlabeled", "unlabelled"), "other"),
}
MIN_SHARED = 2  # names of folders that first-level folders have in common before they are taken for containers
SHOWN = 4  # names in a message


@dataclass(frozen=True)
class Layout:
    """Where in a path below the root the class stands, and where the split; None where no folder names one."""

    class_at: int = 0
    split_at: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """Return how many folders of a path they take up."""
        return 1 + max(self.class_at, self.split_at or 0)


@dataclass
class Node:
    """A folder with images in or below it: its folders of that kind, and the images that lie in itself."""

    folders: dict[str, Node] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)


def find(
    root: Path, images: Sequence[tuple[str, ...]], tops: Sequence[str], beside: Sequence[str], explained: bool
) -> Layout:
    """Tell classes from splits.

    Args:
        root: the folder.
        images: path of each image below it, as names.
        tops: all folders in the root, those without images too.
        beside: files in the root that are no images.
        explained: whether the user has said what folders below the classes are.

    Raises:
        UserError: what stands where the classes should be are splits, or folders that hold the classes.
    """
    top = tree(images)
    if is_ready_made(root, tops, top):
        refuse_nested(root, top)
        return Layout(1, 0)
    refuse_splits(root, top, beside)
    if holds_splits(top) and (explained or not repeated_below_splits(top)):
        return Layout(0, 1)
    if not explained:
        refuse_shared(root, top)
    return Layout(notes=tuple(unused_splits(top)))


def tree(images: Sequence[tuple[str, ...]]) -> Node:
    """Build the tree of the folders that hold images."""
    top = Node()
    for *folders, name in sorted(images):
        node = top
        for folder in folders:
            node = node.folders.setdefault(folder, Node())
        node.images.append(name)
    return top


def split_named(name: str) -> str:
    """Return "train", "val" or "test" where a folder is named as one; nothing elsewhere."""
    return SPLIT_NAMES.get(name.casefold(), "")


def is_ready_made(root: Path, tops: Sequence[str], top: Node) -> bool:
    """Say whether the first-level folders are splits. Raise UserError where some are, and others hold images too."""
    split_of = {name: split_named(name) for name in tops}
    splits = set(split_of.values()) - {""}
    if len(splits) < 2:  # a single one is a class of that name
        return False
    others = [printable(name) for name, split in split_of.items() if not split and name in top.folders]
    if others or "train" not in splits:
        named = ", ".join(printable(name) for name, split in split_of.items() if split)
        why = f"beside {', '.join(others[:3])}" if others else "and no train"
        raise UserError(
            f"{root} has {named}, which are names of splits, {why}: give a folder of classes, or one of splits, train "
            "among them, with the classes below."
        )
    return True


def holds_splits(top: Node) -> bool:
    """Say whether every class is divided into splits, `cat/train` and `cat/test`, and holds nothing else."""
    classes = top.folders.values()
    if any(node.images or not all(map(split_named, node.folders)) for node in classes):
        return False
    splits = [{split_named(name) for name in node.folders} for node in classes]
    return bool(splits) and all("train" in own for own in splits) and len(set().union(*splits)) > 1


def repeated_below_splits(top: Node) -> bool:
    """Say whether splits hold folders of the same names, as `bottle/train/good` and `bottle/test/good`: classes."""
    for node in top.folders.values():
        names = [name for split in node.folders.values() for name in split.folders if not numbered(name)]
        if len(names) > len(set(names)):
            return True
    return False


def numbered(name: str) -> bool:
    """Say whether a name ends in a number, as those of patients, clips and days do."""
    return name[-1:].isdecimal()


def unused_splits(top: Node) -> list[str]:
    """Tell which classes hold folders that are named as splits and are none."""
    lines = []
    for name, node in top.folders.items():
        named = [sub for sub in node.folders if split_named(sub)]
        if len({split_named(sub) for sub in named}) > 1:
            lines.append(
                f"careful: {printable(name)} holds {listed(named)}, named as splits, which are not used: every class "
                "folder would need train and val or test, and nothing beside them"
            )
    return lines


def split_word(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the split that a name tells, and the words beside: `seg_train` -> ("train", ("seg",)); else ("", ())."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold()
    words = re.findall(r"[^\W\d_]+", spaced)
    found = [SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS]
    return (found[0], tuple(word for word in words if word not in SPLIT_WORDS)) if len(found) == 1 else ("", ())


def refuse_splits(root: Path, top: Node, beside: Sequence[str]) -> None:
    """Raise UserError where first-level folders are named as splits of one set: train and test1, seg_train, seg_test.

    A single such name, as `test_tube` or `train`, is a class.
    """
    families = defaultdict(list)
    for name in top.folders:
        split, rest = split_word(name)
        if split:
            families[rest].append((split, name))
    for members in families.values():
        if "train" in (splits := {split for split, _ in members}) and len(splits) > 1:
            train = next(name for split, name in members if split == "train")
            raise UserError(
                f"{printable(str(root))}: {listed([name for _, name in members])} are named as splits, not as classes"
                f"{way_on(root, top.folders[train], train, beside)}"
            )


def refuse_nested(root: Path, top: Node) -> None:
    """Raise UserError where a split holds nothing but a folder that is named as one too: train/train/<class>."""
    for name, node in sorted(top.folders.items(), key=lambda item: split_named(item[0]) != "train"):
        if not node.images and len(node.folders) == 1 and split_named(below := next(iter(node.folders))):
            raise UserError(
                f"{printable(str(root))}: {printable(below)} in {printable(name)} is named as a split, not as a class"
                f"{way_on(root, node, name, ())}"
            )


def way_on(root: Path, node: Node, name: str, beside: Sequence[str]) -> str:
    """Return what to give instead: the folder in which the classes are, or a table."""
    path = root / name
    while not node.images and len(node.folders) == 1:
        ((below, node),) = node.folders.items()
        path /= below
    if len(node.folders) > 1:
        return (
            f"; the classes ({listed(node.folders)}) are in {printable(str(path))}: give that folder, or one that "
            "holds them below train and test."
        )
    tables = [file for file in beside if file.casefold().endswith(".csv")]
    firsts = {found[0] for file in node.images if (found := re.match(r"[^\W\d_]{2,}", file))}
    hint = f"{listed(tables)} beside them may name the classes: " if tables else ""
    if not tables and 1 < len(firsts) <= len(node.images) // 2:
        hint = f"names such as {printable(node.images[0])} may tell the classes: "
    return (
        f", and {printable(name)} has no folders of classes; {hint}give a table with the columns path,label, or put "
        f"the images of {printable(name)} into one sub-folder for each class and give that folder."
    )


def refuse_shared(root: Path, top: Node) -> None:
    """Raise UserError where all first-level folders hold folders of the same names, and nothing else."""
    holders = {name: inner(node) for name, node in top.folders.items()}
    if len(holders) < 2 or any(node.images or len(node.folders) < 2 for node in holders.values()):
        return
    names = [{sub.casefold() for sub in node.folders} for node in holders.values()]
    common, every = set.intersection(*names), set.union(*names)
    groups = not any(map(split_named, common)) and all(map(numbered, common))  # patient01 in either class
    if groups or len(common) < MIN_SHARED or 2 * len(common) < len(every):
        return
    first = next(iter(top.folders))
    found = classes_below(root / first, top.folders[first])
    shown = [sub for sub in holders[first].folders if sub.casefold() in common]
    give = f"give one folder of classes, such as {printable(str(found[0]))} ({listed(found[1])})" if found else ""
    raise UserError(
        f"{printable(str(root))}: {listed(holders)} hold folders of the same names ({listed(shown)}), so that the "
        f"classes seem to lie further down: {give or 'give a table with the columns path,label'}; where "
        f"{listed(holders)} are the classes, give `group` folder or `group` none, which say what the folders in them "
        "are."
    )


def inner(node: Node) -> Node:
    """Return the first folder that holds images or several folders."""
    while not node.images and len(node.folders) == 1:
        (node,) = node.folders.values()
    return node


def classes_below(path: Path, node: Node) -> tuple[Path, list[str]] | None:
    """Return the first folder at or below `path` that can be given as classes, or as splits with classes, and those."""
    waiting = deque([(path, node)])
    while waiting:
        path, node = waiting.popleft()
        splits = {split_named(name) for name in node.folders}
        if len(node.folders) > 1 and not node.images and (splits == {""} or ("train" in splits and "" not in splits)):
            return path, list(node.folders)
        waiting += [(path / name, below) for name, below in node.folders.items()]
    return None


def listed(names: Sequence[str] | dict[str, Node]) -> str:
    """`buildings, forest, sea`; of many the first."""
    shown = [printable(name) for name in sorted(names, key=natural_key)]
    return ", ".join([*shown[:SHOWN], "…"] if len(shown) > SHOWN else shown)
