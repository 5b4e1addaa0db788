"""The settings of `fetch`."""

from __future__ import annotations

from dataclasses import dataclass

from errors import UserError
from study.settings.declare import Settings, setting


@dataclass(frozen=True)
class FetchSettings(Settings):
    """`python main.py fetch`."""

    paths: tuple[str, ...] = setting((), "the data set", metavar="animals10|oxford-pets")
    out: str | None = setting(None, "new folder for it (default: its name, in the folder where you are)", metavar="DIR")
    source: str | None = setting(
        None,
        "animals10: the archive or the folder that you downloaded from Kaggle; it stays as it is",
        name="from",
        metavar="archive.zip|FOLDER",
    )
    all: bool = setting(False, "animals10: all ten classes, not only dog, horse and cat", kind=bool)
    copy: bool = setting(
        False, "animals10, from a folder: copies of the images instead of hard links to them", kind=bool
    )
    species: bool = setting(False, "oxford-pets: two classes, cat and dog, instead of 37 breeds", kind=bool)

    def __post_init__(self) -> None:
        """Raise UserError for a flag of another data set."""
        super().__post_init__()
        of = {"--from": "animals10", "--all": "animals10", "--copy": "animals10", "--species": "oxford-pets"}
        given = {"--from": self.source, "--all": self.all, "--copy": self.copy, "--species": self.species}
        for flag, value in given.items():
            if value and self.paths and self.paths != (of[flag],):
                received = " ".join(self.paths)
                raise UserError(f"{flag} goes with {of[flag]}. Received: {received}; leave {flag} out.")
