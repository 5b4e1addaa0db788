"""The one error that a user can mend; every other exception is a fault of ours."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Say in one line what was received and what would be right; `main` prints it and exits with 2."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean 'lenet'? `, with a blank behind it, or nothing where nothing known is like a word."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean '{near[0]}'? " if near else ""
