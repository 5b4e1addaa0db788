"""Where an export goes: a folder that is new, so that nothing is overwritten."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from errors import UserError
from study.runtime import output
from study.runtime.temporary import unfinished

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
        asked = Path(out)
        if asked.exists() and not (asked.is_dir() and not any(asked.iterdir())):
            raise UserError(f"--out takes a new or an empty folder. Received: {out}, which is there and not empty.")
        output.check_writable(asked.absolute().parent, "--out", make=False)
        return cls(asked, name)

    def take(self, made: Path) -> Path:
        """Copy what was made, and give it its name at the end: all of it or nothing. Return the folder."""

        def fill(folder: Path) -> None:
            shutil.copytree(made, folder, dirs_exist_ok=True)

        if self.asked is None:
            return output.save_run(PARENT, self.name, fill, "export", "--out")
        self.asked.absolute().parent.mkdir(parents=True, exist_ok=True)
        temporary = unfinished(self.asked.absolute().parent)
        try:
            fill(temporary)
            temporary.chmod(0o755)  # mkdtemp lets nobody else read
            if self.asked.exists():
                self.asked.rmdir()
            temporary.rename(self.asked)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise UserError(f"Cannot write --out {self.asked}: {error.strerror}. Give another folder.") from error
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        return self.asked
