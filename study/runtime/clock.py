"""The clock of this machine, as far as a file has to tell its time."""

from __future__ import annotations

import time

from errors import UserError

FIRST, LAST = 1980, 2107  # years: a ZIP archive has seven bits for them


def check_for_archives() -> None:
    """Raise UserError where the clock tells a time that no ZIP archive can hold, and so no network can be saved."""
    now = time.localtime(time.time())
    if not FIRST <= now.tm_year <= LAST:
        raise UserError(
            f"The clock of this machine says {time.strftime('%Y-%m-%d %H:%M', now)}, and the ZIP archive that is to be "
            f"written takes a time from {FIRST} to {LAST}. Set the clock."
        )
