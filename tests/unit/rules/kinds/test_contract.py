"""What every kind must be, whatever it detects."""

import doctest
import importlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rules.bind import parse_parameters
from rules.kinds import PARAMETERS, SENSOR_KINDS
from rules.kinds.base import FOREVER, Changes, Kind
from rules.model import Transition
from sensors.arrays import pack, unpack
from sensors.model import Flag
from sensors.readings import MINUTE
from tests.unit.rules.kinds import contract
from tests.unit.rules.kinds.contract import (
    Stage,
    alone,
    joint,
    mixed,
    play,
    vote,
    with_nothings,
    with_repeats,
)

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "limit": [
        {"bands": [{"above": 10}, {"above": 20}], "deadband": 2, "on_delay": "2min", "off_delay": "3min"},
        {"bands": [{"below": 1}]},
        {"bands": [{"above": 5}, {"below": 0.5}, {"above": 50}], "off_delay": "1min"},
    ],
    "rate": [
        {"rise_per_s": 0.05, "window": "1min"},
        {"fall_per_s": 0.05, "window": "3min", "max_gap": "10min"},
        {"rise_per_s": 0.1, "fall_per_s": 0.02, "hold": "5min"},
    ],
    "stuck": [
        {"window": "5min", "tolerance": 0.5},
        {"window": "4min", "tolerance": 0, "idle": 0},
        {"window": "2min", "tolerance": 5},
    ],
    "ewma": [
        {"mean": 5, "spread": 2, "tau": "3min"},
        {"follow": "10min", "spread": 0.5, "tau": "1min", "freeze": "5min", "clip": 4},
        {"mean": 3, "spread": 1, "side": "high", "release": 1},
    ],
    "cusum": [
        {"mean": 5, "spread": 2, "height": 4},
        {"follow": "10min", "spread": 0.5, "height": 3, "freeze": "5min", "side": "low"},
        {"mean": 3, "spread": 5, "correlation": "5min", "height": 2, "clip": 2},
    ],
    "deviation": [
        {"bands": [{"above": 2}, {"above": 9}], "window": "10min", "percentile": 10, "freeze": "8min"},
        {"bands": [{"below": -1}], "window": "6min", "points": 5, "on_delay": "1min", "off_delay": "1min"}
        | {"least_spread": 0.5, "spread_over": "15min"},
        {"bands": [{"above": 3}, {"below": -3}], "window": "20min", "points": 12, "least_spread": 0.5},
    ],
    "spike": [
        {"least": 1, "points": 5},
        {"least": 0.1, "points": 5, "width": 3, "hold": "4min", "most": 1},
        {"least": 5, "points": 7, "most": 3, "max_gap": "5min"},
    ],
    "trend": [
        {"above": 25, "window": "5min", "points": 10, "on_delay": "1min", "off_delay": "1min"},
        {"below": -4, "window": "8min", "points": 8, "response": "1h"},
        {"above": 60, "window": "10min", "points": 5, "response": "1d"},
    ],
    "accumulation": [
        {"levels": [10, 20], "window": "5min", "points": 10, "least_rise": 2, "volume_m3": 3},
        {"levels": [50], "window": "8min", "points": 8, "response": "1h", "hold": "0s", "least_rise": 1},
        {"window": "10min", "points": 5, "response": "1d"},
    ],
    "silence": [{"interval_s": 60}, {"intervals": 1, "interval_s": 120}, {"intervals": 10, "interval_s": 30}],
    "spectrum": [
        {"frequencies": [2.0]},
        {"frequencies": [1.0, 4.0], "limits": [2.0, 5.0], "windows": 1},
        {"frequencies": [3.0], "per_k": -0.0005, "beside": "structure_temperature"},
    ],
    "fatigue": [
        {"category": 36, "limits": [1e-9, 1e-6]},
        {"category": 71, "modulus_gpa": 2000, "limits": [1e-3]},
        {"category": 112, "partial_factor": 1, "used": 0.5, "limits": [0.4, 0.6]},
    ],
    "cable": [
        {"bands": [{"below": 0.85}], "mass_kg_m": 60, "length_m": 120, "force_kn": 3456},
        {"bands": [{"above": 1.2}], "mass_kg_m": 60, "length_m": 50, "force_kn": 2000, "order": 2},
        {"bands": [{"above": 1.1}, {"below": 0.9}], "mass_kg_m": 50, "length_m": 80, "force_kn": 2500},
    ],
}
EVERY = pytest.mark.parametrize("name", sorted(SENSOR_KINDS))
START = 1_000_000 * MINUTE


@dataclass(frozen=True)
class Shown:
    subject: int
    time: int
    value: float


def test_every_kind_has_an_example_here() -> None:
    assert set(EXAMPLES) == set(SENSOR_KINDS)


def fresh(name: str) -> Kind[Any]:
    return SENSOR_KINDS[name]([parse_parameters(name, each) for each in EXAMPLES[name]])


@st.composite
def feeds(draw: st.DrawFn) -> list[Shown]:
    """Readings in order of arrival; within a subject each is newer than the one before."""
    steps = draw(
        st.lists(
            st.tuples(
                st.integers(0, 2),
                st.integers(1, 15),
                st.sampled_from([0.0, 0.2, 3.0, 9.0, 11.0, 21.0, 19.0, 60.0, -5.0, 1e9]),
            ),
            max_size=60,
        )
    )
    clocks = [START] * 3
    feed = []
    for subject, step, value in steps:
        clocks[subject] += step * MINUTE // 2
        feed.append(Shown(subject, clocks[subject], value))
    return feed


def show(kind: Kind[Any], feed: list[Shown]) -> list[tuple[int, int, int, int]]:
    """Show readings of different subjects at once, in arrays that must not be written to."""
    arrays = (
        np.array([each.subject for each in feed], np.intp),
        np.array([each.time for each in feed], np.int64),
        np.array([each.value for each in feed], np.float64),
    )
    for array in arrays:
        array.flags.writeable = False
    return told(kind.update(*arrays))


@EVERY
@given(feed=feeds())
def test_a_reading_that_does_not_stir_changes_nothing(name: str, feed: list[Shown]) -> None:
    kind = fresh(name)
    for each in feed:
        stirring = kind.stirring(np.array([each.subject]), np.array([each.value]))
        before = pickle.dumps({key: array.copy() for key, array in kind.remember().items()})
        changes = show(kind, [each])
        if stirring is not None and not stirring[0]:
            assert not changes
            assert pickle.dumps(kind.remember()) == before


def told(changes: Any) -> list[tuple[int, int, int, int]]:
    """(subject, time, state, previous) of each change."""
    found = []
    for each in changes:
        assert isinstance(each, Changes)
        columns = (each.subject, each.time, each.state, each.previous)
        assert len(each.row) == len(each.subject)
        found += zip(*(column.tolist() for column in columns), strict=True)
    return found


def by_subject(changes: list[tuple[int, int, int, int]]) -> dict[int, list[tuple[int, ...]]]:
    return {subject: [c for c in changes if c[0] == subject] for subject in range(3)}


def one_by_one(name: str, feed: list[Shown]) -> dict[int, list[tuple[int, ...]]]:
    kind = fresh(name)
    return by_subject([change for each in feed for change in show(kind, [each])])


def together(feed: list[Shown], most: int) -> list[list[Shown]]:
    """The same in calls that hold up to ``most`` readings, no subject twice in one."""
    calls: list[list[Shown]] = []
    for each in feed:
        if not calls or len(calls[-1]) >= most or each.subject in {other.subject for other in calls[-1]}:
            calls.append([])
        calls[-1].append(each)
    return calls


@EVERY
@given(feed=feeds(), most=st.integers(1, 3))
def test_how_many_are_shown_at_a_time_changes_nothing(name: str, feed: list[Shown], most: int) -> None:
    kind = fresh(name)
    changes = [change for call in together(feed, most) for change in show(kind, call)]
    assert by_subject(changes) == one_by_one(name, feed)


@EVERY
@given(feed=feeds())
def test_subjects_do_not_know_of_one_another(name: str, feed: list[Shown]) -> None:
    every = one_by_one(name, feed)
    for subject in range(3):
        assert one_by_one(name, [each for each in feed if each.subject == subject])[subject] == every[subject]


@EVERY
@given(feed=feeds(), cut=st.integers(0, 60), ticks=st.lists(st.integers(0, 60), max_size=3))
def test_a_restart_changes_nothing(name: str, feed: list[Shown], cut: int, ticks: list[int]) -> None:
    straight, restarted = fresh(name), fresh(name)
    for kind in (straight, restarted):
        for each in feed[:cut]:
            show(kind, [each])
        for tick in sorted(ticks):
            list(kind.tick(START + tick * MINUTE))
    memory = unpack(pack(restarted.remember()))
    restarted = fresh(name)
    restarted.recall(memory, np.arange(3), np.arange(3))
    rest = [
        [change for each in feed[cut:] for change in show(kind, [each])] for kind in (straight, restarted)
    ]
    assert rest[0] == rest[1]
    late = START + 10_000 * MINUTE
    assert straight.due() == restarted.due()
    assert told(straight.tick(late)) == told(restarted.tick(late))


@EVERY
@given(feed=feeds())
def test_a_kind_can_be_pickled(name: str, feed: list[Shown]) -> None:
    kind = fresh(name)
    for each in feed:
        show(kind, [each])
    twin = pickle.loads(pickle.dumps(kind))
    assert {n: a.tobytes() for n, a in kind.remember().items()} == {
        n: a.tobytes() for n, a in twin.remember().items()
    }


@EVERY
@given(feed=feeds(), turn=st.permutations(range(3)))
def test_memory_is_taken_over_subject_by_subject(name: str, feed: list[Shown], turn: list[int]) -> None:
    """A new version may have the same pairs at other places."""
    old = fresh(name)
    half = len(feed) // 2
    for each in feed[:half]:
        show(old, [each])
    new = SENSOR_KINDS[name]([parse_parameters(name, EXAMPLES[name][subject]) for subject in turn])
    new.recall(old.remember(), np.array(turn), np.arange(3))
    place = {subject: n for n, subject in enumerate(turn)}
    for each in feed[half:]:
        mine = [(place[s], *rest) for s, *rest in show(old, [each])]
        assert show(new, [Shown(place[each.subject], each.time, each.value)]) == mine


@EVERY
@given(feed=feeds(), minutes=st.integers(0, 400))
def test_before_it_is_due_a_tick_changes_nothing(name: str, feed: list[Shown], minutes: int) -> None:
    kind = fresh(name)
    for each in feed:
        show(kind, [each])
    now = START + minutes * MINUTE
    due = kind.due()
    before = {n: a.copy() for n, a in kind.remember().items()}
    changes = told(kind.tick(now))
    if now < due:
        assert not changes
        assert all(np.array_equal(a, before[n], equal_nan=True) for n, a in kind.remember().items())
    for _, time, _, _ in changes:
        assert due <= time <= now


@EVERY
@given(feed=feeds())
def test_no_tick_is_due_sooner_than_its_patience_after_the_oldest_reading(
    name: str, feed: list[Shown]
) -> None:
    kind = fresh(name)
    for each in feed:
        show(kind, [each])
    oldest = min((each.time for each in feed), default=FOREVER)
    assert kind.due() >= min(oldest + kind.patience(), FOREVER)


@EVERY
@given(feed=feeds())
def test_each_change_follows_on_the_one_before_and_is_a_state_of_its_parameters(
    name: str, feed: list[Shown]
) -> None:
    kind = fresh(name)
    state = [0, 0, 0]
    for each in feed:
        for subject, time, new, previous in show(kind, [each]):
            assert subject == each.subject
            assert time <= each.time
            assert previous == state[subject] != new
            assert 0 <= new <= parse_parameters(name, EXAMPLES[name][subject]).states
            state[subject] = new
        assert kind.state.tolist() == state


@EVERY
@given(feed=feeds())
def test_every_state_has_words(name: str, feed: list[Shown]) -> None:
    kind = fresh(name)
    for each in feed:
        for subject, _, state, _ in show(kind, [each]):
            words = kind.explain(subject, state, each.value)
            assert words
            assert "nan" not in words
            assert "\n" not in words
            assert f"{each.value:g}" in words or state


@EVERY
def test_a_value_that_is_missing_is_shown_only_to_kinds_that_judge_the_data_itself(name: str) -> None:
    assert SENSOR_KINDS[name].worst_flag == {"silence": Flag.MISSING, "fatigue": Flag.UNKNOWN}.get(
        name, Flag.SUSPECT
    )


@EVERY
def test_a_kind_over_nobody_is_a_kind(name: str) -> None:
    kind = SENSOR_KINDS[name]([])
    nobody = np.empty(0, np.intp)
    assert told(kind.update(nobody, np.empty(0, np.int64), np.empty(0))) == []
    assert told(kind.tick(0)) == []
    assert kind.due() == FOREVER
    assert kind.memory() == 0


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_the_examples_in_a_kind_s_text_run(name: str) -> None:
    module = importlib.import_module(f"rules.kinds.{name}")
    failed, tried = doctest.testmod(module, raise_on_error=False)
    assert failed == 0
    assert tried or name == "k_of_n"


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_kind_s_text_says_what_one_must_know(name: str) -> None:
    text = importlib.import_module(f"rules.kinds.{name}").__doc__ or ""
    assert text.startswith(f"{name}: ")
    parts = [
        text.find(part)
        for part in ("Formula:", "Will not fire on:", "False alarms:", "Siblings:", "Reference:")
    ]
    assert -1 not in parts
    assert parts == sorted(parts)


OTHERS = ("d1", "d2")
WEEKLY = {"bands": [{"above": 9}, {"below": -9}], "baseline": "week", "least_spread": 0.5}
STAGES: dict[str, Callable[[], Stage]] = {
    **{name: partial(alone, name, examples) for name, examples in EXAMPLES.items()},
    "deviation": partial(alone, "deviation", [*EXAMPLES["deviation"], WEEKLY]),
    "spectrum": partial(alone, "spectrum", [{"frequencies": [2.0]}]),
    "cable": partial(
        alone,
        "cable",
        [{"bands": [{"above": 1.05}, {"below": 0.95}], "mass_kg_m": 60, "length_m": 120, "force_kn": 13824}],
    ),
    "k_of_n": vote,
    "relation": partial(joint, "relation", [{"height": 3.0}, {"of": "change"}], others=OTHERS),
    "expression": partial(
        joint, "expression", [{"formula": "max(a) - b", "bands": [{"above": 5}]}], a=("d0", "d1"), b=OTHERS
    ),
    "balance": partial(
        joint,
        "balance",
        [
            {"bands": [{"above": 5}, {"above": 15}], "over": "3min", "shift": "1min"},
            {"bands": [{"above": 3}], "over": "2min", "usual": 3, "off_delay": "3min"},
        ],
        inflow=("d0",),
        outflow=("d1",),
    ),
    "blockage": partial(
        joint,
        "blockage",
        [{"rise": 1, "follow": "9min", "on_delay": "1min"}],
        opening=((1.0, 10.0, 10.0),) * 12 + ((5.0, 2.0, 10.0),) * 3,
        downstream=OTHERS,
    ),
    "overflow": partial(
        joint, "overflow", [{"rim": 20, "lags": 1}, {"rim": 9, "lags": 1, "horizon": "6h"}], rain=("d1",)
    ),
    "drift": partial(
        joint,
        "drift",
        [{"bands": [{"above": 2}], "days": 5, "every": "1d"}],
        pace=1440,
        opening=tuple((10.0 + day, 10.0, 10.0) for day in range(8)),
        neighbours=OTHERS,
    ),
    "gas_origin": partial(joint, "gas_origin", [{"pipe_h2s": 1.0}], h2s=("d1",), oxygen=("d2",)),
}
"""Where each kind is shown to the engine; one of single sensors or of their blocks needs an example only."""
KINDS = pytest.mark.parametrize("name", sorted(PARAMETERS))


@cache
def stage(name: str) -> Stage:
    return STAGES[name]()


def test_every_kind_stands_on_a_stage() -> None:
    assert set(STAGES) == set(PARAMETERS)


@KINDS
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_batches_cut_anywhere_and_restarts_between_them_give_the_same_verdicts(
    name: str, data: st.DataObject
) -> None:
    feed = data.draw(contract.feeds(stage(name)))
    cuts = data.draw(st.lists(st.integers(0, len(feed)), max_size=6))
    whole = play(stage(name), feed)
    assert play(stage(name), feed, cuts) == whole
    assert play(stage(name), feed, cuts, "snapshot") == whole
    assert play(stage(name), feed, cuts, "pickle") == whole


@KINDS
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_one_arrival_at_a_time_gives_the_same_verdicts(name: str, data: st.DataObject) -> None:
    feed = data.draw(contract.feeds(stage(name)))
    assert play(stage(name), feed, range(len(feed))) == play(stage(name), feed)


@KINDS
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_order_across_sensors_changes_no_verdict(name: str, data: st.DataObject) -> None:
    feed = data.draw(contract.feeds(stage(name), ticks=False))
    everybody = sum(each.time < contract.START for each in feed)
    other = [*feed[:everybody], *data.draw(mixed(feed[everybody:]))]
    verdicts = [{t.id: t for t in play(stage(name), each).transitions} for each in (feed, other)]
    assert verdicts[0] == verdicts[1]


@KINDS
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_arrives_twice_changes_nothing(name: str, data: st.DataObject) -> None:
    feed = data.draw(contract.feeds(stage(name)))
    again = data.draw(with_repeats(feed))
    assert play(stage(name), again).transitions == play(stage(name), feed).transitions


@pytest.mark.parametrize("name", sorted(set(SENSOR_KINDS) - {"silence"}))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_readings_without_a_value_are_as_none(name: str, data: st.DataObject) -> None:
    feed = data.draw(contract.feeds(stage(name), ticks=False))
    newest: dict[object, int] = {}
    timely = [
        each
        for each in feed
        if newest.get(each.owner, 0) + 2 < each.time and not newest.update({each.owner: each.time})
    ]
    places = data.draw(st.sets(st.integers(0, max(len(timely) - 1, 0))))
    assert (
        play(stage(name), with_nothings(timely, places)).transitions == play(stage(name), timely).transitions
    )


@KINDS
def test_every_kind_has_something_to_say_on_its_stage(name: str) -> None:
    """Else the verdicts that are compared above were none."""

    @settings(database=None, deadline=None, phases=[Phase.generate], derandomize=True)
    @given(data=st.data())
    def speaks(data: st.DataObject) -> None:
        said.extend(play(stage(name), data.draw(contract.feeds(stage(name)))).transitions)

    said: list[Transition] = []
    speaks()
    assert len(said) >= 5
