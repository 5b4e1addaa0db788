"""What can be set, what goes with what, and what it means."""
