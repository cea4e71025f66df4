"""Blocks of samples on their way through the engine: exactly as if they were readings, feature by feature."""

from dataclasses import fields, replace
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import Batch
from ingest.journal import BatchEntry, decode, encode_batch
from rules.engine import Engine, Tick
from rules.kinds.modal import Covariances
from rules.kinds.spectrum import Spectrum
from rules.memory import remember
from rules.model import Figure, RiskChange, Transition
from rules.succession import Succession
from rules.waves import weave
from sensors.model import Flag
from sensors.readings import MINUTE, SECOND, Readings
from sensors.waveforms import NO_FEATURES, Features, Waveform
from tests.unit.rules.bridge import (
    BLOCK_S,
    FREQUENCY,
    SILENCE,
    SPECTRUM,
    START,
    blocks,
    bridge,
    restarted,
    rule,
    rules,
    shaking,
    told,
    warmth,
)

SHIFTED = np.concatenate([shaking(FREQUENCY, 180, 2), shaking(0.93 * FREQUENCY, 240, 2)], axis=1)
"""Three minutes as ever, then four with 14 % of the stiffness lost."""


def engine(*which: object) -> Engine:
    return Engine(bridge(), rules(*which))


def said(transitions: list[Transition]) -> list[tuple[str, str, float, int]]:
    return [(t.rule, t.subject, (t.time - START) / SECOND, t.state) for t in transitions]


def test_a_shifted_frequency_is_evidence_after_so_many_windows_and_ceases_after_as_many() -> None:
    back = np.concatenate([SHIFTED, shaking(FREQUENCY, 180, 2, seed=7)], axis=1)
    transitions = list(told(engine(SPECTRUM), blocks(back)))
    assert said(transitions) == [("spectrum", "a0/z0", 299.98, 1), ("spectrum", "a0/z0", 539.98, 0)]
    assert transitions[0].value == pytest.approx(0.93 * FREQUENCY, rel=0.01)
    assert transitions[0].sensor == 1
    assert "away from its reference" in transitions[0].reason


def test_a_window_is_judged_though_its_last_blocks_were_lost_and_not_if_half_of_it_was() -> None:
    feed = blocks(SHIFTED)
    few = list(told(engine(SPECTRUM), [*feed[:58], *feed[60:]]))
    assert said(few) == [("spectrum", "a0/z0", 309.98, 1)]
    fewer = list(told(engine(SPECTRUM), [*feed[:52], *feed[60:]]))
    assert said(fewer) == [("spectrum", "a0/z0", 359.98, 1)]


def test_when_a_rule_began_to_look_is_all_one() -> None:
    feed = blocks(SHIFTED)
    assert list(told(engine(SPECTRUM), feed[10:])) == list(told(engine(SPECTRUM), feed))


def test_another_set_of_rules_leaves_an_unchanged_one_its_window() -> None:
    feed = blocks(SHIFTED)
    straight, old, new = engine(SPECTRUM), engine(SPECTRUM), engine(SILENCE, SPECTRUM)
    for each in (straight, old):
        list(told(each, feed[:55]))
    succession = Succession(old, new)
    assert not succession.finish(succession.warmth()).transitions
    assert list(told(new, feed[55:])) == list(told(straight, feed[55:])) != []


def test_the_channels_of_a_device_are_one_block_and_without_one_of_them_there_is_none() -> None:
    both = engine().waves.features(blocks(SHIFTED[:, :500]))
    assert (len(both), both.tap.tolist(), both.block.tolist()) == (2, [0], [0])
    one = engine().waves.features(blocks(SHIFTED[:, :500])[:1])
    assert (len(one), one.tap.tolist()) == (1, [])
    apart = [msgspec.structs.replace(each, message=n) for n, each in enumerate(blocks(SHIFTED[:, :500]))]
    assert not len(engine().waves.features(apart).tap)


def test_a_block_with_a_bad_sample_has_no_features_but_is_heard() -> None:
    bad = [msgspec.structs.replace(each, flag=Flag.FAIL) for each in blocks(SHIFTED[:, :500])]
    features = engine().waves.features(bad)
    assert (len(features), len(features.tap)) == (2, 0)


def test_a_block_too_short_for_the_lowest_mode_has_no_features() -> None:
    short = [msgspec.structs.replace(each, samples=each.samples[:70]) for each in blocks(SHIFTED[:, :500])]
    assert not len(engine().waves.features(short).tap)


def test_a_late_block_changes_nothing() -> None:
    """Shown again, or older than the newest, a block leaves all memory as it was."""
    kept, disturbed = engine(SPECTRUM), engine(SPECTRUM)
    feed = blocks(SHIFTED)
    list(told(kept, feed[:70]))
    list(told(disturbed, feed[:70]))
    older = blocks(shaking(1.0, 20, 2), START + 100 * SECOND)
    assert not list(told(disturbed, [*feed[60:70], *older]))
    assert memory(disturbed) == memory(kept)
    assert list(told(disturbed, feed[70:])) == list(told(kept, feed[70:]))


def memory(engine: Engine) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in remember(engine).items()}


def test_a_device_that_sends_waveforms_alone_can_fall_silent() -> None:
    watched = engine(SILENCE)
    list(told(watched, blocks(SHIFTED[:, :500])))
    step = watched.step(Readings.empty(), [Tick(0, START + 5 * MINUTE)])
    assert said(step.transitions) == [("silence", f"a0/z{n}", 39.98, 1) for n in range(2)]
    again = list(told(watched, blocks(SHIFTED[:, 500:1000], START + 6 * MINUTE)))
    assert [t.state for t in again] == [0, 0]


def test_a_frequency_is_judged_at_the_temperature_last_read_before_the_window_ended() -> None:
    """Ten degrees more and 1 % less a degree: what is 10 % lower is where it should be."""
    parameters = {**SPECTRUM.parameters, "per_k": -0.01, "beside": "structure_temperature", "windows": 1}
    warm = msgspec.structs.replace(SPECTRUM, parameters=parameters)
    samples = shaking(0.9 * FREQUENCY, 60, 2)
    for degrees, states in ((25.0, []), (15.0, [1]), (float("nan"), [])):
        compensated = engine(warm)
        compensated.step(warmth((0, 15.0), (30, degrees)))
        assert [t.state for t in told(compensated, blocks(samples))] == states
    late = engine(warm)
    transitions = late.step(warmth((30, 15.0), (90, 25.0)), (), placed(late, blocks(samples), 1)).transitions
    assert [t.state for t in transitions] == [1]


def placed(engine: Engine, waveforms: list[Waveform], position: int) -> Features:
    return engine.waves.features([msgspec.structs.replace(w, position=position) for w in waveforms])


def test_features_come_back_from_the_journal_bit_by_bit() -> None:
    features = placed(engine(), blocks(SHIFTED), 0)
    batch = Batch(Readings.empty(), (), (), (), (), (), messages=42)
    entry = decode(encode_batch(batch, features))
    assert isinstance(entry, BatchEntry)
    for field in fields(Features):
        mine, theirs = getattr(features, field.name), getattr(entry.features, field.name)
        assert (mine.dtype, mine.tobytes()) == (theirs.dtype, theirs.tobytes())


def test_an_entry_of_a_batch_without_waveforms_is_what_it_was_before_there_were_any() -> None:
    batch = Batch(Readings.empty(), (), (), (), (), (), messages=1)
    entry = decode(encode_batch(batch, NO_FEATURES))
    assert isinstance(entry, BatchEntry)
    assert not len(entry.features)
    assert len(encode_batch(batch, NO_FEATURES)) < len(
        encode_batch(batch, placed(engine(), blocks(SHIFTED), 0))
    )


def feed() -> tuple[list[tuple[str, int]], list[Waveform]]:
    """The order in which blocks of two devices, temperatures and ticks arrive."""
    random = Random(3)
    first, second = blocks(SHIFTED), blocks(SHIFTED[:, ::-1], first=3, message=100)
    waveforms = [
        each for pair in zip(first[::2], first[1::2], second[::2], second[1::2], strict=True) for each in pair
    ]
    arrivals: list[tuple[str, int]] = []
    for number in range(0, len(waveforms), 2):
        arrivals.append(("blocks", number))
        if random.random() < 0.5:
            arrivals.append(("reading", number // 4 * BLOCK_S))
        if random.random() < 0.3:
            arrivals.append(("tick", number // 4 * BLOCK_S + 9))
    return arrivals, waveforms


ARRIVALS, WAVEFORMS = feed()
WARM = msgspec.structs.replace(
    SPECTRUM, parameters={**SPECTRUM.parameters, "per_k": -0.001, "beside": "structure_temperature"}
)


def run(cuts: list[int], *, restart: bool = False) -> tuple[list[Transition], list[RiskChange], list[Figure]]:
    """Play the arrivals in batches; through the journal, and out of a snapshot where it is asked for."""
    mine = engine(WARM, SILENCE)
    transitions, changes, figures = [], [], []
    for start, end in zip([0, *cuts], [*cuts, len(ARRIVALS)], strict=True):
        readings, ticks, waveforms = [], [], []
        for what, number in ARRIVALS[start:end]:
            if what == "reading":
                readings.append((float(number), 15.0 + number % 7))
            elif what == "tick":
                ticks.append(Tick(len(readings), START + number * SECOND))
            else:
                place = {"position": len(readings), "ticks": len(ticks)}
                waveforms += [msgspec.structs.replace(w, **place) for w in WAVEFORMS[number : number + 2]]
        features = mine.waves.features(waveforms)
        if restart:
            mine = restarted(mine)
            entry = decode(encode_batch(Batch(Readings.empty(), (), (), (), (), (), messages=1), features))
            assert isinstance(entry, BatchEntry)
            features = entry.features
        step = mine.step(warmth(*readings), ticks, features)
        transitions += step.transitions
        changes += step.risk_changes
        figures += step.figures
    return transitions, changes, figures


WHOLE = run([])


def test_the_feed_says_something() -> None:
    assert {(t.rule, t.state) for t in WHOLE[0]} >= {("spectrum", 1)}


def test_each_window_that_is_judged_is_measured_once() -> None:
    figures = WHOLE[2]
    assert {(each.kind, each.rule, each.subject) for each in figures} == {
        ("spectrum", "spectrum", "a0/z0"), ("spectrum", "spectrum", "a1/z0"),
    }  # fmt: skip
    of_one = [each for each in figures if each.subject == "a0/z0"]
    assert [(each.time - START) // MINUTE for each in of_one] == [1, 2, 3, 4, 5, 6, 7]
    values = [each.value / FREQUENCY for each in of_one]
    assert values == pytest.approx([1, 1, 1, 0.93, 0.93, 0.93, 0.93], rel=0.02)


@settings(max_examples=3, deadline=None)
@given(st.lists(st.integers(0, len(ARRIVALS)), max_size=8).map(sorted))
def test_batches_cut_anywhere_and_restarts_from_snapshot_and_journal_give_the_same(cuts: list[int]) -> None:
    assert run(cuts, restart=False) == WHOLE
    assert run(cuts, restart=True) == WHOLE


FATIGUE = rule("fatigue", category=1e-4, limits=[1e15])


@given(st.lists(st.sampled_from("rrrbt"), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_a_sensor_may_send_readings_and_blocks(arrivals: list[str], seed: int) -> None:
    """All in one batch, or one batch each: the damage counted is the same to the last bit."""
    random = np.random.default_rng(seed)
    together, apart = engine(FATIGUE), engine(FATIGUE)
    values, times, ticks, waveforms, figures, at = [], [], [], [], [], START
    for number, what in enumerate(arrivals):
        at += 20 * MINUTE
        value, samples = float(random.normal()), random.normal(size=5).astype(np.float32)
        block = Waveform(sensor=1, start=at, rate=50.0, samples=samples, flag=1, message=number)
        if what == "r":
            values.append(value)
            times.append(at)
            figures += apart.step(strain([at], [value])).figures
        elif what == "b":
            waveforms.append(msgspec.structs.replace(block, position=len(values), ticks=len(ticks)))
            figures += apart.step(Readings.empty(), (), apart.waves.features([block])).figures
        else:
            ticks.append(Tick(len(values), at))
            apart.step(Readings.empty(), [Tick(0, at)])
    step = together.step(strain(times, values), ticks, together.waves.features(waveforms))
    assert memory(together) == memory(apart)
    assert list(step.figures) == figures
    assert len({each.time for each in figures}) == len(figures)
    assert len(step.late) == len(step.flag) == len(values)


def strain(times: list[int], values: list[float]) -> Readings:
    count = len(values)
    return Readings(
        np.ones(count, np.int32), np.array(times, np.int64), np.array(values), np.ones(count, np.int8)
    )


def test_blocks_and_ticks_keep_their_places_among_the_readings() -> None:
    readings, ticks = strain([1, 2, 3], [1.0, 2.0, 3.0]), [(0, 10), (2, 20), (2, 21), (3, 30)]
    blocks_at = [(0, 0), (2, 1), (2, 2), (3, 4)]
    features = engine().waves.features(
        [
            Waveform(
                sensor=3, start=0, rate=50.0, samples=np.zeros(1, np.float32), flag=1, position=p, ticks=t
            )
            for p, t in blocks_at
        ]
    )
    woven = weave(readings, ticks, features)
    assert woven.readings.sensor.tolist() == [3, 1, 1, 3, 3, 1, 3]
    assert woven.heard.tolist() == [True, False, False, True, True, False, True]
    assert woven.ticks == ((1, 10), (4, 20), (5, 21), (6, 30))
    assert woven.cuts == (0, 7)


def test_nothing_given_is_changed() -> None:
    mine = engine()
    features = placed(mine, blocks(SHIFTED), 0)
    for array in features.arrays().values():
        array.flags.writeable = False
    mine.step(Readings.empty(), (), replace(features))


@pytest.mark.raising
def test_where_a_rule_raises_at_a_block_it_is_switched_off_and_for_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge = Spectrum.judge

    def fragile(kind: Spectrum, subject: int, *rest: Any) -> Any:
        if subject == 0:
            raise ValueError("no poles")
        return judge(kind, subject, *rest)

    monkeypatch.setattr(Spectrum, "judge", fragile)
    mine = engine(SPECTRUM)
    transitions = [
        t for start in range(0, len(WAVEFORMS), 40) for t in told(mine, WAVEFORMS[start : start + 40])
    ]
    assert [(t.rule, t.subject) for t in transitions if t.rule != "spectrum"] == [
        ("rule-failure", "spectrum at a0/z0")
    ]
    assert {t.subject for t in transitions if t.rule == "spectrum"} == {"a1/z0"}


def test_a_channel_that_stands_still_says_nothing() -> None:
    assert not list(told(engine(SPECTRUM), blocks(np.zeros((2, 6000)))))


@pytest.mark.raising
def test_where_a_feature_cannot_be_computed_the_rules_that_wait_for_it_are_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("singular")

    mine = engine(SPECTRUM)
    monkeypatch.setattr(Covariances, "__call__", broken)
    transitions = [t for t in told(mine, WAVEFORMS[:2]) if t.state]
    assert {t.rule for t in transitions} == {"rule-failure"}
    assert "its feature could not be computed of this block" in transitions[0].reason
