import numpy as np
import pytest

from sensors.readings import MINUTE, SECOND
from simulator import vibration
from simulator.bridge import OverloadedTruck, StiffnessLoss
from simulator.incidents import Incident, Span
from simulator.messages import Message
from simulator.piers import BearingSettlement, ShipImpact
from simulator.scenario import Scenario
from tests.unit.simulator.village import START, House, sent, series, village

LENGTH, FREQUENCY = 40.0, 3.0
SPAN = {"length_m": LENGTH, "frequency_hz": FREQUENCY, "mass_kg_m": 12_000.0}
KEYS = {"strain1": "strain", "strain2": "strain", "deflection": "deflection", "weight": "vehicle_weight"}
BRIDGE = village(
    House("SP", "bridge-span", KEYS | {"temp": "structure_temperature"}, attributes=SPAN),
    House("SP-other", "bridge-span", {"accel": "acceleration"}, 500, attributes=SPAN),
    House("PR", "bridge-pier", {"tilt": "tilt", "bearing": "bearing_force"}),
    House("ACC", "bridge-span", {"accel": "acceleration"}, 100, attributes=SPAN),
    edges=[("ACC", "above", "PR")],
    sample_s=10,
    upload_s=60,
)
TIME = {"start": Span(10 * MINUTE + 7 * SECOND), "duration": Span(10 * MINUTE)}


def run(*incidents: Incident, minutes: float = 30) -> list[Message]:
    return sent(BRIDGE, minutes, Scenario(name="one", duration=Span(60 * MINUTE), incidents=incidents))


def split(messages: list[Message], sensor: str) -> tuple[np.ndarray, np.ndarray]:
    """Values before the incident, and from its second minute to its end."""
    minutes, values = series(messages, sensor)
    return values[minutes < 10], values[(minutes > 12) & (minutes < 20)]


def waves(messages: list[Message], device: str) -> list[Message]:
    return [message for message in messages if message.kind == "waveform" and message.device == device]


def test_deflection_and_strain_of_a_load_are_those_of_the_beam() -> None:
    """40 t at the middle of 40 m: P L^3 / 48 EI and P L / 4 * y / EI with the EI of 3 Hz and 12 t/m."""
    length, bending = np.array([LENGTH]), vibration.stiffness(*np.array([[LENGTH], [FREQUENCY], [12_000.0]]))
    assert np.pi / (2 * LENGTH**2) * np.sqrt(bending / 12_000) == pytest.approx(FREQUENCY)
    assert vibration.deflection_mm(np.array([40.0]), length, bending) == pytest.approx(4.66, rel=0.01)
    assert vibration.strain_um_m(np.array([40.0]), length, bending) == pytest.approx(35.0, rel=0.01)


def test_every_overloaded_truck_is_seen_however_seldom_is_measured() -> None:
    messages = run(OverloadedTruck(**TIME, asset="SP", weight_t=95, every_s=60))
    minutes, weight = series(messages, "d-SP/weight")
    assert np.count_nonzero(weight > 85) == 10
    assert minutes[weight > 85].min() >= 10
    assert np.diff(minutes[weight > 85]) == pytest.approx(1, abs=0.01)


def test_a_gauge_away_from_the_middle_sees_less_of_a_truck() -> None:
    messages = run(OverloadedTruck(**TIME, asset="SP", weight_t=95, every_s=60))
    middle, quarter = (split(messages, f"d-SP/strain{number}")[1] for number in (1, 2))
    assert np.ptp(quarter) / np.ptp(middle) == pytest.approx(0.75, abs=0.06)


def test_a_softer_span_gives_way_more_to_the_same_traffic() -> None:
    trucks = OverloadedTruck(start=Span(0), duration=Span(30 * MINUTE), asset="SP", weight_t=60, every_s=60)
    before, during = split(run(trucks, StiffnessLoss(**TIME, asset="SP", lost=0.4)), "d-SP/deflection")
    assert np.ptp(during) / np.ptp(before) == pytest.approx(1 / 0.6, rel=0.1)


def test_a_settled_bearing_leans_and_lets_go_of_load() -> None:
    messages = run(BearingSettlement(**TIME, asset="PR", settlement_mm=20, tilt_deg=0.25))
    tilt, bearing = split(messages, "d-PR/tilt"), split(messages, "d-PR/bearing")
    assert tilt[1][-1] - tilt[0].mean() == pytest.approx(0.25, abs=0.03)
    assert np.median(bearing[1][-12:]) / np.median(bearing[0]) == pytest.approx(0.8, abs=0.03)


def test_a_ship_shakes_the_span_on_its_pier_once() -> None:
    messages = run(ShipImpact(**TIME, asset="PR", peak_ms2=2.0))
    peaks = [(message.times[0], float(np.abs(message.values).max())) for message in waves(messages, "d-ACC")]
    loud = [(start - START) / SECOND for start, peak in peaks if peak > 0.5]
    assert len(loud) <= 2
    assert 540 <= loud[0] <= 600
    assert max(peak for _, peak in peaks) == pytest.approx(2.0, rel=0.15)
    others = [np.abs(message.values).max() for message in waves(messages, "d-SP-other")]
    assert max(others) < 0.3


def test_the_spectrum_of_shaking_peaks_at_the_first_mode() -> None:
    shaking = vibration.Shaking(np.random.default_rng(1))
    series_of = shaking.block(vibration.beam(FREQUENCY), 0.02, 50.0, 30_000)
    spectrum = np.abs(np.fft.rfft(series_of)) ** 2
    smooth = np.convolve(spectrum, np.ones(31) / 31, "same")
    assert np.fft.rfftfreq(30_000, 1 / 50)[smooth.argmax()] == pytest.approx(FREQUENCY, rel=0.02)
    assert series_of.std() == pytest.approx(0.02)


def test_waveforms_follow_on_one_another_without_a_gap() -> None:
    blocks = waves(run(minutes=10), "d-ACC")
    assert {block.values.shape for block in blocks} == {(1, 3000)}
    assert set(np.diff([block.times[0] for block in blocks])) == {60 * SECOND}
    assert blocks[0].times[0] >= START
