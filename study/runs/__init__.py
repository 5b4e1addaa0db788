"""What is kept: run folders, their report, the table of the store."""
