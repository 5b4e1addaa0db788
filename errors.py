"""The one error that a user can mend; every other exception is a fault of ours."""


class UserError(Exception):
    """Say in one line what was received and what would be right; `main` prints it and exits with 2."""
