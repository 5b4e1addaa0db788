"""The classifier that the settings ask for, on a backbone."""

from __future__ import annotations

import keras

from models.parts import head as heads
from models.parts.options import last_initializer
from study import tasks
from study.settings.network import NetworkSettings
from study.settings.regularization import RegularizationSettings
from study.settings.resolve import options_of


def with_head(
    backbone: keras.Model, network: NetworkSettings, regularization: RegularizationSettings, num_classes: int, task: str
) -> keras.Model:
    """Put a head on a backbone: pixels -> (batch, num_classes) probabilities."""
    dropout, kernel_initializer = _of_head(network, regularization)
    return heads.head_on(backbone, num_classes, dropout, kernel_initializer, tasks.get(task).ACTIVATION)


def new_head(
    num_features: int, network: NetworkSettings, regularization: RegularizationSettings, num_classes: int, task: str
) -> keras.Model:
    """Return the head alone: features of a frozen backbone -> (batch, num_classes) probabilities."""
    dropout, kernel_initializer = _of_head(network, regularization)
    activation = tasks.get(task).ACTIVATION
    return heads.head(num_features, num_classes, dropout, kernel_initializer, activation=activation)


def _of_head(network: NetworkSettings, regularization: RegularizationSettings) -> tuple[float, str | keras.Initializer]:
    dropout = regularization.dropout if regularization.dropout_at != "blocks" else 0.0
    return dropout, last_initializer(options_of(network, regularization))
