"""Tables in files: CSV, plain or in a gz or zip, record by record, each with the line on which it ends."""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from sensors.errors import Mistake

_UTF8 = "utf-8-sig"

_BROKEN = (EOFError, OSError, zlib.error, BadZipFile)
"""What is raised on the way by a compressed file that was cut off or changed."""


Bad = Callable[[Mistake], None]
"""Told of what is wrong with a row; the row is left out if it returns."""


def refuse(mistake: Mistake) -> None:
    """Leave nothing out.

    Raises:
        Mistake: always.
    """
    raise mistake


class Table:
    """A CSV that is read once, front to back, in bounded memory; made by ``open_table``."""

    def __init__(self, path: Path, text: IO[str], delimiter: str, bad: Bad) -> None:
        self._path, self.bad = path, bad
        self._reader = csv.reader(text, delimiter=delimiter, strict=True)
        self._records = self._read()
        _, head = next(self._records, (0, []))
        if not head:
            raise Mistake(path, None, "file", "expected a line of column names, but it is empty")
        self.columns = tuple(name.strip() for name in head)

    def places(self, names: Sequence[str]) -> list[int]:
        """Where the columns of these names stand.

        Raises:
            Mistake: one is not there, or is there twice.
        """
        for name in names:
            if (count := self.columns.count(name)) != 1:
                there = f"expected such a column; there are {', '.join(self.columns)}"
                raise self.mistake(1, name, "expected only one such column" if count else there)
        return [self.columns.index(name) for name in names]

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The records that are not empty, each with its line and as many cells as there are columns.

        Raises:
            Mistake: a record has more or fewer, or the rest cannot be read.
        """
        width = len(self.columns)
        for line, cells in self._records:
            if len(cells) != width:
                expected = f"expected {width} cells as in the first line, not {len(cells)}"
                self.bad(self.mistake(line, "row", expected))
                continue
            yield line, cells

    def mistake(self, line: int, field: str, expected: str) -> Mistake:
        """A mistake on a line of this file."""
        return Mistake(self._path, line, field, expected)

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        while (cells := self._next()) is not None:
            if cells:
                yield self._reader.line_num, cells

    def _next(self) -> list[str] | None:
        """The next record, empty where it was left out; None at the end."""
        try:
            return next(self._reader, None)
        except csv.Error as error:
            self.bad(self.mistake(self._reader.line_num, "syntax", f"expected CSV: {error}"))
            return []
        except UnicodeDecodeError:
            self.bad(self._broken("expected UTF-8"))
        except _BROKEN as error:
            expected = f"expected the rest of the file, which is cut off or broken ({error})"
            self.bad(self._broken(expected))
        return None

    def _broken(self, expected: str) -> Mistake:
        """Files are read ahead, so that only a line before the fault is known."""
        return Mistake(self._path, None, "file", f"{expected}, after line {self._reader.line_num}")


@contextmanager
def open_table(path: Path, delimiter: str = ",", bad: Bad = refuse) -> Iterator[Table]:
    """The table in a file, its head read; a rest that cannot be read is bad, and left out as a whole.

    Raises:
        Mistake: the file cannot be opened, or has no head.
    """
    with ExitStack() as stack:
        try:
            text = _text(path, stack)
        except OSError as error:
            why = error.strerror or str(error)
            raise Mistake(path, None, "file", f"expected a file that can be read: {why}") from None
        except BadZipFile as error:
            raise Mistake(path, None, "file", f"expected a zip: {error}") from None
        yield Table(path, text, delimiter, bad)


def _text(path: Path, stack: ExitStack) -> IO[str]:
    match path.suffix:
        case ".gz":
            return stack.enter_context(gzip.open(path, "rt", encoding=_UTF8, newline=""))
        case ".zip":
            archive = stack.enter_context(ZipFile(path))
            if len(names := archive.namelist()) != 1:
                raise Mistake(path, None, "file", f"expected a zip of one file, not of {len(names)}")
            content = stack.enter_context(archive.open(names[0]))
            return stack.enter_context(TextIOWrapper(content, encoding=_UTF8, newline=""))
        case _:
            return stack.enter_context(path.open(encoding=_UTF8, newline=""))
