"""Where an export goes: a folder that is new, so that nothing is overwritten."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from study.runtime import new_folder, output

PARENT = Path("exports")


@dataclass(frozen=True)
class Place:
    """The folder that was asked for; None: one of its own in `exports`, named by date, time and `name`."""

    asked: Path | None
    name: str

    @classmethod
    def of(cls, out: str | None, name: str) -> Place:
        """Return the place. Raise UserError now, not after the work, where it is taken or cannot be written."""
        if out is None:
            output.check_writable(PARENT, "the folder", make=False)
            return cls(None, name)
        new_folder.check(Path(out))
        return cls(Path(out), name)

    def take(self, made: Path) -> Path:
        """Copy what was made, and give it its name at the end: all of it or nothing. Return the folder."""

        def fill(folder: Path) -> None:
            shutil.copytree(made, folder, dirs_exist_ok=True)

        if self.asked is None:
            return output.save_run(PARENT, self.name, fill, "export", "--out")
        with new_folder.filled(self.asked) as folder:
            fill(folder)
        return self.asked
