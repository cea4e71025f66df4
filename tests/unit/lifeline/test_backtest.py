"""Spells now and on record, held against each other."""

from lifeline.backtest.compare import Difference, Spell, Step, compare, spells

CASE = ("chamber", "gas-leak")


def steps(*levels: tuple[int, int | None], asset: str = "chamber") -> list[Step]:
    return [(asset, "gas-leak", time, level) for time, level in levels]


def spell(start: int, end: int | None, level: int) -> Spell:
    return Spell(start=start, end=end, level=level)


def told(recorded: list[Step], found: list[Step]) -> list[Difference]:
    return compare(spells(recorded, 0, 100), spells(found, 0, 100))


def test_a_spell_goes_from_evidence_to_none_with_the_worst_level() -> None:
    found = spells(steps((10, 3), (20, 1), (30, 2), (40, None), (60, 4)), 0, 100)
    assert found == {CASE: [spell(10, 40, 1), spell(60, None, 4)]}


def test_what_began_before_begins_at_the_first_moment_with_the_level_it_had_then() -> None:
    assert spells(steps((1, 1), (5, 3), (20, None)), 10, 100) == {CASE: [spell(10, 20, 3)]}


def test_what_was_over_before_or_comes_after_is_left_out() -> None:
    assert spells(steps((1, 1), (5, None), (100, 2)), 10, 100) == {}


def test_the_same_is_told_as_the_same() -> None:
    record = steps((10, 3), (40, None))
    assert [each.what for each in told(record, list(record))] == ["same"]


def test_what_only_one_side_has_is_new_or_gone() -> None:
    differences = told(steps((10, 3), (20, None)), steps((50, 2)))
    assert [(each.what, each.recorded, each.found) for each in differences] == [
        ("gone", spell(10, 20, 3), None),
        ("new", None, spell(50, None, 2)),
    ]


def test_another_level_or_another_time_is_a_change() -> None:
    record = steps((10, 3), (40, None))
    for other in (steps((10, 2), (40, None)), steps((12, 3), (40, None)), steps((10, 3), (41, None))):
        (difference,) = told(record, other)
        assert difference.what == "changed"


def test_spells_that_were_joined_or_split_are_changes_and_neither_new_nor_gone() -> None:
    one, two = steps((10, 3), (90, None)), steps((10, 3), (20, None), (50, 3), (90, None))
    for record, found in ((one, two), (two, one)):
        assert [each.what for each in told(record, found)] == ["changed", "changed"]


def test_assets_are_told_apart() -> None:
    differences = told(steps((10, 3)), steps((10, 3), asset="next"))
    assert sorted((each.what, each.asset) for each in differences) == [("gone", "chamber"), ("new", "next")]
