"""On which line each value of a TOML or JSON text stands, which the standard parsers do not tell.

The texts have been parsed already: what is read here is known to be well formed.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache

Keys = tuple[str | int, ...]
"""The way to a value: keys of tables and places in arrays."""

Locate = Callable[[Keys], int]
"""The line (from 1) of a value; of what holds it, where there is none or it is only implied."""

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?""""{0,2}|' + r"'''.*?''''{0,2}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]+")


def locate_toml(text: str) -> Locate:
    """Find lines in a TOML text; it is searched at the first question."""
    return _locator(lambda: _Scanner(text).toml())


def locate_json(text: str) -> Locate:
    """Find lines in a JSON text; it is searched at the first question."""
    return _locator(lambda: _Scanner(text).json())


def dotted(keys: Keys) -> str:
    """The keys as people write them: ``rule[3].bands[0].above``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _locator(search: Callable[[], Mapping[Keys, int]]) -> Locate:
    lines = cache(search)

    def locate(keys: Keys) -> int:
        prefixes = (keys[:length] for length in range(len(keys), 0, -1))
        return next((lines()[prefix] for prefix in prefixes if prefix in lines()), 1)

    return locate


class _Scanner:
    """Goes through a text once and notes where the values begin."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        self.lines: dict[Keys, int] = {}
        self.line, self.counted = 1, 0
        self.last: dict[Keys, int] = {}
        """The index of the newest element of each array of tables."""

    def toml(self) -> Mapping[Keys, int]:
        table: Keys = ()
        while self._space() < len(self.text):
            if self.text[self.place] == "[":
                table = self._header()
            else:
                self._pair(table, "=")
        return self.lines

    def json(self) -> Mapping[Keys, int]:
        self._space()
        self._value((), ":")
        return self.lines

    def _header(self) -> Keys:
        """``[table]`` or ``[[array of tables]]``."""
        line, double = self._line(), self.text.startswith("[[", self.place)
        self.place += 1 + double
        *parents, name = self._key()
        table: Keys = ()
        for key in parents:
            table = self._newest((*table, key))
            self.lines.setdefault(table, line)
        table = (*table, name)
        if double:
            self.lines.setdefault(table, line)
            self.last[table] = self.last.get(table, -1) + 1
        self.lines[self._newest(table)] = line
        self.place += 1 + double
        return self._newest(table)

    def _newest(self, table: Keys) -> Keys:
        return (*table, self.last[table]) if table in self.last else table

    def _pair(self, table: Keys, separator: str) -> None:
        line = self._line()
        for key in self._key():
            table = (*table, key)
            self.lines.setdefault(table, line)
        self._skip(separator)
        self._value(table, separator)

    def _key(self) -> list[str]:
        """A key and the keys after its dots."""
        keys = []
        while True:
            self._space()
            if found := _STRING.match(self.text, self.place):
                keys.append(_unquoted(found[0]))
            else:
                found = _BARE.match(self.text, self.place)
                assert found is not None
                keys.append(found[0])
            self.place = found.end()
            if self._peek() != ".":
                return keys
            self.place += 1

    def _value(self, keys: Keys, separator: str) -> None:
        match self._peek():
            case "[":
                self._elements(keys, separator)
            case "{":
                self._members(keys, separator)
            case _:
                found = _STRING.match(self.text, self.place) or _SCALAR.match(self.text, self.place)
                assert found is not None
                self.place = found.end()

    def _elements(self, keys: Keys, separator: str) -> None:
        self.place += 1
        index = 0
        while self._peek() != "]":
            self.lines[(*keys, index)] = self._line()
            self._value((*keys, index), separator)
            self._skip(",")
            index += 1
        self.place += 1

    def _members(self, keys: Keys, separator: str) -> None:
        self.place += 1
        while self._peek() != "}":
            self._pair(keys, separator)
            self._skip(",")
        self.place += 1

    def _skip(self, mark: str) -> None:
        if self._peek() == mark:
            self.place += 1

    def _peek(self) -> str:
        self._space()
        return self.text[self.place : self.place + 1]

    def _space(self) -> int:
        found = _SPACE.match(self.text, self.place)
        assert found is not None
        self.place = found.end()
        return self.place

    def _line(self) -> int:
        self.line += self.text.count("\n", self.counted, self.place)
        self.counted = self.place
        return self.line


def _unquoted(key: str) -> str:
    if "\\" not in key:
        return key[1:-1]
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        return str(json.loads(key))
