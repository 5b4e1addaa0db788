"""Predictions by a saved run; needs no model file and no settings."""
