"""The four-colour map as a figure: assets as points over the lines that join them. Pure."""

from collections import defaultdict
from dataclasses import dataclass
from html import escape
from math import ceil, cos, floor, log10, radians, sqrt

from lifeline.assess.coverage import DANGEROUS
from lifeline.assess.geojson import COLOURS
from lifeline.assess.survey import Risk, Survey
from lifeline.assess.svg import element, picture, text
from lifeline.assess.words import Words
from rules.levels import RiskLevel
from sensors.model import Asset

_WIDTH, _HEIGHT, _MARGIN = 1040.0, 620.0, 34.0
_METRES_PER_DEGREE = 111_320.0
_RADIUS = {RiskLevel.MAJOR: 9.0, RiskLevel.SERIOUS: 7.5, RiskLevel.GENERAL: 6.0, RiskLevel.LOW: 5.0}
_MANY = 400
"""Assets above which points are drawn smaller."""


@dataclass(frozen=True, slots=True)
class _Plane:
    """A city is small enough to be flat: degrees to a place in the figure, north up."""

    west: float
    north: float
    across: float
    """Pixels a degree of longitude."""
    down: float
    """Pixels a degree of latitude."""
    width: float
    height: float

    def place(self, asset: Asset) -> tuple[float, float]:
        return (
            _MARGIN + (asset.longitude - self.west) * self.across,
            _MARGIN + (self.north - asset.latitude) * self.down,
        )

    @property
    def metre(self) -> float:
        """Pixels a metre."""
        return self.down / _METRES_PER_DEGREE


def four_colour_map(words: Words) -> str:
    """All assets, the worst drawn last and largest, with a scale and the districts' names."""
    survey = words.survey
    title = words.say("风险四色图", "four-colour map")
    if not survey.risks:
        return picture(_WIDTH, _MARGIN, title)
    plane = _plane([risk.asset for risk in survey.risks])
    shrink = min(1.0, sqrt(_MANY / len(survey.risks)))
    points = [_point(risk, words, plane, shrink) for risk in reversed(survey.risks)]
    parts = [*_districts(survey, plane), *_lines(survey, plane), *points, *_scale(plane)]
    return picture(plane.width, plane.height, title, *parts)


def _plane(assets: list[Asset]) -> _Plane:
    longitudes, latitudes = ([getattr(a, name) for a in assets] for name in ("longitude", "latitude"))
    shrunk = cos(radians((min(latitudes) + max(latitudes)) / 2))
    wide = (max(longitudes) - min(longitudes)) * shrunk or 1e-3
    high = max(latitudes) - min(latitudes) or 1e-3
    down = min((_WIDTH - 2 * _MARGIN) / wide, (_HEIGHT - 2 * _MARGIN) / high)
    return _Plane(
        min(longitudes), max(latitudes), down * shrunk, down,
        wide * down + 2 * _MARGIN, high * down + 2 * _MARGIN,
    )  # fmt: skip


def _point(risk: Risk, words: Words, plane: _Plane, shrink: float) -> str:
    x, y = plane.place(risk.asset)
    radius = max(1.5, _RADIUS[risk.level] * shrink)
    said = f"{risk.asset.id} {words.asset(risk.asset)}: {words.level(risk.level)}"
    children = [element("title", escape(said))] if risk.level in DANGEROUS or shrink == 1 else []
    return element("circle", *children, cx=x, cy=y, r=radius, fill=COLOURS[risk.level], class_="asset")


def _lines(survey: Survey, plane: _Plane) -> list[str]:
    places = {risk.asset.id: plane.place(risk.asset) for risk in survey.risks}
    drawn = []
    for edge in survey.edges:
        (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
        drawn.append(element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=f"edge {edge.relation}"))
    return drawn


def _districts(survey: Survey, plane: _Plane) -> list[str]:
    places: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for risk in survey.risks:
        places[risk.asset.district].append(plane.place(risk.asset))
    return [
        text(
            district,
            sum(x for x, _ in inside) / len(inside),
            sum(y for _, y in inside) / len(inside),
            class_="district",
        )
        for district, inside in sorted(places.items())
    ]


def _scale(plane: _Plane) -> list[str]:
    """A bar of 1, 2 or 5 times a power of ten metres, about an eighth of the width."""
    wanted = plane.width / 8 / plane.metre
    power = 10.0 ** floor(log10(wanted))
    metres = next(step * power for step in (5, 2, 1) if step * power <= wanted)
    said = f"{metres / 1000:g} km" if metres >= 1000 else f"{ceil(metres):g} m"  # noqa: PLR2004, metres a km
    x, y = _MARGIN, plane.height - 10
    bar = element("line", x1=x, y1=y, x2=x + metres * plane.metre, y2=y, class_="scale")
    return [bar, text(said, x, y - 6, class_="scale-name")]
