"""How often an asset fails, and the likelihood (1-5) that this makes. Pure.

Failures a year = gff x Df x Fms, as in API RP 581: a generic rate of its kind by how it is made, times the
damage it has (age, condition, defects), times how it is looked after. The likelihood is the step of that
rate. An attribute that is not known takes its factor's ``unknown``, which its table sets at the bad side of
the middle, and the estimate says so. An asset of a kind without a table keeps the likelihood that the city
gives it.
"""

from dataclasses import dataclass
from math import prod

from lifeline.assess.tables import Factor, Kind, Tables
from sensors.model import Asset

METRES_PER_KM = 1000.0

UNKNOWN_KM = 1.0
"""Taken where a rate is by length and the length is not known."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one attribute adds. value: None where it is not known; times: the factor that was taken."""

    factor: Factor
    value: float | str | None
    times: float
    known: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """The likelihood of a failure over years, and what made it. per_year: None where it was given."""

    likelihood: int
    per_year: float | None = None
    km: float | None = None
    pieces: tuple[Piece, ...] = ()

    @property
    def unknown(self) -> tuple[Factor, ...]:
        """What is not known of the asset."""
        return tuple(piece.factor for piece in self.pieces if not piece.known)


def estimate(asset: Asset, tables: Tables, year: int) -> Estimate:
    """The likelihood of a failure of this asset, seen from that year."""
    kind = tables.kind.get(asset.kind)
    if kind is None:
        return Estimate(asset.inherent_likelihood)
    pieces = tuple(_piece(tables.factor[name], asset, year) for name in kind.factors)
    km = _km(asset) if kind.per_km else None
    per_year = kind.per_year * (1.0 if km is None else km) * prod(piece.times for piece in pieces)
    return Estimate(tables.likelihood.likelihood(per_year), per_year, km, pieces)


def length_known(asset: Asset, kind: Kind) -> bool:
    """Whether the rate of the asset needs no guess of its length."""
    return not kind.per_km or _length(asset) is not None


def _km(asset: Asset) -> float:
    length = _length(asset)
    return UNKNOWN_KM if length is None else length / METRES_PER_KM


def _length(asset: Asset) -> float | None:
    value = asset.attributes.get("length_m")
    return value if isinstance(value, float | int) and value > 0 else None


def _piece(factor: Factor, asset: Asset, year: int) -> Piece:
    value = _value(factor.attribute, asset, year)
    times = _times(factor, value)
    return Piece(factor, value, factor.unknown if times is None else times, times is not None)


def _value(attribute: str, asset: Asset, year: int) -> float | str | None:
    """The attribute; ``age_y`` comes from the year in which it was built."""
    if attribute != "age_y":
        return asset.attributes.get(attribute)
    built = asset.attributes.get("built_year")
    return float(max(0, year - int(built))) if isinstance(built, float | int) else None


def _times(factor: Factor, value: float | str | None) -> float | None:
    if isinstance(value, str):
        return factor.words.get(value)
    if value is None or not factor.steps:
        return None
    reached = [times for start, times in factor.steps if value >= start]
    return reached[-1] if reached else factor.steps[0][1]
