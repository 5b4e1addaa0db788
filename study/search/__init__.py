"""Search for better settings: which trials are drawn, how they are trained, and what of their lead is luck."""
