"""Answers over HTTP by a saved run; what a stranger sends is bounded, and opens no file."""
