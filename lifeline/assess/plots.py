"""The report's figures: assets in each cell of the matrix, and at each level by system. Pure."""

from collections import Counter

from lifeline.assess.geojson import COLOURS
from lifeline.assess.svg import element, picture, text
from lifeline.assess.words import Words
from rules.levels import RiskLevel
from sensors.model import Domain

SCORES = range(1, 6)
_CELL, _LEFT, _TOP = 74.0, 62.0, 8.0
_BAR, _PITCH, _NAME, _WIDTH = 30.0, 48.0, 84.0, 440.0
_ROOM = 16.0
"""Width that a count needs inside its part of a bar."""


def ink(level: RiskLevel) -> str:
    """The colour of text on the level's colour."""
    return "#fff" if level in {RiskLevel.MAJOR, RiskLevel.LOW} else "#222"


def matrix(words: Words) -> str:
    """The risk matrix: each cell in the colour of its level, strong where assets stand in it."""
    survey = words.survey
    counts = Counter((risk.estimate.likelihood, risk.consequence) for risk in survey.risks)
    side = _CELL * len(SCORES)
    parts = [
        part
        for likelihood in SCORES
        for consequence in SCORES
        for part in _cell(
            likelihood,
            consequence,
            counts[likelihood, consequence],
            survey.matrix.level(likelihood, consequence),
        )
    ]
    for score in SCORES:
        middle = (score - 0.5) * _CELL
        parts.append(text(str(score), _LEFT + middle, _TOP + side + 20, class_="axis"))
        parts.append(text(str(score), _LEFT - 14, _TOP + side - middle + 5, class_="axis"))
    parts.append(text(words.say("后果", "consequence"), _LEFT + side / 2, _TOP + side + 42, class_="axis"))
    middle = _TOP + side / 2
    turned = f"rotate(-90 18 {middle:g})"
    parts.append(text(words.say("可能性", "likelihood"), 18, middle, class_="axis", transform=turned))
    title = words.say("风险矩阵", "risk matrix")
    return picture(_LEFT + side + 8, _TOP + side + 52, title, *parts)


def _cell(likelihood: int, consequence: int, count: int, level: RiskLevel) -> tuple[str, ...]:
    x = _LEFT + (consequence - 1) * _CELL
    y = _TOP + (len(SCORES) - likelihood) * _CELL
    inner = _CELL - 4
    box = element(
        "rect", x=x + 2, y=y + 2, width=inner, height=inner, rx=6, fill=COLOURS[level],
        fill_opacity="1" if count else "0.22",
    )  # fmt: skip
    if not count:
        return (box,)
    number = text(str(count), x + _CELL / 2, y + _CELL / 2 + 8, class_="count", fill=ink(level))
    return box, number


def bars(words: Words) -> str:
    """How many assets of each system are at each level, a bar a system."""
    counts = Counter((risk.asset.domain, risk.level) for risk in words.survey.risks)
    domains = [domain for domain in Domain if any(counts[domain, level] for level in RiskLevel)]
    longest = max((_total(counts, domain) for domain in domains), default=1)
    parts: list[str] = []
    for row, domain in enumerate(domains):
        y = row * _PITCH + 6
        parts.append(text(words.domain(domain), _NAME - 12, y + _BAR / 2 + 5, class_="name"))
        x = _NAME
        for level in RiskLevel:
            count = counts[domain, level]
            width = count / longest * _WIDTH
            parts += _segment(x, y, width, count, level)
            x += width
        parts.append(text(str(_total(counts, domain)), x + 8, y + _BAR / 2 + 5, class_="total"))
    title = words.say("各系统风险等级", "levels by system")
    return picture(_NAME + _WIDTH + 44, len(domains) * _PITCH + 4, title, *parts)


def _total(counts: Counter[tuple[Domain, RiskLevel]], domain: Domain) -> int:
    return sum(counts[domain, level] for level in RiskLevel)


def _segment(x: float, y: float, width: float, count: int, level: RiskLevel) -> list[str]:
    if not count:
        return []
    box = element("rect", x=x, y=y, width=width, height=_BAR, fill=COLOURS[level])
    if width < _ROOM:
        return [box]
    return [box, text(str(count), x + width / 2, y + _BAR / 2 + 5, class_="part", fill=ink(level))]
