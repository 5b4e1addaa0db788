"""Our EfficientNet-Lite networks against those of PyTorch with the same weights, on photos: how far are they apart?

    python benchmarks/lite_reference.py --data PHOTOS [--images 20] [--models NAME …]

It needs more than the program does: `pip install torch efficientnet_lite_pytorch`. Each photo is decoded by the program
at the model's own size, and scaled for PyTorch as the network was trained. Prints the largest absolute difference of
features and of probabilities, and ends with code 1 where one is above 1e-4.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

TOLERANCE = 1e-4
THEIRS = {
    "efficientnet_lite": "efficientnet-lite0",
    "efficientnet_lite1": "efficientnet-lite1",
    "efficientnet_lite2": "efficientnet-lite2",
}


def some_photos(data: str, count: int, size: int) -> np.ndarray:
    """Return photos spread over a folder and the folders in it, uint8 (count, size, size, 3)."""
    from data.image import load
    from data.walk import IMAGE_SUFFIXES

    files = sorted(path for path in Path(data).rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    chosen = np.linspace(0, len(files) - 1, count).round().astype(int)
    return np.stack([load(files[i].read_bytes(), size, "crop") for i in chosen])


def ours(name: str, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return features and probabilities of our network."""
    import keras

    import models

    whole = models.get(name).imagenet_classifier()
    both = keras.Model(whole.input, [whole.get_layer("pool").output, whole.output])
    features, probabilities = both.predict(pixels.astype(np.float32), verbose=0)
    return features, probabilities


def theirs(name: str, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return features and probabilities of PyTorch's network."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    from models.parts.lite_weights import weights_path

    network = EfficientNet.from_name(THEIRS[name])
    network.load_state_dict(torch.load(weights_path(name), weights_only=True))
    network.eval()
    with torch.no_grad():
        scaled = torch.from_numpy(((pixels.astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2).copy())
        features = network.extract_features(scaled).mean(dim=(2, 3))
        return features.numpy(), torch.softmax(network(scaled), dim=1).numpy()


def main(data: str, count: int, names: Sequence[str]) -> int:
    """Print the differences of each model; return the exit code."""
    import models

    too_far = False
    for name in names:
        size = models.get(name).SPEC.image_size
        pixels = some_photos(data, count, size)
        apart = [np.abs(a - b).max() for a, b in zip(ours(name, pixels), theirs(name, pixels), strict=True)]
        print(f"{name}, {size} px, {len(pixels)} photos: features {apart[0]:.1e}, probabilities {apart[1]:.1e} apart")
        too_far |= max(apart) > TOLERANCE
    return int(too_far)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="PHOTOS", help="a folder of photos")
    parser.add_argument("--images", type=int, default=20, metavar="N", help="photos (default 20)")
    parser.add_argument("--models", nargs="+", default=list(THEIRS), metavar="NAME", help="default: all three")
    asked = parser.parse_args()
    backend.start()
    sys.exit(main(asked.data, asked.images, asked.models))
