"""Unfinished trainings: what is kept of them on the disk, so that a killed one goes on where it was."""
