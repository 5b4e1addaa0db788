"""Synthetic images of cats, dogs and horses, drawn by code with all their annotations."""
