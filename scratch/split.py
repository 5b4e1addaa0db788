"""Split: training, validation and test in the ratio 8:1:1, class by class, so that no test image has been seen before.

    stratified   each class is divided in the same ratio, so that one of ten groups or more is in every split
    grouped      images of one group (one animal, one burst of the camera) share a split: else near copies of a training
                 image stand in the test, and the score says how well images are remembered

Source: Kaufman et al., Leakage in data mining, ACM TKDD 6 (2012), https://doi.org/10.1145/2382577.2382579
"""

import numpy as np

NAMES = ("train", "val", "test")
RATIO = (8, 1, 1)


def stratified(labels: np.ndarray, rng: np.random.Generator, groups: np.ndarray | None = None) -> np.ndarray:
    """Give each image its split, str (n,).

    labels is int (n,); groups, int (n,), names what must stay together, images of one class: by default
    each image is a group of its own. Within a class whole groups are dealt out, so that the ratio is one of groups.

    Raises ValueError where a group has images of two classes.
    """
    groups = np.arange(len(labels)) if groups is None else groups
    if len({*zip(groups.tolist(), labels.tolist(), strict=True)}) > len(np.unique(groups)):
        raise ValueError("a group has images of two classes: each class is divided for itself, which would tear it")
    splits = np.empty(len(labels), dtype="<U5")
    ends = np.cumsum(RATIO) / sum(RATIO)  # 0.8, 0.9, 1.0
    for label in np.unique(labels):
        names = rng.permutation(np.unique(groups[labels == label]))
        places = (np.arange(len(names)) + 0.5) / len(names)  # (groups of the class,), within 0..1
        chosen = np.searchsorted(ends, places)
        for number, split in enumerate(NAMES):
            splits[(labels == label) & np.isin(groups, names[chosen == number])] = split
    return splits


def torn(splits: np.ndarray, groups: np.ndarray) -> int:
    """Count the groups whose images stand in more than one split: above 0, the split leaks."""
    return sum(len(np.unique(splits[groups == group])) > 1 for group in np.unique(groups))


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(100), 5)  # 100 bursts of 5 photos
    labels = (groups >= 70).astype(int)  # two classes, 70 bursts and 30
    for name, given in (("each photo for itself", None), ("each burst as one", groups)):
        splits = stratified(labels, rng, groups=given)
        counts = {split: np.bincount(labels[splits == split]).tolist() for split in NAMES}
        print(f"{name:22} images by class {counts}, bursts in more than one split: {torn(splits, groups)} of 100")
