"""Many runs: compare them, cross-validate."""
