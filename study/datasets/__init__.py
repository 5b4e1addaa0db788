"""A data set as such: written with its split in a form that other programs read."""
