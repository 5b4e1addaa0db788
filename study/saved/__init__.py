"""Ask the network of a finished run: what answers fastest, what it finds in images, and what they are cut to before."""
