"""One check, from the scenario's file to its verdicts."""

import time
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from lifeline.check.ear import Ear, most_in_alarm
from lifeline.check.verdict import Verdict, judge
from lifeline.evaluate.passage import steps
from lifeline.replay.outcome import by_hazard, cases
from lifeline.scoring import Alarm
from rules.hazards import hazards
from rules.levels import RiskLevel
from rules.load import load
from rules.model import RuleSet
from sensors.errors import Mistake
from sensors.model import Registry
from sensors.readings import MINUTE, SECOND
from sensors.registry import numbered
from simulator.publish import Publisher
from simulator.scenario import Scenario
from simulator.scenario_file import read_scenario
from simulator.setting import setting
from simulator.simulation import Simulation

START = 1_763_683_200_000_000
"""2025-11-21 00:00 UTC, eight in the morning in the demo city: where nobody says otherwise."""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """The ground truth: what happened where, in s after the scenario's start."""

    kind: str
    place: str
    start_s: float
    end_s: float


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a scenario. alerts: cases by hazard and by the worst level they came to."""

    scenario: str
    about: str
    city: str
    start: int
    seed: int
    minutes: float
    sensors: int
    readings: int
    waveforms: int
    late: int
    dead_letters: int
    transitions: int
    sensors_in_alarm: int
    alerts: dict[str, dict[str, int]]
    left_out: dict[str, str]
    """Rules that were done without, and why."""
    truth: tuple[Happened, ...]
    verdicts: tuple[Verdict, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether all held, but for what is known."""
        return not any(each.failed for each in self.verdicts)


def check(path: Path, city: Registry, rules: Path, *, start: int | None = None, seed: int = 0) -> Checked:
    """Play a scenario from beginning to end, as fast as it goes.

    start: us since 1970 UTC; if not given, the scenario's own.

    Raises:
        Mistake, Mistakes: the scenario or the rules are wrong.
    """
    begun = time.monotonic()
    scenario = read_scenario(path, city, hazards())
    registry = numbered(setting(scenario, city))
    begin = next(each for each in (start, scenario.start, START) if each is not None)
    ear = Ear(registry, _heeded(load([rules], city), scenario, path))
    publisher = Publisher(Simulation(registry, scenario, start=begin, seed=seed), ear, deque(maxlen=0))
    publisher.run(begin + scenario.duration)
    ear.decide()
    alarms = _alarms(ear, begin, begin + scenario.duration)
    most = most_in_alarm(ear.rehearsal.transitions)
    return Checked(
        scenario=scenario.name,
        about=scenario.about,
        city=registry.city.name_en,
        start=begin,
        seed=seed,
        minutes=scenario.duration / MINUTE,
        sensors=len(registry.sensors),
        readings=ear.readings,
        waveforms=ear.waveforms,
        late=ear.late,
        dead_letters=ear.dead_letters,
        transitions=len(ear.rehearsal.transitions),
        sensors_in_alarm=most,
        alerts=by_hazard(alarms(RiskLevel.LOW)),
        left_out=scenario.leave_out,
        truth=_truth(scenario),
        verdicts=tuple(judge(scenario, alarms, most)),
        seconds=round(time.monotonic() - begun, 2),
    )


def _heeded(rules: RuleSet, scenario: Scenario, path: Path) -> RuleSet:
    """The rules that a scenario does not leave out."""
    unknown = scenario.leave_out.keys() - {rule.name for rule in rules.rules}
    if unknown:
        raise Mistake(path, None, "leave_out", f"expected rules of the set, not {', '.join(sorted(unknown))}")
    return replace(rules, rules=tuple(rule for rule in rules.rules if rule.name not in scenario.leave_out))


def _alarms(ear: Ear, start: int, end: int) -> Callable[[RiskLevel], list[Alarm]]:
    """All alarms from a level on, in us after the start."""
    changes = steps(ear.rehearsal.risk_changes)
    taken = [(case, asset, hazard, time - start, level) for case, asset, hazard, time, level in changes]
    return cache(lambda mildest: list(cases(taken, mildest, end - start)))


def _truth(scenario: Scenario) -> tuple[Happened, ...]:
    return tuple(
        Happened(kind=each.kind, place=each.place, start_s=each.start / SECOND, end_s=each.end / SECOND)
        for each in sorted(scenario.incidents, key=lambda incident: incident.start)
    )
