import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeline.scoring import Alarm, Score, Span, after, score, wilson, without
from rules.levels import RiskLevel
from sensors.readings import DAY, HOUR, MINUTE
from simulator.feed_labels import Label

OBSERVED = [(0, 10 * DAY)]


def event(start: int, end: int, name: str = "e", asset: str | None = "A") -> Label:
    return Label(name, "gas-leak", asset, start, end)


def alarm(start: int, end: int, *risen: int, asset: str = "A", hazard: str = "gas-leak") -> Alarm:
    return Alarm(asset, hazard, RiskLevel.GENERAL, start, end, (start, *risen))


def judged(labels: list[Label], alarms: list[Alarm], observed: list[Span] = OBSERVED, lead: int = 0) -> Score:
    return score("gas-leak", labels, alarms, observed, lead)


EVENT = event(DAY, DAY + HOUR)


def test_an_event_is_found_by_an_alarm_that_sounds_while_it_goes_on() -> None:
    found = judged([EVENT], [alarm(DAY + 5 * MINUTE, DAY + 2 * HOUR)])

    assert (found.events, found.found, found.missed) == (1, 1, ())
    assert found.delay_median_s == 300
    assert found.false_episodes == 0


@pytest.mark.parametrize(
    "missing",
    [
        alarm(DAY + HOUR, DAY + 2 * HOUR),
        alarm(DAY - 5 * MINUTE, DAY + HOUR),
        alarm(DAY + MINUTE, DAY + HOUR, asset="B"),
        alarm(DAY + MINUTE, DAY + HOUR, hazard="burst"),
    ],
    ids=["too late", "on already", "elsewhere", "of another hazard"],
)
def test_another_alarm_does_not_find_it(missing: Alarm) -> None:
    assert judged([EVENT], [missing]).missed == ("e",)


def test_an_alarm_that_rises_sounds_again() -> None:
    found = judged([EVENT], [alarm(DAY - HOUR, DAY + HOUR, DAY + 10 * MINUTE)])

    assert (found.found, found.delay_median_s) == (1, 600)


def test_an_event_at_no_place_is_found_at_any() -> None:
    anywhere = event(DAY, DAY + HOUR, asset=None)

    assert judged([anywhere], [alarm(DAY, DAY + MINUTE, asset="B")]).found == 1


def test_an_alarm_may_lead_by_so_much_if_it_is_still_on_when_the_event_comes() -> None:
    early = alarm(DAY - 30 * MINUTE, DAY + MINUTE)

    assert judged([EVENT], [early], lead=HOUR).delay_median_s == -1800
    assert judged([EVENT], [early], lead=20 * MINUTE).found == 0
    assert judged([EVENT], [alarm(DAY - 30 * MINUTE, DAY)], lead=HOUR).found == 0


def test_the_delay_is_the_median_of_those_found() -> None:
    labels = [event(n * DAY, n * DAY + HOUR, str(n)) for n in range(1, 5)]
    alarms = [alarm(n * DAY + minutes * MINUTE, n * DAY + HOUR) for n, minutes in ((1, 2), (2, 4), (4, 40))]

    found = judged(labels, alarms)

    assert (found.found, found.missed, found.delay_median_s) == (3, ("3",), 240)


def test_an_alarm_is_false_unless_it_touches_an_event_or_the_hour_after() -> None:
    touching = [alarm(DAY - HOUR, DAY), alarm(DAY + 2 * HOUR - 1, DAY + 9 * HOUR)]
    false = [alarm(2 * HOUR, 3 * HOUR), alarm(DAY + 2 * HOUR, DAY + 3 * HOUR)]

    assert judged([EVENT], touching).false_episodes == 0
    assert judged([EVENT], [*touching, *false]).false_episodes == 2


def test_false_alarms_with_less_than_an_hour_between_are_one_episode_of_their_asset() -> None:
    alarms = [
        alarm(0, HOUR),
        alarm(2 * HOUR - 1, 3 * HOUR),
        alarm(4 * HOUR, 5 * HOUR),
        alarm(0, 1, asset="B"),
    ]

    assert judged([], alarms).false_episodes == 3


def test_clean_days_are_the_observed_time_without_events_and_the_hour_after_each() -> None:
    found = judged([EVENT, event(5 * DAY, 5 * DAY + HOUR, asset="B")], [], [(0, 2 * DAY), (4 * DAY, 6 * DAY)])

    assert found.clean_days == pytest.approx(4 - 4 / 24)
    assert found.false_per_clean_day == 0


def test_what_is_not_observed_is_not_scored() -> None:
    late = [(2 * DAY, 3 * DAY)]
    found = judged([EVENT], [alarm(HOUR, 2 * HOUR), alarm(DAY, DAY + HOUR)], late)

    assert (found.events, found.rate_low, found.false_episodes, found.alarm_share) == (0, None, 0, 0)
    assert found.clean_days == 1


def test_time_in_alarm_counts_each_moment_once() -> None:
    alarms = [alarm(0, 2 * DAY), alarm(DAY, 3 * DAY, asset="B"), alarm(9 * DAY, 12 * DAY)]

    assert judged([], alarms).alarm_share == pytest.approx(0.4)


def test_no_clean_time_gives_no_rate() -> None:
    assert judged([event(0, 10 * DAY)], []).false_per_clean_day is None


def test_wilsons_interval_is_that_of_the_literature() -> None:
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.490, abs=5e-4), pytest.approx(0.943, abs=5e-4))
    assert wilson(0, 0) == (None, None)


@given(events=st.integers(1, 500), data=st.data())
def test_wilsons_interval_holds_the_rate_and_stays_between_none_and_all(
    events: int, data: st.DataObject
) -> None:
    found = data.draw(st.integers(0, events))
    low, high = wilson(found, events)
    assert low is not None
    assert high is not None
    assert -1e-12 <= low <= found / events + 1e-12
    assert found / events - 1e-12 <= high <= 1 + 1e-12
    assert math.isclose(low, 1 - (wilson(events - found, events)[1] or 0), abs_tol=1e-9)


times = st.integers(0, 10 * 24).map(lambda hours: hours * HOUR)
spans = st.tuples(times, st.integers(1, 48).map(lambda hours: hours * HOUR)).map(
    lambda s: (s[0], s[0] + s[1])
)


@given(events=st.lists(spans, max_size=5), alarms=st.lists(spans, max_size=8))
def test_the_figures_hang_together_whatever_happened(events: list[Span], alarms: list[Span]) -> None:
    labels = [event(*span, name=str(number)) for number, span in enumerate(events)]
    found = judged(labels, [alarm(*span) for span in alarms])

    assert found.found + len(found.missed) == found.events
    assert 0 <= found.alarm_share <= 1
    assert 0 <= found.clean_days <= 10
    assert found.false_episodes <= len(alarms)
    assert (found.delay_median_s is None) == (found.found == 0)


def test_what_of_the_stretches_lies_after_a_time() -> None:
    assert after([(0, 10), (20, 30), (40, 50)], 25) == [(25, 30), (40, 50)]


def test_a_stretch_that_is_left_out_cuts_those_that_it_lies_in() -> None:
    spans = [(0, 10), (20, 30), (40, 50)]

    assert without(spans, (5, 25)) == [(0, 5), (25, 30), (40, 50)]
    assert without(spans, (22, 24)) == [(0, 10), (20, 22), (24, 30), (40, 50)]
    assert without(spans, (-5, 60)) == []


def test_while_one_asset_has_its_event_the_others_days_are_clean() -> None:
    found = score("gas-leak", [event(DAY, 3 * DAY - HOUR, asset="A")], [], OBSERVED, 0, ["A", "B"])

    assert found.clean_days == pytest.approx(9)
    anywhere = score("gas-leak", [event(DAY, 3 * DAY - HOUR, asset=None)], [], OBSERVED, 0, ["A", "B"])
    assert anywhere.clean_days == pytest.approx(8)
