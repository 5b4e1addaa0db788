"""How far an answer can be trusted: its distance to what was learned, its probability, and what these are worth."""
