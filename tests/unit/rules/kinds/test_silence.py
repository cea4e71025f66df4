"""silence: judged on ticks, told with the moment at which the promise was broken."""

import numpy as np
import pytest

from rules.bind import parse_parameters
from rules.kinds.base import FOREVER
from sensors.readings import SECOND
from tests.unit.rules.kinds.stage import kind, show, told

SILENCE = {"intervals": 3, "interval_s": 60}


def test_a_sensor_is_silent_from_its_deadline_on_whenever_that_is_noticed() -> None:
    for noticed in (181, 10_000):
        silence = kind("silence", SILENCE)
        show(silence, 0, 1.0)
        assert told(silence.tick(180 * SECOND)) == []
        assert told(silence.tick(noticed * SECOND)) == [(180, 1)]
        assert told(silence.tick((noticed + 1) * SECOND)) == []


def test_the_next_reading_ends_it() -> None:
    silence = kind("silence", SILENCE)
    show(silence, 0, 1.0)
    list(silence.tick(200 * SECOND))
    assert show(silence, 300, 1.0) == [(300, 0)]


def test_a_silence_that_no_tick_noticed_is_told_with_the_reading_that_ends_it() -> None:
    silence = kind("silence", SILENCE)
    show(silence, 0, 1.0)
    assert show(silence, 181, 1.0) == [(180, 1), (181, 0)]


def test_a_reading_at_the_deadline_is_in_time() -> None:
    silence = kind("silence", SILENCE)
    show(silence, 0, 1.0)
    assert show(silence, 180, 1.0) == []


def test_a_reading_without_a_value_is_no_silence() -> None:
    silence = kind("silence", SILENCE)
    show(silence, 0, 1.0)
    show(silence, 100, float("nan"))
    assert told(silence.tick(280 * SECOND)) == []


def test_who_was_never_heard_is_not_silent() -> None:
    silence = kind("silence", SILENCE)
    assert silence.due() == FOREVER
    assert told(silence.tick(10**15)) == []


def test_it_is_due_at_the_earliest_deadline_of_those_that_still_speak() -> None:
    silence = kind("silence", SILENCE, {**SILENCE, "intervals": 5})
    list(silence.update(np.array([0, 1]), np.array([0, 0]), np.array([1.0, 1.0])))
    assert silence.due() == 180 * SECOND
    list(silence.tick(200 * SECOND))
    assert silence.due() == 300 * SECOND


def test_it_tells_an_operator_how_long() -> None:
    silence = kind("silence", SILENCE)
    assert silence.explain(0, 1, float("nan")) == "has said nothing for 180 s or longer"
    assert silence.explain(0, 0, 3.5) == "speaks again, 3.5"
    assert silence.explain(0, 0, float("nan")) == "speaks again"


@pytest.mark.parametrize(
    ("parameters", "where"), [({"intervals": 0.5}, "intervals"), ({"interval_s": -1}, "interval_s")]
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("silence", parameters).mistake()
    assert wrong is not None
    assert wrong[0] == where
