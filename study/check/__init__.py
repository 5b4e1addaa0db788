"""Audit a folder before training: duplicates, odd images, classes, suspected label errors."""
