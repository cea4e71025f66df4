"""Which expectations held, by hand."""

from collections.abc import Sequence

import pytest

from lifeline.check.verdict import Verdict, judge
from lifeline.scoring import Alarm
from rules.levels import RiskLevel
from sensors.readings import MINUTE
from simulator.incidents import Forbidden, Span, Wanted
from simulator.scenario import Scenario


def alarm(level: RiskLevel, start: float, end: float, asset: str = "VC", hazard: str = "gas-leak") -> Alarm:
    times = round(start * MINUTE), round(end * MINUTE)
    return Alarm(asset, hazard, level, *times, times[:1])


def verdict(expectation: Wanted | Forbidden, *alarms: Alarm, beside: tuple[Wanted, ...] = ()) -> Verdict:
    wanted = isinstance(expectation, Wanted)
    scenario = Scenario(
        name="s",
        duration=Span(60 * MINUTE),
        expect=(expectation, *beside) if wanted else beside,
        forbid=() if wanted else (expectation,),
    )

    def at_least(level: RiskLevel) -> Sequence[Alarm]:
        return [each for each in alarms if each.level <= level]

    verdicts = judge(scenario, at_least, 0)
    return verdicts[0 if wanted else -1]


def want(**given: object) -> Wanted:
    window = {"after": Span(10 * MINUTE), "before": Span(30 * MINUTE)}
    return Wanted(**{"asset": "VC", "hazard": "gas-leak", "level": "general", **window, **given})


@pytest.mark.parametrize(
    ("alarms", "held", "found"),
    [
        ([alarm(RiskLevel.GENERAL, 12, 40)], True, "general at 12:00"),
        ([alarm(RiskLevel.MAJOR, 12.5, 40)], True, "major at 12:30"),
        ([alarm(RiskLevel.LOW, 12, 40)], False, "low 12:00-40:00"),
        ([alarm(RiskLevel.GENERAL, 5, 40)], False, "general 05:00-40:00"),
        ([alarm(RiskLevel.GENERAL, 31, 40)], False, "general 31:00-40:00"),
        ([alarm(RiskLevel.GENERAL, 12, 40, asset="VX")], False, "no alert"),
        ([alarm(RiskLevel.GENERAL, 12, 40, hazard="burst")], False, "no alert"),
    ],
)
def test_an_alert_follows_if_it_is_raised_severe_enough_within_the_window(
    alarms: list[Alarm], found: str, *, held: bool
) -> None:
    said = verdict(want(), *alarms)
    assert (said.held, said.found) == (held, found)


@pytest.mark.parametrize(("worst", "held"), [(RiskLevel.GENERAL, True), (RiskLevel.SERIOUS, False)])
def test_what_is_worse_than_it_may_be_does_not_hold(worst: RiskLevel, *, held: bool) -> None:
    assert verdict(want(level="low", at_most="general"), alarm(worst, 12, 40)).held is held


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (alarm(RiskLevel.GENERAL, 5, 12), False),
        (alarm(RiskLevel.LOW, 5, 12), True),
        (alarm(RiskLevel.GENERAL, 5, 9), True),
        (alarm(RiskLevel.GENERAL, 31, 50), True),
    ],
)
def test_what_is_forbidden_may_at_no_moment_of_the_window_be_on(given: Alarm, *, held: bool) -> None:
    forbidden = Forbidden(asset="VC", level="general", after=Span(10 * MINUTE), before=Span(30 * MINUTE))
    assert verdict(forbidden, given).held is held


def test_anywhere_means_where_nothing_else_is_said_of_the_hazard() -> None:
    expected, false = alarm(RiskLevel.GENERAL, 12, 40), alarm(RiskLevel.GENERAL, 12, 40, hazard="burst")
    assert verdict(Forbidden(), expected, beside=(want(),)).held
    assert verdict(Forbidden(), false, beside=(want(hazard="burst", level="low"),)).held
    said = verdict(Forbidden(), expected, false, beside=(want(),))
    assert (said.held, said.found) == (False, "VC burst general 12:00-40:00")


def test_what_is_forbidden_anywhere_is_counted_where_it_is_forbidden_more_closely() -> None:
    alarms = [alarm(RiskLevel.GENERAL, 12, 40), alarm(RiskLevel.GENERAL, 12, 40, hazard="burst")]
    forbid = (Forbidden(asset="VC", hazard="gas-leak"), Forbidden(hazard="burst"), Forbidden())
    scenario = Scenario(name="s", duration=Span(60 * MINUTE), forbid=forbid)
    assert [each.held for each in judge(scenario, lambda _: alarms, 0)] == [False, False, True]


def test_what_is_known_not_to_hold_has_not_failed() -> None:
    said = verdict(want(known="no rule yet"))
    assert (said.held, said.failed, said.known) == (False, False, "no rule yet")


def test_so_many_sensors_must_be_in_alarm_at_once() -> None:
    scenario = Scenario(name="s", duration=Span(MINUTE), sensors_in_alarm=10)
    assert [judge(scenario, lambda _: (), number)[0].held for number in (9, 10)] == [False, True]
