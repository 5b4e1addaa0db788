"""The parts of a one-file page and of a figure."""
