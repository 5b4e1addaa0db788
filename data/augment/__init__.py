"""What may be done to a training batch."""
