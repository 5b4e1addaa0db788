"""Several classifiers that answer as one: how members are made, joined into one network, and judged."""
