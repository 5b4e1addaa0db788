"""How far the features of the small install, without TensorFlow, are from those of the whole one.

    python benchmarks/slim_features.py [--data PHOTOS] [--images 20]

EfficientNet-Lite0 made for OpenVINO directly, and the Keras network that is converted from TensorFlow's graph: the
largest difference of a feature, and the smallest cosine similarity of an image's features. Without --data, drawings.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from data import folder, pixels
from data.dataset import synthetic_images
from data.store.store import Store
from study.inference import built, engine
from study.inference.frozen import FrozenBackbone
from study.runtime import backend, hardware

SIZE = 224


def read(root: Path, count: int) -> np.ndarray:
    """Return `count` images, evenly from the whole folder, uint8 (count, SIZE, SIZE, 3)."""
    files, _ = folder.list_images([root])
    chosen = [files[i] for i in np.linspace(0, len(files) - 1, count).astype(int).tolist()]
    return np.stack([pixels.read(file, SIZE, "crop", None)[1] for file in chosen])


def main() -> None:
    """Print a line for each precision and pair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of images (default: drawings)")
    parser.add_argument("--images", type=int, default=20, metavar="N", help="how many of them (default 20)")
    given = parser.parse_args()
    from study.runtime import console

    images = read(given.data or synthetic_images(console.bar), given.images)
    backend.start()
    from models.parts.weights import build_backbone

    slim = built.imagenet_backbone("efficientnet_lite", SIZE, Store(None))
    whole = FrozenBackbone(build_backbone("efficientnet_lite", SIZE, "imagenet"))
    keras = whole.runner("tensorflow", "float32")(images)
    for precision in ("float32", "bfloat16")[: 1 + hardware.has_bfloat16()]:
        one, other = (network.runner("openvino", precision)(images) for network in (slim, whole))
        for name, a, b in (
            ("slim to whole", one, other),
            ("slim to Keras in float32", one, keras),
            ("whole to Keras in float32", other, keras),
        ):
            apart, largest = np.abs(a - b).max(), np.abs(b).max()
            print(
                f"{precision}, {len(images)} images, {name}: difference at most {apart:.2g} of features up to "
                f"{largest:.2f}, cosine similarity at least {engine.smallest_cosine(a, b):.6f}"
            )


if __name__ == "__main__":
    main()
