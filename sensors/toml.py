"""TOML files whose mistakes can be shown by file and line."""

import re
import tomllib
from pathlib import Path

import msgspec

from sensors.errors import Mistake
from sensors.lines import Keys, Locate, dotted, locate_toml

_PLACE = re.compile(r"(.*?)(?: - at `(?:key in )?\$(.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(.+?)`")


def read(path: Path) -> tuple[dict[str, object], Locate]:
    """The file's content, and what tells the line on which a value stands: ``locate(("rule", 3, "id"))``.

    Raises:
        Mistake: the file cannot be read, or is no TOML.
    """
    text = read_text(path)
    try:
        return tomllib.loads(text), locate_toml(text)
    except tomllib.TOMLDecodeError as error:
        what, line = _syntax(str(error), text)
        raise Mistake(path, line, "syntax", what) from None


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Raises:
        Mistake: the file cannot be read, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Mistake(path, None, "file", f"expected a file that can be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Mistake(path, line, "file", "expected UTF-8") from None


def mistake(path: Path, locate: Locate, error: msgspec.ValidationError, inside: Keys = ()) -> Mistake:
    """What ``msgspec.convert`` had to say, as a mistake in the file.

    inside: where the converted value stands in the file, if it was not the whole.
    """
    keys, expected = explained(error)
    keys = (*inside, *keys)
    return Mistake(path, locate(keys), dotted(keys) or "file", expected)


def explained(error: msgspec.ValidationError) -> tuple[Keys, str]:
    """The way to the value that msgspec would not take, as far as it tells it, and what it expected."""
    found = _PLACE.fullmatch(str(error))
    assert found is not None
    what, place = found[1], found[2] or ""
    keys: Keys = tuple(
        int(index) if index else name for name, index in _STEP.findall(place.split("[...]")[0])
    )
    if field := _FIELD.match(what):
        keys = (*keys, field[1])
        what = "expected no such field" if "unknown" in what else "expected to be given"
    return keys, what[:1].lower() + what[1:]


def _syntax(message: str, text: str) -> tuple[str, int]:
    """The parser's words without the place at their end, and the line."""
    what, _, place = message.partition(" (at ")
    line = re.match(r"line (\d+)", place)
    return what[:1].lower() + what[1:], int(line[1]) if line else text.rstrip().count("\n") + 1
