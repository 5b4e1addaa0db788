"""The application: a room a job, each with a first line that says what it is for."""

import logging

# What these say while a command works helps nobody who waits for it: where Matplotlib may not keep its fonts, and that
# TensorFlow compiles anew for images of another size. Here, since it must stand before either is imported.
for library in ("matplotlib", "tensorflow"):
    logging.getLogger(library).setLevel(logging.ERROR)
