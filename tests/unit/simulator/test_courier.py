"""Wrong clocks, messages twice and out of order."""

import json

import pytest

from sensors.readings import MINUTE, SECOND
from simulator.courier import ClockSkew, Disorder, Duplicates
from simulator.incidents import Incident, Span
from simulator.messages import Message
from simulator.scenario import Scenario
from tests.unit.simulator.village import START, House, sent, telemetry, village

PAIR = (
    House("A", "valve-chamber", {"ch4": "methane_lel"}),
    House("B", "valve-chamber", {"ch4": "methane_lel"}),
)
TIME = {"start": Span(20 * MINUTE), "duration": Span(10 * MINUTE)}


def came(*incidents: Incident, device: str = "d-A", gateway: str | None = None) -> list[Message]:
    scenario = Scenario(name="one", duration=Span(60 * MINUTE), incidents=incidents)
    messages = sent(village(*PAIR, gateway=gateway), 60, scenario)
    return [each for each in telemetry(messages) if each.device == device]


def number(message: Message) -> int:
    return int(json.loads(message.payload)["s"])


@pytest.mark.parametrize("ahead", [180.0, -3600.0])
def test_a_wrong_clock_shifts_what_is_said_and_not_when_it_comes(ahead: float) -> None:
    sound, skewed = came(), came(ClockSkew(**TIME, device="d-A", ahead_s=ahead))
    assert [each.time for each in skewed] == [each.time for each in sound]
    shift = [int(a.times[0] - b.times[0]) for a, b in zip(skewed, sound, strict=True)]
    assert set(shift[:20] + shift[30:]) == {0}
    assert set(shift[20:30]) == {round(ahead * SECOND)}
    assert all(json.loads(each.payload)["t"] * 1000 == each.times[0] for each in skewed)


def test_a_message_that_comes_twice_is_the_same_twice() -> None:
    messages = came(Duplicates(**TIME, device="d-A", after_s=5))
    twice = [each for each in messages if 20 <= (each.times[0] - START) / MINUTE < 30]
    assert [number(each) for each in twice] == [each for n in range(20, 30) for each in (n, n)]
    assert {b.time - a.time for a, b in zip(twice[::2], twice[1::2], strict=True)} == {5 * SECOND}
    assert len(messages) == 70


def test_later_messages_overtake_every_other_one() -> None:
    numbers = [number(each) for each in came(Disorder(**TIME, device="d-A", longer_s=90))]
    assert numbers[:20] == list(range(20))
    assert sorted(numbers) == list(range(60))
    assert numbers[20:30] != list(range(20, 30))
    assert numbers[35:] == list(range(35, 60))


def test_what_comes_through_a_gateway_shares_its_troubles() -> None:
    assert len(came(Duplicates(**TIME, device="gw"), gateway="gw")) == 70
    assert len(came(Duplicates(**TIME, device="d-B"), gateway="gw")) == 60


def test_messages_come_in_the_order_of_their_arrival() -> None:
    troubles = Disorder(**TIME, device="d-A"), Duplicates(**TIME, device="d-B")
    scenario = Scenario(name="two", duration=Span(60 * MINUTE), incidents=troubles)
    times = [each.time for each in sent(village(*PAIR), 60, scenario)]
    assert times == sorted(times)
