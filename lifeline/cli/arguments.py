"""Arguments that several commands take."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from lifeline.settings import Settings
from sensors.errors import ConfigurationError
from sensors.readings import SECOND


class Languages(StrEnum):
    """In which languages a report is written."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"


def moment(option: str, text: str) -> int:
    """A time with its zone, in us since 1970 UTC.

    Raises:
        ConfigurationError: it is none; the message names the option.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min  # noqa: DTZ901, without a zone, as what is no time at all
    if found.tzinfo is None:
        raise ConfigurationError(f"{option}: expected a time such as 2025-11-21T08:00:00+08:00, not {text!r}")
    return round(found.timestamp() * SECOND)


def pace(option: str, text: str) -> float | None:
    """Seconds of a feed's time a wall second; None: as fast as it goes.

    Raises:
        ConfigurationError: it is neither a number above 0 nor ``max``; the message names the option.
    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise ConfigurationError(f"{option}: expected a number above 0, or max, not {text!r}")
    return speed


def data_folder(settings: Settings) -> Path:
    """Where feeds find their tables.

    Raises:
        ConfigurationError: there is no such folder.
    """
    if not settings.data.is_dir():
        raise ConfigurationError(
            f"LIFELINE_DATA: expected the folder of the feeds' tables, there is none at {settings.data}"
        )
    return settings.data


def span(option: str, text: str) -> range:
    """Whole numbers from one to another, both included: ``1-12``, or ``7`` alone.

    Raises:
        ConfigurationError: it is none; the message names the option.
    """
    first, dash, last = text.partition("-")
    last = last if dash else first
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise ConfigurationError(f"{option}: expected numbers such as 1-12, not {text!r}")
    return range(int(first), int(last) + 1)
