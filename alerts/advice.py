"""What to do about an alert, by hazard and level, in both languages."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec


class Advice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The steps at some levels of a hazard; the same steps, in the same order, in both languages."""

    hazard: str
    levels: tuple[int, ...]
    steps: tuple[str, ...]
    steps_en: tuple[str, ...]
    source: str


@cache
def advice() -> Sequence[Advice]:
    """The whole catalogue."""
    data = tomllib.loads(files("alerts").joinpath("advice.toml").read_text(encoding="utf-8"))
    return msgspec.convert(data["advice"], tuple[Advice, ...])
