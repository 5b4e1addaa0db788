"""Many runs: compare them."""
