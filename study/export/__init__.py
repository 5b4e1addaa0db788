"""A run's network as one file for another program, compared with the run before it is written."""
