"""Photos on disk: find them, decode them, feed them to a model."""
