"""What tells best that an image shows something unknown: its distance to what was learned, or the largest probability?

    python benchmarks/unknown.py --data PHOTOS [--seeds 5] [--known 500 1000 2000 5000]
    python benchmarks/unknown.py --data PHOTOS --drawings original [--seeds 5]

A head on EfficientNet-Lite0 learns each class of a folder but one, and is shown the test images of all: the class that
was held out is unknown. A head of all classes is shown the test images beside other things: drawings of houses, noise,
text as on a screen, and the photos that scikit-image and scikit-learn bring along. For each kind the area under the ROC
curve (AUROC: the chance that an unknown image is ranked above a known one; 0.5 is guessing) of the mean cosine distance
to the 10 nearest known features, of 1 - the largest probability, and of both joined (the mean of their ranks among the
known test images), as mean and standard deviation over the seeds of split and head. The last table is the AUROC of the
distance, and the seconds of its leave-one-out limit, by how many training images are kept. Heads are multinomial
logistic regressions. Takes a minute a seed with the features in the store.

With --drawings the network is one that `train` trains from random weights on drawings of cats, dogs and horses. Unknown
are the other things and photos of the three, and to networks that learned two of the classes the drawings of the third;
known are the drawings of validation and test. The ways are the distance by the features, which are the means of the
last maps; by the channel statistics that `predict` goes by; 1 - the largest probability; and the latter two joined. The
last column is the share that is called unlike by the limit of the run. Takes four trainings a seed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parent.parent))
ROOT = Path(__file__).resolve().parent.parent
MODEL, SIZE, OTHERS, PHOTOS = "efficientnet_lite", 224, 60, 200


def drawn_scene(rng: np.random.Generator) -> Image.Image:
    """Return a drawing of houses, trees and a sun: flat shapes on a ground."""
    sky, ground = (tuple(rng.integers(90, 256, 3).tolist()) for _ in range(2))
    image = Image.new("RGB", (SIZE, SIZE), sky)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, SIZE * 2 // 3, SIZE, SIZE), fill=ground)
    for _ in range(rng.integers(2, 7)):
        x, width, height = (int(value) for value in rng.integers(20, 90, 3) * (2, 1, 1))
        base, colour = int(rng.integers(150, 200)), tuple(rng.integers(0, 256, 3).tolist())
        pen.rectangle((x, base - height, x + width, base), fill=colour, outline="black")
        pen.polygon(
            [(x, base - height), (x + width, base - height), (x + width // 2, base - height - 30)], fill="brown"
        )
    pen.ellipse((170, 15, 205, 50), fill="yellow")
    return image


def text_screen(rng: np.random.Generator) -> Image.Image:
    """Return rows of words in a window."""
    dark = bool(rng.integers(2))
    image = Image.new("RGB", (SIZE, SIZE), "#202020" if dark else "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, SIZE, 18), fill=tuple(rng.integers(60, 200, 3).tolist()))
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz      ():=._"))
    for y in range(24, SIZE - 8, int(rng.integers(10, 18))):
        line = "".join(rng.choice(letters, int(rng.integers(5, 45))))
        pen.text((6 + 12 * int(rng.integers(3)), y), line, fill="#d0d0d0" if dark else "black")
    return image


def noise(rng: np.random.Generator) -> Image.Image:
    """Return noise in grains of 1 to 16 pixels."""
    side = SIZE // int(2 ** rng.integers(0, 5))
    return Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).resize(
        (SIZE, SIZE), Image.Resampling.NEAREST
    )


def bundled_photos() -> list[Image.Image]:
    """Return the photos of scikit-learn and, where it is installed, of scikit-image, without the cat among them."""
    from sklearn.datasets import load_sample_images

    photos = list(load_sample_images().images)
    try:
        from skimage import data

        photos += [
            getattr(data, name)() for name in ("astronaut", "camera", "coffee", "rocket", "coins", "page", "text")
        ]
    except ImportError:
        print("scikit-image is not installed: without its photos")
    return [Image.fromarray(photo).convert("RGB") for photo in photos]


def other_things() -> dict[str, np.ndarray]:
    """Return pixels by kind, uint8 (n, SIZE, SIZE, 3)."""
    from data.image import resize

    rng = np.random.default_rng(0)
    makers = {"drawn scenes": drawn_scene, "noise": noise, "text on a screen": text_screen}
    kinds = {name: [make(rng) for _ in range(OTHERS)] for name, make in makers.items()}
    kinds["bundled photos"] = bundled_photos()
    return {name: np.stack([np.asarray(resize(image, SIZE, "crop")) for image in of]) for name, of in kinds.items()}


def embedded(folder: str) -> tuple[np.ndarray, np.ndarray, list[str], dict[str, np.ndarray]]:
    """Return features and labels of a folder's images, its class names, and features of other things by kind."""
    import models
    from models.parts.options import ArchitectureOptions
    from models.parts.weights import build_backbone
    from study.inference.features import FeatureSpec, embed
    from study.inference.frozen import FrozenBackbone
    from study.runtime import backend
    from study.settings.resolve import defaults_of, resolve
    from study.settings.source import load_dataset, store_of

    backend.start(0)
    flags = {"model": MODEL, "data": folder}
    settings = resolve(flags, defaults_of(models.get(MODEL).SPEC, flags))
    store = store_of(settings.data)
    dataset = load_dataset(settings, store)
    frozen = FrozenBackbone(build_backbone(MODEL, SIZE, "imagenet", ArchitectureOptions()), store)
    features, choice = embed(frozen, dataset.examples(), FeatureSpec(MODEL, SIZE, settings.data.resize))
    run = frozen.runner(choice.engine, "float32")
    others = {name: run(pixels) for name, pixels in other_things().items()}
    return features.inputs[np.arange(len(features.labels))], features.labels, list(dataset.class_names), others


def scores(
    train: np.ndarray, labels: np.ndarray, known: np.ndarray, unknown: np.ndarray, seed: int
) -> Mapping[str, float]:
    """Return the AUROC of each way to tell unknown images from known ones, all given as features."""
    from scipy.stats import percentileofscore
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    from study.confidence import neighbours

    kept = neighbours.directions(train[neighbours.sample(labels, neighbours.MOST, seed)])
    head = LogisticRegression(C=0.1, max_iter=200).fit(train, labels)
    both = np.concatenate([known, unknown])
    ways = {"distance": neighbours.distances(both, kept), "probability": 1 - head.predict_proba(both).max(axis=1)}
    ways["joined"] = np.mean([percentileofscore(way[: len(known)], way) for way in ways.values()], axis=0)
    truth = np.arange(len(both)) >= len(known)
    return {name: roc_auc_score(truth, way) for name, way in ways.items()}


def by_number_kept(features: np.ndarray, labels: np.ndarray, test: np.ndarray, sizes: list[int]) -> None:
    """Print the AUROC of the distance for each class held out, by how many training images are kept."""
    from sklearn.metrics import roc_auc_score

    from study.confidence import neighbours

    print(f"{'kept':>6}  AUROC of the distance by class held out; seconds of leave-one-out")
    for size in sizes:
        found, seconds = [], 0.0
        for out in np.unique(labels):
            rows = np.flatnonzero(~test & (labels != out))
            kept = neighbours.directions(features[rows[neighbours.sample(labels[rows], size, 0)]])
            started = time.perf_counter()
            neighbours.leave_one_out(kept, np.arange(len(kept)))
            seconds = time.perf_counter() - started
            found.append(roc_auc_score(labels[test] == out, neighbours.distances(features[test], kept)))
        print(f"{size:>6}  {'  '.join(f'{value:.4f}' for value in found)}  {seconds:.2f} s", flush=True)


def trained_on_drawings(model: str, seed: int, without: str = "") -> Path:
    """Train a network on the drawings, of all classes but one, and return its run folder."""
    runs = Path(tempfile.mkdtemp(prefix="unknown-"))
    words = ["train", "-m", model, "--seed", str(seed), "--runs", str(runs)]
    if without:
        (runs.parent / f"{runs.name}.csv").write_text(f"folder,class\n{without},\n", encoding="utf-8")
        words += ["--labels", str(runs.parent / f"{runs.name}.csv")]
    subprocess.run([sys.executable, "main.py", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (run,) = runs.iterdir()
    return run


def by_run(run: Path, kinds: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Return of each kind of unknown images the AUROC of each way to tell them, and the share that is called unlike."""
    from scipy.stats import percentileofscore
    from sklearn.metrics import roc_auc_score

    from data.split import read_split
    from study.confidence import neighbours
    from study.inference import channel_statistics
    from study.runs.folder import load_classifier, read_run
    from study.runs.images import images_of

    opened, entries = read_run(run), read_split(run / "split.csv")
    classifier, files, size = load_classifier(opened), images_of(opened), opened.info["image_size"]
    splits = {"train": ("train",), "known": ("val", "test")}
    pixels = {
        name: read_images([files[row.path] for row in entries if row.split in of], size) for name, of in splits.items()
    } | {name: shrunk(of, size) for name, of in kinds.items()}
    ways: dict[str, Mapping[str, np.ndarray]] = {}
    for way, layers in (("features", []), ("statistics", channel_statistics.layers_of(classifier.layers[1]))):
        network = channel_statistics.with_statistics(classifier, layers)
        found = {name: network.predict(of.astype(np.float32), verbose=0) for name, of in pixels.items()}
        learned = neighbours.directions(found["train"][1])
        ways[way] = {name: neighbours.distances(features, learned) for name, (_, features) in found.items()}
    limit = neighbours.limit(neighbours.leave_one_out(learned, np.arange(len(learned))), neighbours.FALSE_ALARMS)
    ways["probability"] = {name: 1 - shares.max(axis=1) for name, (shares, _) in found.items()}
    ranks = [
        {name: percentileofscore(ways[way]["known"], of) for name, of in ways[way].items()} for way in list(ways)[1:]
    ]
    ways["joined"] = {name: ranks[0][name] + ranks[1][name] for name in found}
    results = {}
    for kind in ("known", *kinds):
        truth = np.repeat([0, 1], [len(pixels["known"]), len(pixels[kind])])
        results[kind] = {way: roc_auc_score(truth, np.concatenate([of["known"], of[kind]])) for way, of in ways.items()}
        results[kind]["unlike"] = float((ways["statistics"][kind] > limit).mean())
    return results


def read_images(files: Sequence[Path], size: int) -> np.ndarray:
    """Return images as the network sees them, uint8 (n, size, size, 3)."""
    from data.image import load

    return np.stack([load(file.read_bytes(), size, "crop") for file in files])


def shrunk(pixels: np.ndarray, size: int) -> np.ndarray:
    """Return squares at another size."""
    from data.image import resize

    return np.stack([np.asarray(resize(Image.fromarray(image), size, "crop")) for image in pixels])


def on_drawings(folder: str, model: str, seeds: int) -> None:
    """Print what tells unknown images from drawings, to networks that learned drawings from random weights."""
    from data.dataset import synthetic_images
    from study.runtime import backend

    backend.start(0)
    drawings, results = synthetic_images(), {}
    others = other_things()
    for label in ("cat", "dog", "horse"):
        photos = sorted((Path(folder) / label).iterdir())
        some = np.random.default_rng(0).permutation(len(photos))[:PHOTOS]
        others[f"photos of {label}s"] = read_images([photos[i] for i in some], SIZE)
    for seed in range(seeds):
        for kind, of_kind in by_run(trained_on_drawings(model, seed), others).items():
            results.setdefault(kind, []).append(of_kind)
        for label in ("cat", "dog", "horse"):
            held_out = {f"{label} held out": read_images(sorted((drawings / label).iterdir())[:PHOTOS], SIZE)}
            found = by_run(trained_on_drawings(model, seed, label), held_out)
            results.setdefault(f"{label} held out", []).append(found[f"{label} held out"])
    ways = list(results["known"][0])
    print(f"{'unknown':24}" + "".join(f"{way:>16}" for way in ways))
    for kind, found in results.items():
        cells = [[one[way] for one in found] for way in ways]
        print(f"{kind:24}" + "".join(f"{np.mean(cell):9.3f} ± {np.std(cell):.3f}" for cell in cells), flush=True)


def main(folder: str, seeds: int, sizes: list[int]) -> None:
    """Print both tables."""
    features, labels, names, others = embedded(folder)
    results: dict[str, list[Mapping[str, float]]] = {}
    for seed in range(seeds):
        test = np.random.default_rng(seed).random(len(labels)) < 0.1
        for out, name in enumerate(names):
            rows, same = ~test & (labels != out), test & (labels != out)
            found = scores(features[rows], labels[rows], features[same], features[test & (labels == out)], seed)
            results.setdefault(f"{name} held out", []).append(found)
        for kind, of_kind in others.items():
            found = scores(features[~test], labels[~test], features[test], of_kind, seed)
            results.setdefault(f"{kind} ({len(of_kind)})", []).append(found)
    print(f"{'unknown':24}{'distance':>16}{'probability':>16}{'joined':>16}")
    for kind, found in results.items():
        cells = [[one[way] for one in found] for way in ("distance", "probability", "joined")]
        print(f"{kind:24}" + "".join(f"{np.mean(cell):9.3f} ± {np.std(cell):.3f}" for cell in cells), flush=True)
    by_number_kept(features, labels, np.random.default_rng(0).random(len(labels)) < 0.1, sizes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="PHOTOS", help="folder with one sub-folder of photos a class")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="splits and heads (default 5)")
    parser.add_argument(
        "--known", nargs="+", type=int, default=[500, 1000, 2000, 5000], metavar="N", help="training images kept"
    )
    parser.add_argument(
        "--drawings", metavar="MODEL", help="networks of a model that learn drawings from random weights"
    )
    asked = parser.parse_args()
    if asked.drawings:
        on_drawings(asked.data, asked.drawings, asked.seeds)
        sys.exit()
    main(asked.data, asked.seeds, asked.known)
