"""Predictions by a saved run; needs no model file and no settings."""

from study.predict.run import predict as predict
from study.runs.folder import read_run as open_run  # noqa: F401 - a public name
