"""Rows of arrays by the hash of a file's content, written once and found again by later runs."""
