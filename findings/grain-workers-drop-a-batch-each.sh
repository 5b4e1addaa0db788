#!/usr/bin/env bash
# One would expect the number of worker processes to change how fast images come, and not which. In Grain each worker process
# takes every n-th image and makes batches of its own, so each has a remainder. With drop_remainder=True each worker drops one:
# 1,000 images in batches of 64 are 15 batches with no worker or one, 12 with four, and 8 with eight, which is half of the
# images, the same half in each epoch where the order is not shuffled. 100 images in batches of 32 are 3 batches, and none at
# all with four workers: the loop ends at once, nothing is trained and nothing is said. Without drop_remainder the batches are
# 25, 25, 25, 25 in place of 32, 32, 32 and 4, for larger sets more of them, and a mean over batches is another.
# It holds for DataLoader(worker_count=…) and for mp_prefetch after batch. A program that asks for as many workers as there are
# cores trains on less on the larger machine; of worker_count the docstring says that it makes the work parallel.
# Place batch after mp_prefetch, or use no worker process (threads read images anyway), and count the images of an epoch.
# Seen with grain 0.2.18, numpy 2.4.6, 1 December 2026. Sources: https://github.com/google/grain/issues/953,
# https://github.com/google/grain/issues/1129
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check grain==0.2.18 numpy==2.4.6
cd "$work"
cat > workers.py <<'PYTHON'
"""Count the batches of an epoch with several numbers of worker processes."""
from importlib.metadata import version

import grain
import numpy as np
from absl import flags


def loader(images, batch, workers, drop):
    return grain.DataLoader(
        data_source=grain.MapDataset.source(list(range(images))),
        sampler=grain.samplers.IndexSampler(images, num_epochs=1, shuffle=False),
        operations=[grain.transforms.Batch(batch, drop_remainder=drop)],
        worker_count=workers,
    )


def pipeline(images, batch, workers, drop):
    dataset = grain.MapDataset.source(list(range(images))).to_iter_dataset().batch(batch, drop_remainder=drop)
    return dataset.mp_prefetch(grain.MultiprocessingOptions(num_workers=workers)) if workers else dataset


def batched_last(images, batch, workers, drop):
    dataset = grain.MapDataset.source(list(range(images))).to_iter_dataset()
    dataset = dataset.mp_prefetch(grain.MultiprocessingOptions(num_workers=workers)) if workers else dataset
    return dataset.batch(batch, drop_remainder=drop)


def sizes(make, images, batch, workers, drop=True):
    batches = [np.array(batch) for batch in make(images, batch, workers, drop)]
    seen = len({int(image) for batch in batches for image in batch})
    counts = [len(batch) for batch in batches]
    shown = counts if len(counts) < 6 else f"{len(counts)} batches"
    print(f"{make.__name__}, {images} images, {workers} workers, drop {drop}: {shown}, {seen} images seen")
    return counts


if __name__ == "__main__":
    flags.FLAGS.mark_as_parsed()
    print("grain", version("grain"), "numpy", np.__version__)
    for make in (loader, pipeline):
        assert sizes(make, 100, 32, 0) == [32, 32, 32]
        assert sizes(make, 100, 32, 2) == [32, 32]
        assert sizes(make, 100, 32, 4) == []
        assert sizes(make, 100, 32, 0, False) == [32, 32, 32, 4]
        assert sizes(make, 100, 32, 4, False) == [25, 25, 25, 25]
    assert [len(sizes(loader, 1000, 64, workers)) for workers in (0, 1, 4, 8)] == [15, 15, 12, 8]
    assert sizes(batched_last, 100, 32, 4) == [32, 32, 32]
    assert len(sizes(batched_last, 1000, 64, 4)) == 15
PYTHON
venv/bin/python workers.py 2> errors || { tail -3 errors; echo "the behaviour has changed"; exit 1; }
