from typing import Any

import numpy as np
import pytest
import rainflow
from hypothesis import example, given
from hypothesis import strategies as st

from rules.bind import parse_parameters
from rules.kinds.fatigue import Fatigue, FatigueParameters, TurningPoints
from rules.kinds.waveform import Block
from sensors.readings import SECOND
from tests.unit.rules.kinds.stage import SUBJECT

SERIES = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=60)


def fatigue(**given: Any) -> Fatigue:
    parameters = parse_parameters("fatigue", {"category": 71.0, "partial_factor": 1.0, **given})
    assert isinstance(parameters, FatigueParameters)
    return Fatigue([parameters])


def linear(monkeypatch: pytest.MonkeyPatch, gate: float = 0.0) -> None:
    """Damage = strain range over the gate, so that the sum tells what was counted."""
    monkeypatch.setattr(FatigueParameters, "gate", lambda _: gate)
    monkeypatch.setattr(FatigueParameters, "damage", lambda _, strain: strain if strain > gate else 0.0)


def show(kind: Fatigue, *series: float) -> list[tuple[int, int]]:
    """(second, state) of each change."""
    return [
        (int(each.time[0]) // SECOND, int(each.state[0]))
        for second, value in enumerate(series)
        for each in kind.update(SUBJECT, np.array([second * SECOND]), np.array([value]))
    ]


def counted(series: list[float], count: float = 1.0) -> float:
    """Sum of range x number by the package over the whole series, less what is open at its end."""
    cycles = list(rainflow.extract_cycles(series))
    halves = [strain for strain, _, number, *_ in cycles if number < 1]
    last = max(range(len(halves)), key=lambda n: (halves[n], n)) if halves else 0
    full = sum(strain for strain, _, number, *_ in cycles if number == 1)
    return full + 0.5 * sum(halves[:last])


@pytest.mark.parametrize(
    ("stress", "cycles"),
    [(71.0, 2e6), (142.0, 2.5e5), (0.7371 * 71, 4.994e6), (0.6 * 71, 13.97e6), (0.405 * 71, 99.6e6)],
)
def test_endurance_is_that_of_en_1993_1_9(stress: float, cycles: float) -> None:
    parameters = FatigueParameters(category=71.0, partial_factor=1.0)
    assert 1 / parameters.damage(stress / 0.21) == pytest.approx(cycles, rel=5e-3)


def test_a_range_below_the_cut_off_uses_up_nothing_and_the_partial_factor_lowers_the_category() -> None:
    assert FatigueParameters(category=71.0, partial_factor=1.0).damage(0.4 * 71 / 0.21) == 0
    assert FatigueParameters(category=71.0).damage(71 / 0.21) == pytest.approx(1.35**3 / 2e6)


def test_the_example_of_astm_e1049_is_counted_as_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """-2 1 -3 5 -1 3 -4 4 -2: ranges 3, 4 half and 4 whole are done; 8, 9, 8 and 6 still open at its end."""
    linear(monkeypatch)
    kind = fatigue()
    show(kind, -2, 1, -3, 5, -1, 3, -4, 4, -2)
    assert kind.damage[0] == 0.5 * 3 + 0.5 * 4 + 4 + 0.5 * 8
    assert kind._residue[0, : kind._open[0]].tolist() == [5, -4, 4]


@given(SERIES)
@example([0.0, 5.0, 0.0, 5.0, 0.0, 5.0, 0.0])
def test_reading_by_reading_it_counts_what_the_whole_series_has(series: list[float]) -> None:
    """The last sample is no turning point yet; with one more after it, so far beyond, it is."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        linear(monkeypatch)
        kind = fatigue()
        show(kind, *series)
        turning = [*series[:1], *TurningPoints(0.0)(np.array([series]), 1.0)[1:]]
        assert kind.damage[0] <= counted(series) + 1e-9
        back = series[-1] - np.sign(series[-1] - _before(series)) * 1e-9
        show(kind, *([back] if back != series[-1] else []))
        assert kind.damage[0] == pytest.approx(counted(series), abs=1e-6), turning


def _before(series: list[float]) -> float:
    return next((value for value in reversed(series) if value != series[-1]), series[-1])


@given(SERIES, st.lists(st.integers(1, 59), max_size=5), st.sampled_from([0.0, 1.0, 7.0]))
def test_in_blocks_cut_anywhere_it_counts_what_reading_by_reading_has(
    series: list[float], cuts: list[int], gate: float
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        linear(monkeypatch, gate)
        single, blocks = fatigue(), fatigue()
        show(single, *series)
        ends = sorted({cut for cut in cuts if cut < len(series)} | {len(series)})
        for start, end in zip([0, *ends], ends, strict=False):
            feature = blocks._parameters[0].feature()(np.array([series[start:end]]), 1.0)
            list(blocks.observe(0, Block(end * SECOND, 1.0, end - start, feature), np.nan))
        for name in ("damage", "_way", "_extreme", "_open"):
            assert getattr(blocks, name) == pytest.approx(getattr(single, name)), name
        assert (
            blocks._residue[0, : blocks._open[0]].tolist() == single._residue[0, : single._open[0]].tolist()
        )


def test_ranges_that_use_up_nothing_are_not_even_counted() -> None:
    kind = fatigue()
    small = 0.404 * 71 / 0.21
    show(kind, 0, small, 1, 4, 0, small)
    assert kind.damage[0] == 0
    assert not kind._open[0]


@given(SERIES)
def test_leaving_small_ranges_out_changes_no_other(series: list[float]) -> None:
    damages = []
    for gate in (0.0, 7.0):
        with pytest.MonkeyPatch.context() as monkeypatch:
            linear(monkeypatch, gate)
            monkeypatch.setattr(
                FatigueParameters, "damage", lambda _, strain: strain if strain > 7.0 else 0.0
            )
            kind = fatigue()
            show(kind, 50.0, -50.0, *series, 100.0, -100.0, 100.0, -100.0)
            damages.append(kind.damage[0])
    assert damages[0] == damages[1]


def test_a_residue_that_grows_beyond_its_place_counts_its_oldest_ranges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    linear(monkeypatch)
    kind = fatigue()
    series = [(-1) ** n * (1000.0 - n) for n in range(70)]
    show(kind, *series)
    assert kind._open[0] == 64
    assert kind.damage[0] == 0.5 * sum(1999 - 2 * n for n in range(5))


def test_evidence_stands_for_good_once_so_much_of_the_life_is_used_up() -> None:
    kind = fatigue(limits=[1e-6, 2e-6], used=0.4e-6)
    ranges = [0.0, 71 / 0.21] * 5
    assert show(kind, *ranges) == [(5, 1), (9, 2)]
    assert show(kind, *[0.0] * 5) == []
    assert kind.state[0] == 2
    assert kind.explain(0, 2, 0.0) == "2.4e-06 of the life is used up, 2e-06 or more"
