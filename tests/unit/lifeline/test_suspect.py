"""The one message for which the database refuses a batch is found, and no batch is tried for ever."""

from math import log2

from hypothesis import given
from hypothesis import strategies as st

from ingest.message import Message
from lifeline.suspect import Suspect

MOST = 64


def serve(messages: list[Message], poison: set[int], sizes: list[int]) -> tuple[list[int], list[int], int]:
    """A worker whose broker sends again, in order, what was not stored: stored, set aside, refusals."""
    suspect = Suspect(MOST)
    stored: list[int] = []
    aside: list[int] = []
    place = refusals = 0
    while place < len(messages):
        arrived = sizes[place % len(sizes)]
        batch = messages[place : place + min(suspect.limit, arrived)]
        numbers = list(range(place, place + len(batch)))
        if suspect.is_culprit(batch):
            aside += numbers
        elif poison & set(numbers):
            suspect.refused(batch, "no")
            refusals += 1
            assert refusals < 1000
            continue
        else:
            stored += numbers
        suspect.stored(len(batch))
        place += len(batch)
    assert suspect.limit == MOST or place < len(messages) or poison
    return stored, aside, refusals


@given(
    st.integers(1, 200),
    st.sets(st.integers(0, 199), max_size=6),
    st.lists(st.integers(1, 100), min_size=1, max_size=5),
)
def test_what_is_at_fault_is_set_aside_and_all_else_is_stored(
    many: int, poison: set[int], sizes: list[int]
) -> None:
    messages = [Message("t", str(number).encode()) for number in range(many)]
    poison = {number for number in poison if number < many}
    stored, aside, refusals = serve(messages, poison, sizes)
    assert aside == sorted(poison)
    assert stored == [number for number in range(many) if number not in poison]
    assert refusals <= len(poison) * (log2(MOST) + 2)


def test_messages_that_look_alike_are_each_set_aside() -> None:
    stored, aside, _ = serve([Message("t", b"x")] * 3 + [Message("t", b"y")], {0, 1, 2}, [100])
    assert (stored, aside) == ([3], [0, 1, 2])


def test_once_the_one_at_fault_is_set_aside_batches_are_whole_again() -> None:
    suspect = Suspect(MOST)
    messages = [Message("t", str(number).encode()) for number in range(MOST)]
    while len(batch := messages[: suspect.limit]) > 1:
        suspect.refused(batch, "no")
    suspect.refused(batch, "no")
    assert suspect.limit == 1
    assert suspect.is_culprit(batch)
    assert suspect.limit == MOST
    assert not suspect.is_culprit(batch)


def test_after_a_false_alarm_batches_are_whole_again() -> None:
    """What was refused once may be taken the next time, as when somebody has mended the table."""
    suspect = Suspect(MOST)
    suspect.refused([Message("t", b"x")] * 10, "no")
    assert suspect.limit == 5
    suspect.stored(5)
    assert suspect.limit == 5
    suspect.stored(5)
    assert suspect.limit == MOST
