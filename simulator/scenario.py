"""A scenario: what happens where and when, which alerts must follow, and which must not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sensors.model import Domain
from sensors.readings import DAY, SECOND
from simulator import (
    bridge,
    cables,
    courier,
    drainage,
    gas,
    heating,
    holiday,
    instruments,
    links,
    piers,
    quality,
    rain,
    sewer_air,
    soil,
    tunnel,
    water,
)
from simulator.incidents import LEVELS, Expectation, Forbidden, Incident, Span, Wanted

LIBRARY = Path(__file__).parent / "scenarios"
"""The scenarios that come with lifeline; docs/simulator.md tells of each."""

DEMO = LIBRARY / "demo.toml"
"""Two hours in the demo city in which all four domains have incidents and all four levels are reached."""

KINDS: Mapping[str, type[Incident]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        soil.GasLeak,
        gas.ChamberAired,
        water.Burst,
        water.SlowLeak,
        water.ValveClosed,
        water.PumpTrip,
        water.HydrantDraw,
        quality.Contamination,
        rain.Storm,
        drainage.Blockage,
        drainage.PumpFailure,
        drainage.Backflow,
        sewer_air.CoverMoved,
        sewer_air.SewerGas,
        bridge.OverloadedTruck,
        bridge.StiffnessLoss,
        piers.BearingSettlement,
        piers.ShipImpact,
        cables.CableForceLoss,
        heating.HeatLeak,
        tunnel.Intrusion,
        tunnel.SumpInflow,
        holiday.Holiday,
        links.Silent,
        links.Battery,
        links.Outage,
        courier.ClockSkew,
        courier.Duplicates,
        courier.Disorder,
        instruments.Stuck,
        instruments.Drift,
        instruments.Spike,
        instruments.Bias,
        instruments.Dropout,
    )
}
"""Every kind of incident by the name that scenario files give it."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What happens within ``duration``; a longer run plays it again, and again.

    start: when it begins, us since 1970 UTC, where that is part of it. devices: the city is repeated until it
    has so many. domains: the sensors of these systems alone take part; of all if there are none.
    sensors_in_alarm: so many must be in alarm at once, some time. leave_out: rules that a check does without,
    and why.
    """

    name: str
    duration: Span
    about: str = ""
    incidents: tuple[Incident, ...] = ()
    expect: tuple[Wanted, ...] = ()
    forbid: tuple[Forbidden, ...] = ()
    sensors_in_alarm: int = 0
    start: int | None = None
    devices: int | None = None
    domains: tuple[Domain, ...] = ()
    leave_out: dict[str, str] = {}

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """All that must follow, whether it is written at an incident or by itself."""
        return (*(each for incident in self.incidents for each in _following(incident)), *self.expect)


def _following(incident: Incident) -> Iterator[Wanted]:
    for each in incident.expect:
        yield Wanted(
            asset=each.asset,
            hazard=each.hazard,
            level=each.level,
            after=incident.start,
            before=Span(incident.start + each.within),
            known=each.known,
        )


QUIET = Scenario(name="quiet", duration=Span(DAY))
"""Nothing happens."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A scenario from a start, in microseconds since 1970 UTC, played round after round.

    Noise, traffic and the time of day go on, so that no two rounds are alike.
    """

    scenario: Scenario
    start: int

    def live(self, time: int, seconds: float) -> tuple[tuple[Incident, float], ...]:
        """The incidents that touch the step, with the seconds since each one's start (negative: to it)."""
        now = (time - self.start) % self.scenario.duration
        until = now + seconds * SECOND
        return tuple(
            (incident, (now - incident.start) / SECOND)
            for incident in self.scenario.incidents
            if incident.start < until and now < incident.end
        )

    def truth(self, until: int) -> tuple[Expectation, ...]:
        """The alerts that must be raised by incidents starting before a time, by the start of the window."""
        rounds = range(self.start, until, self.scenario.duration)
        found = [expected for start in rounds for expected in self._round(start) if expected.after < until]
        return tuple(sorted(found, key=lambda expected: expected.after))

    def _round(self, start: int) -> Iterator[Expectation]:
        for each in self.scenario.wanted:
            before = self.scenario.duration if each.before is None else each.before
            level = LEVELS[each.level]
            yield Expectation(each.asset, each.hazard, level, start + each.after, start + before)
