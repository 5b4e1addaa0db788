"""The application: a room a job, each with a first line that says what it is for."""
