"""What the members of an ensemble learn from: features, labels, and which rows of them belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.batches import Examples
from data.dataset import Dataset
from errors import UserError
from study.fit.head_training import HeadData
from study.folds.divide import Labelled
from study.settings.stages import Stage
from study.settings.train import TrainSettings


@dataclass(frozen=True)
class Material:
    """Features of all images, behind them those of augmented views of the training images if any; what is asked for.

    `data`: features and labels of every row. `images`: class and unit of each of the training images. `indices`: split
    -> rows of its images. `stage`: of a head. `members`: how many are asked for. `l2`: the penalty that was asked for.
    """

    data: HeadData
    images: Labelled
    indices: Mapping[str, np.ndarray]
    stage: Stage
    settings: TrainSettings
    members: int
    l2: float | None = None

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        features: Examples,
        stage: Stage,
        settings: TrainSettings,
        members: int,
        l2: float | None = None,
    ) -> Material:
        """Gather it. Raise UserError where a class has no image to learn from."""
        number = len(dataset.entries)
        labels = np.asarray(features.labels)
        indices = {split: rows[rows < number] for split, rows in features.indices.items()}
        train, names = indices["train"], dataset.class_names
        if lacking := [name for index, name in enumerate(names) if index not in set(labels[train].tolist())]:
            raise UserError(f"There is no training image of {', '.join(lacking)}: add images, or leave the class out.")
        images = Labelled.of(labels[train], [dataset.units[row] for row in train], names)
        rows = np.asarray(features.inputs[np.arange(len(labels))], np.float32)
        return cls(HeadData(rows, labels, names), images, indices, stage, settings, members, l2)

    @property
    def seed(self) -> int:
        """Return the seed of all that is drawn."""
        return self.settings.data.seed

    @cached_property
    def by_split(self) -> dict[str, np.ndarray]:
        """Return split -> features of its images, without augmented views."""
        return {split: self.data.features[rows] for split, rows in self.indices.items()}

    def rows_of(self, places: np.ndarray) -> np.ndarray:
        """Return the rows of training images, given by their places among these, with their augmented views."""
        train = self.indices["train"]
        images = sum(map(len, self.indices.values()))
        views = (len(self.data.labels) - images) // len(train)
        return np.concatenate([train[places], *(images + view * len(train) + places for view in range(views))])

    @property
    def all_rows(self) -> np.ndarray:
        """Return the rows of all training images, with their augmented views."""
        return self.rows_of(np.arange(len(self.images.labels)))

    @property
    def counted(self) -> str:
        """Return `6,475 training images`."""
        return f"{len(self.images.labels):,} training images"
