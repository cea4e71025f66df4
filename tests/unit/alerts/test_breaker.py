"""When a receiver counts as away, how often it is tried then, and that it is back by one answer."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from alerts.breaker import ENOUGH, FIRST_S, LONGEST_S, Breaker

CHANCES = st.floats(0, 1, exclude_max=True)


def failing(messages: int, now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(messages):
        breaker = breaker.missed(uuid4(), now, now, 0.0)
    return breaker


def test_it_is_away_after_enough_different_messages_and_not_before() -> None:
    assert not failing(ENOUGH - 1).away
    assert failing(ENOUGH).away


@given(st.integers(1, 100))
def test_one_message_that_never_gets_through_says_nothing_of_its_receiver(times: int) -> None:
    breaker, message = Breaker(), UUID(int=1)
    for n in range(times):
        breaker = breaker.missed(message, n, n, 0.0)
    assert not breaker.away
    assert breaker.room(16, 3, times, urgent=False) == 16


def test_an_answer_in_between_begins_the_count_anew() -> None:
    breaker = failing(ENOUGH - 1).answered()
    for _ in range(ENOUGH - 1):
        breaker = breaker.missed(uuid4(), 0, 0, 0.0)
    assert not breaker.away
    assert failing(ENOUGH).answered() == Breaker()


@given(st.lists(CHANCES, min_size=1, max_size=40))
def test_while_away_one_at_a_time_is_tried_and_never_longer_apart_than_that(chances: list[float]) -> None:
    breaker, now = failing(ENOUGH), 0.0
    waits = []
    for chance in chances:
        assert breaker.room(16, 1, now + LONGEST_S, urgent=True) == 0
        assert breaker.room(16, 0, now, urgent=True) == 0
        assert breaker.room(16, 0, now + LONGEST_S, urgent=False) == 1
        now = breaker.next
        breaker = breaker.missed(uuid4(), now, now, chance)
        waits.append(breaker.next - now)
    assert breaker.tries == len(chances)
    assert all(wait + 1e-6 >= FIRST_S / 2 and wait - 1e-6 <= LONGEST_S for wait in waits)


def test_what_is_urgent_asks_sooner() -> None:
    breaker = failing(ENOUGH)
    for n in range(5):
        breaker = breaker.missed(uuid4(), n + 1, n + 1, 0.0)
    assert breaker.room(16, 0, 5 + FIRST_S, urgent=True) == 1
    assert breaker.room(16, 0, 5 + FIRST_S, urgent=False) == 0


def test_what_was_sent_before_it_was_known_does_not_make_the_wait_longer() -> None:
    breaker = failing(ENOUGH, now=1.0)
    assert breaker.missed(uuid4(), 0.5, 3.0, 0.0) == breaker
