"""What models are made of: the recipe and its layers, the head, weights, and the facts of a model file."""
