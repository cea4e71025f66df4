"""The hazards: what can happen to an asset, in both languages, with its prior and its quiet time."""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from rules.duration import Duration


class Hazard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can happen to an asset."""

    name: str
    name_en: str
    prior: float
    """Probability that it is going on at a random moment, before any evidence."""
    quiet: Duration
    """How long the evidence must have been lower before a level falls."""
    consequence: int | None = None
    """Only where the asset's own factors do not speak of this hazard."""


@cache
def hazards() -> dict[str, Hazard]:
    """The catalogue by id."""
    data = tomllib.loads(files("rules").joinpath("hazards.toml").read_text(encoding="utf-8"))
    return msgspec.convert(data, dict[str, Hazard], dec_hook=lambda type_, value: type_.parse(value))
