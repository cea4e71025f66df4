"""What is known to be missing is what a set of all numbers would say, however the batches were cut."""

from collections.abc import Iterable
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from ingest import sequence
from ingest.batch import Numbered
from ingest.sequence import GapChange, Sequences

Number = tuple[int, int]
"""(boot, number)"""


class Numbers:
    """The same for one device, said with sets."""

    def __init__(self) -> None:
        self.newest: Number | None = None
        self.missing: set[Number] = set()

    def see(self, boot: int, number: int) -> None:
        if self.newest is None:
            self.newest = boot, number
            return
        current, newest = self.newest
        if boot > current:
            current, newest = boot, -1
        if boot == current and number > newest:
            self.missing |= {(boot, each) for each in range(newest + 1, number)}
            self.newest = boot, number
        self.missing.discard((boot, number))


class Table:
    """What the database makes of the changes: missing + noticed - filled, by device and boot."""

    def __init__(self) -> None:
        self.missing: dict[str, set[Number]] = {}

    def apply(self, changes: Iterable[GapChange]) -> None:
        for change in changes:
            mine = self.missing.setdefault(change.device, set())
            for ranges, act in ((change.noticed, mine.update), (change.filled, mine.difference_update)):
                act((change.boot, number) for first, end in ranges for number in range(first, end))


FEEDS = st.lists(
    st.builds(Numbered, st.sampled_from("ab"), st.integers(0, 2), st.integers(0, 12)), max_size=40
)


def run(feed: list[Numbered], cuts: list[int]) -> tuple[Sequences, Table]:
    """Batch by batch, with a restart between."""
    sequences, table = Sequences(), Table()
    for start, end in zip([0, *cuts], [*cuts, len(feed)], strict=True):
        table.apply(sequences.observe(feed[start:end]))
        sequences = Sequences.decode(sequences.encode())
    return sequences, table


def modelled(feed: list[Numbered]) -> dict[str, set[Number]]:
    devices: dict[str, Numbers] = {}
    for each in feed:
        devices.setdefault(each.device, Numbers()).see(each.boot, each.number)
    return {device: numbers.missing for device, numbers in devices.items()}


def inside(sequences: Sequences, device: str) -> set[Number]:
    return {(boot, n) for boot, first, end in sequences.missing(device) for n in range(first, end)}


@given(FEEDS, st.data())
def test_missing_is_what_was_skipped_and_never_came(feed: list[Numbered], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(feed)), max_size=6)))
    sequences, table = run(feed, cuts)
    for device, missing in modelled(feed).items():
        assert inside(sequences, device) == missing
        assert table.missing.get(device, set()) == missing
        assert (device in sequences.incomplete()) == bool(missing)


@given(FEEDS, st.data())
def test_messages_that_come_again_change_nothing(feed: list[Numbered], data: st.DataObject) -> None:
    sequences, _ = run(feed, [])
    before = sequences.encode()
    for again in data.draw(st.permutations(feed)):
        assert not sequences.observe([again])
    assert sequences.encode() == before


@given(FEEDS, st.integers(1, 4))
def test_memory_is_bounded_and_the_database_still_knows_all(feed: list[Numbered], most: int) -> None:
    with patch.object(sequence, "MOST_RANGES", most):
        sequences, table = run(feed, [len(feed) // 2])
    for device, missing in modelled(feed).items():
        assert len(sequences.missing(device)) <= most
        assert inside(sequences, device) <= missing
        assert table.missing.get(device, set()) == missing


def test_the_first_that_is_heard_of_a_device_says_nothing_of_those_before() -> None:
    sequences = Sequences()
    assert not sequences.observe([Numbered("a", 4, 1000), Numbered("a", 4, 1001)])
    assert not sequences.incomplete()


def test_a_gap_is_told_once_and_its_filling_number_by_number() -> None:
    sequences = Sequences()
    assert sequences.observe([Numbered("a", 0, 0), Numbered("a", 0, 5)]) == [GapChange("a", 0, [(1, 5)], [])]
    assert sequences.observe([Numbered("a", 0, 3)]) == [GapChange("a", 0, [], [(3, 4)])]
    assert sequences.missing("a") == [(0, 1, 3), (0, 4, 5)]
    assert not sequences.observe([Numbered("a", 0, 3)])


def test_a_new_boot_is_no_gap_but_what_it_skipped_since_its_0_is_one() -> None:
    sequences = Sequences()
    sequences.observe([Numbered("a", 0, 7)])
    assert not sequences.observe([Numbered("a", 1, 0)])
    assert sequences.observe([Numbered("a", 2, 2)]) == [GapChange("a", 2, [(0, 2)], [])]
    assert sequences.observe([Numbered("a", 2, 1)]) == [GapChange("a", 2, [], [(1, 2)])]


def test_a_huge_jump_and_every_second_number_after_it_stay_within_bounds() -> None:
    sequences = Sequences()
    sequences.observe([Numbered("a", 0, 0), Numbered("a", 0, 2**53)])
    for number in range(2, 2 * sequence.MOST_RANGES + 10, 2):
        sequences.observe([Numbered("a", 0, number)])
    assert len(sequences.missing("a")) == sequence.MOST_RANGES
