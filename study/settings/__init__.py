"""What can be set, what goes with what, and what it means."""

from study.settings.source import load_dataset as load_dataset
from study.settings.stages import Stage as Stage
from study.settings.stages import stages_of as stages_of
from study.settings.train import TrainSettings as TrainSettings
