from typing import Any

import msgspec
import numpy as np
import pytest

from rules.bind import parse_parameters
from rules.kinds.cable import Cable, CableParameters
from rules.kinds.waveform import Block
from sensors.readings import SECOND
from tests.unit.rules.bridge import RATE, oscillator
from tests.unit.rules.town import asset

WINDOW_S = 120


def parameters(**given: Any) -> CableParameters:
    found = parse_parameters(
        "cable",
        {
            "mass_kg_m": 60.0, "length_m": 120.0, "force_kn": 3456.0, "window": f"{WINDOW_S}s", "windows": 1,
            "bands": [{"above": 1.2}, {"below": 0.85}], **given,
        },
    )  # fmt: skip
    assert isinstance(found, CableParameters)
    return found


def swing(each: CableParameters, *frequencies: float) -> tuple[list[int], list[float]]:
    """The states that changed and the force of every window, of a cable that swings so."""
    kind, states, forces = Cable([each]), [], []
    count = int(WINDOW_S * RATE)
    for number, frequency in enumerate(frequencies):
        samples = oscillator(np.random.default_rng(number), frequency, count, 0.002)
        feature = each.feature()(samples[None], RATE)
        assert feature is not None
        block = Block((number + 1) * WINDOW_S * SECOND - round(SECOND / RATE), RATE, count, feature)
        states += [int(change.state[0]) for change in kind.observe(0, block, np.nan)]
        forces.append(float(kind.figure[0]))
    return states, forces


def test_the_force_follows_from_the_frequency() -> None:
    """60 kg/m, 120 m and 1 Hz are 3456 kN."""
    assert parameters().frequency() == pytest.approx(1.0)
    _, forces = swing(parameters(), 1.0)
    assert forces == [pytest.approx(3456, rel=0.01)]


def test_a_higher_mode_tells_the_same_force() -> None:
    second = parameters(order=2)
    assert second.frequency() == pytest.approx(2.0)
    assert swing(second, 2.0)[1] == [pytest.approx(3456, rel=0.01)]


def test_a_force_beyond_a_band_is_evidence_and_back_within_is_not() -> None:
    states, forces = swing(parameters(), 1.0, 0.9, 1.0, 1.12)
    assert states == [2, 0, 1]
    assert [round(force / 3456, 2) for force in forces] == pytest.approx([1.0, 0.81, 1.0, 1.25], abs=0.02)


def test_what_is_not_given_is_the_asset_s() -> None:
    given = parameters(mass_kg_m=0.0, length_m=0.0, force_kn=0.0)
    cable = msgspec.structs.replace(
        asset("c", kind="bridge-cable"), attributes={"mass_kg_m": 60, "length_m": 120, "force_kn": 3456}
    )
    assert given.at(cable, 10.0) == parameters()
    with pytest.raises(LookupError, match="mass_kg_m"):
        given.at(asset("c"), 10.0)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"bands": []}, "bands"),
        ({"bands": [{"above": 1.1, "below": 0.9}]}, "bands[0]"),
        ({"bands": [{"below": 0.5}]}, "bands[0]"),
        ({"order": 0}, "order"),
        ({"tolerance": 1.0}, "tolerance"),
        ({"windows": 0}, "windows"),
        ({"mass_kg_m": -1.0}, "mass_kg_m"),
        ({"bending_nm2": 2e9}, "bending_nm2"),
    ],
)
def test_what_cannot_be_is_a_mistake(given: dict[str, Any], name: str) -> None:
    wrong = parameters(**given).mistake()
    assert wrong is not None
    assert wrong[0] == name


def test_a_slack_enough_string_is_none() -> None:
    assert parameters(bending_nm2=1e6).mistake() is None
