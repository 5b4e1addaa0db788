"""The road of one training, from the settings to its run folder."""

from study.train.figures import curves as curves
from study.train.prepare import resolve_learning as resolve_learning
from study.train.run import train as train
