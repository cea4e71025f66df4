"""A device gone mad must not fill the database with what it says."""

from ingest.allowance import Allowance
from ingest.batch import DeadLetter
from ingest.reason import Reason
from sensors.readings import HOUR
from tests.unit.ingest.place import INDEX


def letters(device: str | None, count: int) -> list[DeadLetter]:
    return [
        DeadLetter(
            topic="t",
            device=device,
            reason=Reason.SCHEMA,
            detail=str(n),
            content_type=None,
            payload=b"",
            size=0,
        )
        for n in range(count)
    ]


def test_a_device_s_letters_beyond_its_allowance_are_not_kept() -> None:
    allowance = Allowance(3)
    first = allowance.admit(letters("d0", 2), INDEX, 0)
    allowance.spend(first, INDEX)
    second = allowance.admit(letters("d0", 5), INDEX, 1)
    allowance.spend(second, INDEX)
    assert [len(first), len(second)] == [2, 1]
    assert [letter.detail for letter in second] == ["0"]
    assert not allowance.admit(letters("d0", 1), INDEX, HOUR - 1)


def test_one_device_does_not_use_up_another_s() -> None:
    allowance = Allowance(2)
    kept = allowance.admit([*letters("d0", 9), *letters("d1", 9)], INDEX, 0)
    assert [letter.device for letter in kept] == ["d0", "d0", "d1", "d1"]


def test_strangers_share_one_allowance() -> None:
    allowance = Allowance(2)
    kept = allowance.admit(
        [*letters("x1", 1), *letters("x2", 1), *letters("x3", 1), *letters(None, 1)], INDEX, 0
    )
    assert [letter.device for letter in kept] == ["x1", "x2"]


def test_each_hour_begins_anew() -> None:
    allowance = Allowance(1)
    allowance.spend(allowance.admit(letters("d0", 1), INDEX, HOUR - 1), INDEX)
    assert len(allowance.admit(letters("d0", 9), INDEX, HOUR)) == 1


def test_what_was_not_committed_is_not_spent() -> None:
    allowance = Allowance(1)
    for _ in range(3):
        assert len(allowance.admit(letters("d0", 1), INDEX, 0)) == 1
