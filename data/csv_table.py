"""A table that a person made or a spreadsheet saved, read without surprises; and cells that no spreadsheet runs.

A spreadsheet takes a cell that begins with = + - @, a tab or a carriage return for a formula. In the tables that we
write such text has an apostrophe in front, and reading takes just one off again: no two texts are written alike.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from data.names import composed
from errors import UserError

SEPARATORS = (",", ";", "\t")
_RUN = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NAMED_SEPARATOR = re.compile(r'"?sep=([,;\t])"?(?=[\r\n]|\Z)', re.IGNORECASE)  # a first line that Excel understands

Records = Iterator[tuple[int, list[str]]]  # the line where each begins, and its cells


def guard(text: str) -> str:
    """Write a text so that a spreadsheet shows it and does not run it as a formula."""
    return f"'{text}" if _RUN.match(text) else text


def unguard(cell: str) -> str:
    """Read what `guard` wrote."""
    return cell[1:] if _GUARDED.match(cell) else cell


def guarded(rows: Iterable[Sequence[object]]) -> Iterator[list[object]]:
    """Guard every cell that is text; numbers stay as they are."""
    for row in rows:
        yield [guard(cell) if isinstance(cell, str) else cell for cell in row]


def meant(cell: str, exists: Callable[[str], bool]) -> str:
    """Return the name that a cell means: the cell itself where there is such a name, else without spaces around it.

    In both an apostrophe is first taken for that of `guard`, and then for a part of the name.
    """
    forms = tuple(dict.fromkeys((unguard(cell), unguard(cell.strip()), cell, cell.strip())))
    return forms[0] if len(forms) == 1 else next(filter(exists, forms), unguard(cell.strip()))


class Names:
    """The names that cells of a table may mean: a function of a cell that returns one of them, else the cell's text.

    A cell means the name that it has, as `meant` says, else one that differs only in the form of Unicode (macOS and a
    keyboard write パ in two ways), in a `./` in front, or in the direction of its slashes.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = set(names)
        self.by_plain: dict[str, str] | None = None

    def __call__(self, cell: str) -> str:
        """Return the name that a cell means."""
        name = meant(cell, self.names.__contains__)
        if name in self.names:
            return name
        if self.by_plain is None:
            self.by_plain = {plain(known): known for known in sorted(self.names)}
        return self.by_plain.get(plain(name), name)


def plain(name: str) -> str:
    """Return a path below a folder as any program may write it: composed, with slashes, without `./`."""
    return PurePosixPath(composed(name).replace("\\", "/")).as_posix()


def no_names(cell: str) -> str:
    """Return the text of a cell where no names are known."""
    return meant(cell, lambda name: False)


@dataclass(frozen=True)
class Table:
    """A table of which the header is read.

    Args:
        shown: how messages name it.
        text: all of it.
        separator: that stands between its cells.
        columns: their names without spaces around; known ones in small letters, "" for one without a name.
        records: the rest, not yet read.
    """

    shown: str
    text: str
    separator: str
    columns: tuple[str, ...]
    records: Records

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the line and the cells of each row, by the names of their columns; a short row lacks some.

        Raises:
            UserError: two columns have one name, a row has more cells than there are columns, or quotes do not match.
        """
        names = [name for name in self.columns if name]
        if twice := {name for name in names if names.count(name) > 1}:
            raise UserError(f"{self.shown} has the column {min(twice)} twice: leave one of the two out.")
        width = len(self.columns)
        for line, cells in self.records:
            if any(cell.strip() for cell in cells[width:]):
                separator = "tab" if self.separator == "\t" else self.separator
                raise UserError(
                    f"{self.shown}, line {line} has {len(cells)} cells under {width} columns. A cell that has a "
                    f"{separator} in it stands in quotation marks."
                )
            yield line, {name: cell for name, cell in zip(self.columns, cells, strict=False) if name}


def read(path: Path, shown: str, known: Collection[str], needed: Collection[str]) -> Table:
    """Open a table: UTF-8 or UTF-16, separated by comma, semicolon or tab, with a line `sep=;` first or not.

    Args:
        path: of the file.
        shown: how messages name it.
        known: columns that are found in upper and lower case.
        needed: those by which the separator is recognised; whether they are there is for the caller to see.

    Raises:
        OSError: it cannot be read.
        UserError: it is in another encoding.
    """
    text = decode(path.read_bytes(), shown)
    first = _NAMED_SEPARATOR.match(text)
    rest = text[first.end() :] if first else text  # its end of line stays, so that lines are counted right
    opened, refused = [], []
    for separator in sorted(SEPARATORS, key=lambda one: first is None or one != first[1]):
        try:
            records = _records(rest, separator, shown)
            columns = _columns(next(records, (0, []))[1], known)
        except UserError as error:  # quotation marks may only look wrong for want of the right separator
            refused.append(error)
            continue
        opened.append(Table(shown, text, separator, columns, records))
        if set(needed) <= set(columns):
            return opened[-1]
    if not opened:
        raise refused[0]
    return max(opened, key=lambda table: len(table.columns))


def with_columns(path: Path, shown: str, needed: Sequence[str], expected: str, known: Collection[str] = ()) -> Table:
    """Open a table that has to have some columns.

    Args:
        path: of the file.
        shown: how messages name it.
        needed: columns without which there is nothing to read.
        expected: what to give instead, for messages.
        known: further columns that are found in upper and lower case.

    Raises:
        UserError: it cannot be read, or has not these columns.
    """
    try:
        table = read(path, shown, {*needed, *known}, needed)
    except OSError as error:
        raise UserError(f"Cannot read {shown}: {error.strerror}. Give {expected}.") from error
    if missing := [name for name in needed if name not in table.columns]:
        has = ", ".join(filter(None, table.columns))
        raise UserError(f"{shown} has no column {', '.join(missing)}: give {expected}. It has: {has or 'none'}.")
    return table


def decode(content: bytes, shown: str) -> str:
    """Return the text of a file. Raise UserError, with the bytes that are the trouble, for another encoding."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = _line(content[: error.start].decode(encoding, "ignore"))
        byte = content[error.start : error.start + 1]
        letter = byte.decode("cp1252", "ignore")
        hint = f", which is {letter} in Windows-1252" if letter and letter.isprintable() else ""
        fault = f"is not in UTF-8: line {line} has the byte 0x{byte.hex()}{hint}"
        if encoding == "utf-16":
            fault = f"begins as UTF-16 and is cut or damaged in line {line}"
        raise UserError(f"{shown} {fault}. Save it as CSV in UTF-8.") from error
    if "\0" in text:
        line = _line(text[: text.index("\0")])
        raise UserError(
            f"{shown}, line {line} has a zero byte: it is no text, or UTF-16 without a mark. Save it as CSV in UTF-8."
        )
    return text


def _line(before: str) -> int:
    return 1 + max(before.count("\n"), before.count("\r"))


def _records(text: str, separator: str, shown: str) -> Records:
    """Yield the records that are not empty. Raise UserError where quotation marks do not match."""
    if ' "' in text or '" ' in text:
        text = _without_spaces_at_quotes(text, separator)
    # Strict: else a quotation mark that is never closed would swallow the rest of the table without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                f"{shown}, line {line} cannot be read ({error}): close every quotation mark, write one within a quoted "
                f"cell twice, and give a cell no more than {csv.field_size_limit():,} characters."
            ) from error
        if any(cell.strip() for cell in cells):
            yield line, cells


def _without_spaces_at_quotes(text: str, separator: str) -> str:
    """Take off the spaces between a separator and a quotation mark; those of cells without one stay."""
    between = f"{separator}\r\n"
    quoted = rf'(?: *("(?:[^"]|"")*+") *(?=[{between}]|\Z))?'
    return re.sub(rf"(\A|[{between}]){quoted}([^{between}]*)", lambda cell: "".join(map(str, cell.groups(""))), text)


def _columns(header: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the names of the columns without the empty ones at the end."""
    names = [composed(unguard(name.strip())) for name in header]
    while names and not names[-1]:
        names.pop()
    return tuple(name.casefold() if name.casefold() in known else name for name in names)
