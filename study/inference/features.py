"""Features of a frozen backbone: an image goes through it once; whatever needs its features later finds them kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from data.batches import Examples, eval_batches
from data.numpy_batches import cut, gather
from data.pixels import VERSION
from data.squares import Size
from data.store.rounds import rounds
from data.store.rows import Features, Rows, RowType
from data.store.store import Store
from study.inference import engine
from study.inference.engine import EngineChoice
from study.inference.frozen import FrozenBackbone
from study.inference.openvino_ir import Runner, run_traced
from study.runtime import console, hardware
from study.runtime.backend import user_errors
from study.runtime.background import prefetch

if TYPE_CHECKING:
    from data.augment.pipeline import Augment

BATCH = 64  # images held at a time
PROBE_IMAGES = 64  # training images on which the engine tries its precisions
CALIBRATED = 128  # training images by which ranges of 8-bit integers are chosen
IN_MEMORY = 100e6  # bytes of features up to which a head finds them all there: its epochs take two thirds as long
# As JSON: a machine then always takes the same for a network. Padded rows of that name go by the store's limit.
CHOICES = "choices of precision (1)"


@dataclass(frozen=True)
class FeatureSpec:
    """What features depend on beside network and images, and what computes them.

    Args:
        model: name of the network, for the store.
        image_size: side of the images in pixels; several, where parts of the network take different ones.
        resize: how they became square.
        engine: "auto", "openvino" or "tensorflow".
        precision: "auto", "float32", "bfloat16" or "int8".
    """

    model: str
    image_size: Size
    resize: str
    engine: str = "auto"
    precision: str = "auto"


def embed(
    frozen: FrozenBackbone, examples: Examples, spec: FeatureSpec, augment: Augment | None = None, views: int = 0
) -> tuple[Examples, EngineChoice]:
    """Run a frozen backbone once over every image: the same examples with features instead of pixels.

    Those of many images are left in the store, and cut out of it as `Features` when they are asked for.

    Changed copies of each training image join the training split, `views` of each, made by `augment`; the clean ones
    are always there. Training images go through the fastest engine and precision; validation and test through
    float32, so that the figures are those of the saved model to the fifth digit. Changed copies are not kept.
    """
    store, choice = frozen.store, cached_engine_choice(frozen, examples, spec)
    exact = frozen.lazy_runner(choice.engine, "float32"), features_row_type(frozen, spec, choice.engine, "float32")
    run, row_type = of_training(frozen, examples, spec, choice)
    by_split = {"train": (run, row_type), "val": exact, "test": exact}
    indices = dict(examples.indices)
    kept, indices["train"] = embed_into_store(run, examples, indices["train"], row_type, store, "embed train")
    memory, first = np.empty((sum(map(len, indices.values())), frozen.outputs), np.float32), 0
    for split, of_split in indices.items():
        here = memory[first : first + len(of_split)]
        run_split, rows_of_split = by_split[split]
        embed_into_memory(here, run_split, examples, of_split, rows_of_split, store, f"embed {split}")
        first += len(of_split)

    def compute(lost: np.ndarray) -> np.ndarray:
        return np.concatenate([run(batch) for batch in pixel_batches(examples, lost)])

    features = Features(memory, np.concatenate(list(indices.values())), kept, examples.indices["train"], compute)
    held = np.asarray(features) if 4 * np.prod(features.shape) <= IN_MEMORY else features
    clean = Examples(held, examples.labels, examples.indices, units=examples.units, seen=examples.seen)
    if not views:
        return clean, choice
    return add_views(clean, examples, frozen.runner(choice.engine, choice.precision), augment, views), choice


def embed_train(frozen: FrozenBackbone, examples: Examples, spec: FeatureSpec) -> np.ndarray:
    """Return the features of the training split only, float32 (rows, features), in the fastest precision."""
    run, row_type = of_training(frozen, examples, spec, cached_engine_choice(frozen, examples, spec))
    indices = examples.indices["train"]
    features = np.empty((len(indices), *row_type.shape), np.float32)
    embed_into_memory(features, run, examples, indices, row_type, frozen.store, "embed images")
    return features


def of_training(
    frozen: FrozenBackbone, examples: Examples, spec: FeatureSpec, choice: EngineChoice
) -> tuple[Runner, RowType]:
    """Return what embeds the training split, and the rows of the store that have its features.

    Those in 8-bit integers depend on the images that the ranges are chosen by, too.
    """
    precision = choice.precision
    if precision == "int8":
        by = " ".join(keys_of(examples, calibrate(frozen, examples)))
        precision = f"int8 {hashlib.sha256(by.encode()).hexdigest()}"
    return frozen.lazy_runner(choice.engine, choice.precision), features_row_type(
        frozen, spec, choice.engine, precision
    )


def calibrate(frozen: FrozenBackbone, examples: Examples) -> np.ndarray:
    """Let training images decide, once that is needed, the ranges of 8-bit integers; return which these are."""
    train = examples.indices["train"]
    chosen = train[np.linspace(0, len(train) - 1, min(CALIBRATED, len(train))).astype(int)]
    frozen.calibration = lambda: examples.inputs[chosen]
    return chosen


def embed_traced(frozen: FrozenBackbone, examples: Examples, indices: np.ndarray, spec: FeatureSpec) -> np.ndarray:
    """Return the features that TensorFlow's graph has of a few images, float32 (rows, features).

    Without a progress bar, unlike `embed_into_memory`: it runs under that of writing the run folder.
    """
    row_type, keys = features_row_type(frozen, spec, "tensorflow", "float32"), keys_of(examples, indices)
    features = np.empty((len(indices), *row_type.shape), np.float32)
    missing = np.flatnonzero(~frozen.store.rows(row_type, keys).read_into(features))
    if len(missing):
        features[missing] = run_traced(frozen.traced, examples.inputs[indices[missing]])
    with frozen.store.writer(row_type) as writer:
        for i in missing:
            if keys[i]:
                writer.add(keys[i], features[i])
    return features


def embed_some(run: Runner, examples: Examples, indices: np.ndarray, label: str) -> np.ndarray:
    """Return the features of some rows, float32 (rows, features), of a network that nothing is kept of."""
    return np.concatenate(list(run_batches(run, prefetch(pixel_batches(examples, indices)), len(indices), label)))


def features_row_type(frozen: FrozenBackbone, spec: FeatureSpec, engine: str, precision: str) -> RowType:
    """Name the rows of features by all that they depend on beside a file's content."""
    inputs = f"{spec.image_size} {spec.resize} ({VERSION})"
    name = f"features {spec.model} {frozen.fingerprint} {engine} {version(engine)} {precision} {inputs}"
    return RowType(name, (frozen.outputs,), "float32")


def embed_into_store(
    run: Runner, examples: Examples, indices: np.ndarray, row_type: RowType, store: Store, label: str
) -> tuple[Rows, np.ndarray]:
    """See to it that the store has the features of some rows; return what it has of them, and the rows that it has not.

    It has none where it is off, and not all where its limit or the disk is too small.
    """
    keys = keys_of(examples, indices)
    if examples.sha256 and store.has_room_for(row_type, len(indices)):
        missing = indices[~store.rows(row_type, keys).check().available()]
        for _ in compute_features(run, examples, missing, row_type, store, label):
            if store.trouble:  # such as a full disk: what is left goes into memory
                break
    kept = store.rows(row_type, keys)
    return kept, indices[~kept.available()]


def embed_into_memory(
    features: np.ndarray,
    run: Runner,
    examples: Examples,
    indices: np.ndarray,
    row_type: RowType,
    store: Store,
    label: str,
) -> None:
    """Put the features of some rows, one after the other, into `features`, float32 (len(rows), features)."""
    missing = np.flatnonzero(~store.rows(row_type, keys_of(examples, indices)).read_into(features))
    keeping = store if store.has_room_for(row_type, len(indices)) else Store(None)
    for places, outputs in compute_features(run, examples, indices[missing], row_type, keeping, label):
        features[missing[places]] = outputs


def keys_of(examples: Examples, indices: np.ndarray) -> list[str]:
    """Return the hash of the content behind each row; without hashes, keys that no row has."""
    return [examples.sha256[index] for index in indices] if examples.sha256 else [""] * len(indices)


def compute_features(
    run: Runner, examples: Examples, indices: np.ndarray, row_type: RowType, store: Store, label: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Run the backbone over some rows, and let the store keep their features: places among the rows, and features.

    Processes that share a store share the work: each passes over what it finds there before a round.
    """
    keys = keys_of(examples, indices)
    with console.bar(label, len(indices)) as advance:
        for places in rounds(np.arange(len(indices)), row_type):
            features = np.empty((len(places), *row_type.shape), np.float32)
            there = store.rows(row_type, [keys[place] for place in places]).read_into(features)
            if there.any():
                yield places[there], features[there]
                advance(step=there.sum())
            places, first = places[~there], 0
            with store.writer(row_type) as writer:
                for outputs in map(run, prefetch(pixel_batches(examples, indices[places]))):
                    own, first = places[first : first + len(outputs)], first + len(outputs)
                    for place, output in zip(own, outputs, strict=True):
                        if keys[place]:
                            writer.add(keys[place], output)
                    yield own, outputs
                    advance(step=len(outputs))


def pixel_batches(examples: Examples, indices: np.ndarray) -> Iterator[np.ndarray]:
    """Cut some rows into batches of pixels."""
    return (examples.inputs[rows] for rows in cut(indices, BATCH))


def run_batches(run: Runner, batches: Iterable[np.ndarray], images: int, label: str) -> Iterator[np.ndarray]:
    """Run an engine over batches of pixels behind a progress bar: each time float32 (batch, outputs)."""
    with console.bar(label, -(-images // BATCH)) as advance:
        for batch in batches:
            yield run(batch)
            advance()


def add_views(features: Examples, pixels: Examples, run: Runner, augment: Augment, views: int) -> Examples:
    """Embed augmented copies of the training images and put them behind the clean ones."""
    train = pixels.indices["train"]
    inputs, labels, indices = [features.inputs], features.labels, dict(features.indices)
    for view in range(1, views + 1):
        changed = changed_images(pixels, augment)
        batches = (np.rint(images).clip(0, 255).astype(np.uint8) for images in changed)
        indices["train"] = np.concatenate([indices["train"], len(labels) + np.arange(len(train))])
        labels = np.concatenate([labels, pixels.labels[train]])
        with user_errors():
            inputs.extend(run_batches(run, batches, len(train), f"embed augmented view {view}"))
    return Examples(np.concatenate(inputs), labels, indices, units=features.units, seen=features.seen)


def changed_images(pixels: Examples, augment: Augment) -> Iterator[np.ndarray]:
    """Yield the training images in their order, as `augment` changes them, in batches."""
    if hardware.tensorflow_available():
        augmented = eval_batches(pixels, "train", BATCH).map(augment)
        return (batch["images"] for batch in augmented.as_numpy_iterator())
    import keras

    batches = (augment(gather(pixels, rows)) for rows in cut(pixels.indices["train"], BATCH))
    return (keras.ops.convert_to_numpy(batch["images"]) for batch in batches)


def cached_engine_choice(frozen: FrozenBackbone, examples: Examples, spec: FeatureSpec) -> EngineChoice:
    """Choose engine and precision; what was measured once for a network on this machine is not measured again."""
    name, _ = engine.resolve_engine(spec.engine)
    measured_with = (hardware.machine(), name, version(name))
    key = " ".join(map(str, (frozen.fingerprint, spec.image_size, spec.engine, spec.precision, *measured_with)))
    if (kept := frozen.store.blob(CHOICES, key)) is not None:
        choice = EngineChoice(**json.loads(kept))
        return replace(choice, reason=f"{choice.reason} (measured earlier)")
    sample = examples.inputs[examples.indices["train"][:PROBE_IMAGES]]
    choice = engine.choose_engine(frozen, sample, spec.engine, spec.precision)
    if choice.images_per_second:
        frozen.store.keep_blob(CHOICES, key, json.dumps(asdict(choice)).encode())
    return choice
