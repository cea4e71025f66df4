"""Which of a scenario's expectations held. Pure.

An alert follows if it is raised, or rises, to the level wanted within the window; one that was on before does
not count. What is forbidden is that one is on at any moment of the window.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from lifeline.scoring import Alarm
from rules.levels import RiskLevel
from sensors.readings import SECOND
from simulator.incidents import LEVELS, Forbidden, Wanted
from simulator.scenario import Scenario

Alarms = Callable[[RiskLevel], Sequence[Alarm]]
"""Each time that a case was at a level or a worse one, in us since the scenario's start."""

Pair = tuple[str | None, str | None]
"""Asset and hazard; None: any."""

_MOST_NAMED = 3


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one expectation; times in s after the scenario's start.

    asset: None: anywhere. hazard: None: any. found: what there was, in words. known: why it is known not to
    hold.
    """

    kind: Literal["expect", "forbid", "sensors in alarm"]
    asset: str | None = None
    hazard: str | None = None
    level: str = ""
    after_s: float
    before_s: float
    held: bool
    found: str
    known: str = ""

    @property
    def failed(self) -> bool:
        """It did not hold, and nobody knew."""
        return not self.held and not self.known


def judge(scenario: Scenario, alarms: Alarms, sensors_in_alarm: int) -> list[Verdict]:
    """Every expectation, in the order of the scenario: those at incidents, expect, forbid."""
    verdicts = [_wanted(each, alarms, scenario.duration) for each in scenario.wanted]
    spoken_of: set[Pair] = {(each.asset, each.hazard) for each in scenario.wanted}
    spoken_of |= {(each.asset, each.hazard) for each in scenario.forbid}
    verdicts += [_forbidden(each, alarms, scenario.duration, spoken_of) for each in scenario.forbid]
    if scenario.sensors_in_alarm:
        verdicts.append(
            Verdict(
                kind="sensors in alarm",
                level=f"at least {scenario.sensors_in_alarm:,}",
                after_s=0.0,
                before_s=scenario.duration / SECOND,
                held=sensors_in_alarm >= scenario.sensors_in_alarm,
                found=f"{sensors_in_alarm:,} at once",
            )
        )
    return verdicts


def clock(seconds: float) -> str:
    """A time after the start as scenario files write it."""
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes:02}:{left:02}"


def _wanted(wanted: Wanted, alarms: Alarms, end: int) -> Verdict:
    after, before = wanted.after, end if wanted.before is None else wanted.before
    level, worst = RiskLevel(LEVELS[wanted.level]), RiskLevel(LEVELS[wanted.at_most])
    mine = [each for each in alarms(RiskLevel.LOW) if _of(each, wanted.asset, wanted.hazard)]
    enough = [each for each in alarms(level) if _of(each, wanted.asset, wanted.hazard)]
    sounded = [time for each in enough for time in each.sounded if after <= time <= before]
    worse = [each for each in mine if each.level < worst and _touches(each, after, before)]
    if sounded:
        found = f"{_worst(enough, after, before)} at {clock(min(sounded) / SECOND)}"
    else:
        found = ", ".join(_told(each) for each in mine[:_MOST_NAMED]) or "no alert"
    return Verdict(
        kind="expect",
        asset=wanted.asset,
        hazard=wanted.hazard,
        level=_levels(wanted),
        after_s=after / SECOND,
        before_s=before / SECOND,
        held=bool(sounded) and not worse,
        found=found,
        known=wanted.known,
    )


def _forbidden(forbidden: Forbidden, alarms: Alarms, end: int, spoken_of: set[Pair]) -> Verdict:
    after, before = forbidden.after, end if forbidden.before is None else forbidden.before
    false = [
        each
        for each in alarms(RiskLevel(LEVELS[forbidden.level]))
        if _of(each, forbidden.asset, forbidden.hazard)
        and _touches(each, after, before)
        and (forbidden.asset or not _more_closely(each, forbidden) & spoken_of)
    ]
    named = [f"{each.asset} {each.hazard} {_told(each)}" for each in false[:_MOST_NAMED]]
    more = [f"{len(false) - _MOST_NAMED} more"] if len(false) > _MOST_NAMED else []
    return Verdict(
        kind="forbid",
        asset=forbidden.asset,
        hazard=forbidden.hazard,
        level=forbidden.level,
        after_s=after / SECOND,
        before_s=before / SECOND,
        held=not false,
        found=", ".join([*named, *more]) or "no alert",
        known=forbidden.known,
    )


def _of(alarm: Alarm, asset: str | None, hazard: str | None) -> bool:
    return asset in (None, alarm.asset) and hazard in (None, alarm.hazard)


def _more_closely(alarm: Alarm, forbidden: Forbidden) -> set[Pair]:
    """How else a scenario may speak of an alert than what is forbidden anywhere does."""
    wider: set[Pair] = {(None, alarm.hazard)} if forbidden.hazard is None else set()
    return {(alarm.asset, alarm.hazard), (alarm.asset, None), *wider}


def _touches(alarm: Alarm, after: int, before: int) -> bool:
    return alarm.start < before and alarm.end > after


def _worst(alarms: Sequence[Alarm], after: int, before: int) -> str:
    return min(each.level for each in alarms if _touches(each, after, before)).english


def _told(alarm: Alarm) -> str:
    return f"{alarm.level.english} {clock(alarm.start / SECOND)}-{clock(alarm.end / SECOND)}"


def _levels(wanted: Wanted) -> str:
    if wanted.level == wanted.at_most:
        return wanted.level
    return wanted.level if wanted.at_most == "major" else f"{wanted.level} to {wanted.at_most}"


def counts(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, int]]:
    """How many held, failed, and were known not to hold."""
    yield "held", sum(each.held for each in verdicts)
    yield "failed", sum(each.failed for each in verdicts)
    yield "known", sum(not each.held and bool(each.known) for each in verdicts)
