"""The classifier that the settings ask for, on a backbone."""

from __future__ import annotations

import keras

from models.parts.head import head_on
from models.parts.options import last_initializer
from study import tasks
from study.settings.network import NetworkSettings
from study.settings.regularization import RegularizationSettings
from study.settings.resolve import options_of


def with_head(
    backbone: keras.Model, network: NetworkSettings, regularization: RegularizationSettings, num_classes: int, task: str
) -> keras.Model:
    """Put a head on a backbone: pixels -> (batch, num_classes) probabilities."""
    dropout = regularization.dropout if regularization.dropout_at != "blocks" else 0.0
    kernel_initializer = last_initializer(options_of(network, regularization))
    return head_on(backbone, num_classes, dropout, kernel_initializer, tasks.get(task).ACTIVATION)
