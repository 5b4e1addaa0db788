"""The classifier that the settings ask for, on a backbone."""

from __future__ import annotations

import keras

from models.parts.head import head_on
from models.parts.recipe import last_initializer
from study.settings.resolve import recipe_of
from study.settings.train import TrainSettings


def with_head(backbone: keras.Model, settings: TrainSettings, num_classes: int) -> keras.Model:
    """Put a head on a backbone: pixels -> (batch, num_classes) probabilities."""
    dropout = settings.dropout if settings.dropout_at != "blocks" else 0.0
    beginning = last_initializer(recipe_of(settings))
    return head_on(backbone, num_classes, dropout, beginning)
