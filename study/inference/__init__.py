"""Run a network that does not learn: engines, OpenVINO, features."""
