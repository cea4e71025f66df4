"""How much of what flows into a water zone leaks, by the flow at night. Pure.

Of the mean flow Q = D + L and the night flow N = u D + L, where people use D on the mean and a share u of it
at night, L / Q = (N / Q - u) / (1 - u). That pressure, and with it leakage, is higher at night is left out,
so it is rather too high.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.duty.facts import Names, Night

NIGHT_USE = 0.1
"""Share of the mean use that people use from two to four o'clock. Source: docs/grafana.md, the same there."""
GOAL = 0.09
"""Leakage of a public network at most, as a share. Source: a province's target for 2025 (docs/report.md)."""


@dataclass(frozen=True, slots=True)
class Leak:
    """What leaked in a zone. inflow, lost: m3 a day, means over the nights; over: nights above the goal."""

    zone: Names
    nights: int
    inflow: float
    lost: float
    over: int

    @property
    def share(self) -> float | None:
        """Lost of the inflow; None where nothing flowed in."""
        return self.lost / self.inflow if self.inflow > 0 else None


def leaks(nights: Iterable[Night]) -> tuple[Leak, ...]:
    """What leaked in each zone, the worst first."""
    by_zone: dict[Names, list[Night]] = {}
    for each in nights:
        by_zone.setdefault(each.zone, []).append(each)
    found = (_leak(zone, mine) for zone, mine in by_zone.items())
    return tuple(sorted(found, key=lambda each: (-(each.share or 0), each.zone.id)))


def _leak(zone: Names, nights: list[Night]) -> Leak:
    shares = [_share(each) for each in nights]
    lost = sum(share * each.day for share, each in zip(shares, nights, strict=True))
    day = 24 / len(nights)
    return Leak(
        zone,
        len(nights),
        inflow=day * sum(each.day for each in nights),
        lost=day * lost,
        over=sum(share > GOAL for share in shares),
    )


def _share(night: Night) -> float:
    return max((night.night / night.day - NIGHT_USE) / (1 - NIGHT_USE), 0) if night.day > 0 else 0.0
