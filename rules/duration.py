"""Durations as rule files write them: ``"90s"``, ``"10min"``, ``"2h"``, ``"1d"``."""

import re
from functools import partial
from typing import Any

import msgspec

from sensors.readings import DAY, HOUR, MINUTE, SECOND

_UNITS = {"ms": SECOND // 1000, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
LONGEST = 10_000 * DAY
"""Longer than any history that is kept."""

_FORM = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|h|d)")


class Duration(int):
    """A length of time in microseconds."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """The duration that ``text`` writes.

        Raises:
            ValueError: it is not a number followed by ms, s, min, h or d, or longer than ``LONGEST``.
        """
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise ValueError(f'expected a duration such as "90s", "10min", "2h" or "1d", not {text!r}')
        length = float(found[1]) * _UNITS[found[2]]
        if length > LONGEST:
            raise ValueError(f"expected at most {LONGEST // DAY}d, not {text!r}")
        return cls(round(length))

    def __str__(self) -> str:
        for unit in ("d", "h", "min", "s"):
            if self and self % _UNITS[unit] == 0:
                return f"{int(self) // _UNITS[unit]}{unit}"
        return f"{int(self) / SECOND:g}s"


def lasting(text: str) -> Any:  # noqa: ANN401, a field's default takes the field's type
    """The default of a field that is a duration."""
    return msgspec.field(default_factory=partial(Duration.parse, text))


def durations(type_: type, value: object) -> object:
    """Reads the durations in what ``msgspec.convert`` is given: its ``dec_hook``."""
    if type_ is Duration:
        return Duration.parse(value if isinstance(value, str) else repr(value))
    raise NotImplementedError(f"{value!r} is not a {type_.__name__}")
