"""The road of one training, from the settings to its run folder."""
