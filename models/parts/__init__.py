"""What models are made of: the options and their layers, the head, weights, and the facts of a model file."""
