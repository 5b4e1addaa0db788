"""A run as one page that answers by itself: the network, what runs it, and where images are dropped."""
