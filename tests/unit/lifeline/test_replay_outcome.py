from lifeline.replay.outcome import by_hazard, cases
from lifeline.scoring import Alarm
from rules.levels import RiskLevel

END = 100


def alarms(*steps: tuple[int, int | None], mildest: RiskLevel = RiskLevel.GENERAL) -> list[tuple[int, ...]]:
    found = cases([("id", "A", "burst", *step) for step in steps], mildest, END)
    return [(alarm.level, alarm.start, alarm.end, alarm.sounded) for alarm in found]


def test_an_alarm_is_on_from_its_level_to_the_end_of_it() -> None:
    assert alarms((10, 2), (20, None)) == [(2, 10, 20, (10,))]


def test_what_is_still_on_ends_with_the_feed() -> None:
    assert alarms((10, 3)) == [(3, 10, END, (10,))]


def test_it_sounds_each_time_it_gets_worse_and_never_when_it_falls() -> None:
    assert alarms((10, 3), (20, 1), (30, 2), (40, 1), (50, None)) == [(1, 10, 50, (10, 20, 40))]


def test_what_is_milder_is_as_if_it_were_not() -> None:
    assert alarms((10, 4), (20, 3), (30, 4), (40, 2), (50, None)) == [(3, 20, 30, (20,)), (2, 40, 50, (40,))]
    assert alarms((10, 4), (20, 3), (50, None), mildest=RiskLevel.LOW) == [(3, 10, 50, (10, 20))]
    assert alarms((10, 4), (20, None)) == []


def test_each_case_has_its_own() -> None:
    steps = [("1", "A", "burst", 10, 3), ("1", "A", "burst", 20, None), ("2", "B", "burst", 15, 2)]

    assert [alarm.asset for alarm in cases(steps, RiskLevel.GENERAL, END)] == ["A", "B"]


def test_alarms_are_counted_by_hazard_and_level() -> None:
    found = [
        Alarm("A", hazard, RiskLevel(level), 0, 1, (0,))
        for hazard, level in (("overflow", 3), ("burst", 1), ("burst", 3), ("burst", 3))
    ]

    assert by_hazard(found) == {
        "burst": {"major": 1, "serious": 0, "general": 2, "low": 0},
        "overflow": {"major": 0, "serious": 0, "general": 1, "low": 0},
    }
