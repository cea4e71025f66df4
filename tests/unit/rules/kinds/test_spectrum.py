from typing import Any

import pytest

from rules.bind import BindError, bind, parse_parameters
from rules.kinds.spectrum import SpectrumParameters
from tests.unit.rules.bridge import bridge, rule, rules


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"frequencies": []}, "frequencies"),
        ({"frequencies": [1.0, 0.0]}, "frequencies"),
        ({"shapes": [[1.0], [1.0]]}, "shapes"),
        ({"mac": 1.1}, "mac"),
        ({"per_k": -0.001}, "beside"),
        ({"sigma": 0.0}, "sigma"),
        ({"limits": []}, "limits"),
        ({"limits": [5.0, 3.0]}, "limits"),
        ({"sigma": 0.02}, "tolerance"),
        ({"window": "0s"}, "window"),
    ],
)
def test_what_cannot_be_is_a_mistake(given: dict[str, Any], name: str) -> None:
    parameters = parse_parameters("spectrum", {"frequencies": [2.0], **given})
    assert isinstance(parameters, SpectrumParameters)
    wrong = parameters.mistake()
    assert wrong is not None
    assert wrong[0] == name


def test_a_shape_must_have_a_value_for_each_channel() -> None:
    with pytest.raises(BindError, match=r"shapes\[0\] at a0/z0: expected 2, one for each channel"):
        bind(rules(rule(frequencies=[2.0], shapes=[[1.0, 0.5, 0.2]])), bridge())


def test_what_is_beside_must_be_measured_at_the_asset() -> None:
    with pytest.raises(BindError, match="span has no sensor of 'ph'"):
        bind(rules(rule(frequencies=[2.0], beside="ph")), bridge())


def test_the_channels_of_a_device_are_one_subject_told_of_at_the_first() -> None:
    pairs = bind(rules(rule(frequencies=[2.0], beside="structure_temperature")), bridge()).by_kind["spectrum"]
    assert [(pair.subject, pair.sensor, pair.channels, pair.beside) for pair in pairs] == [
        ("a0/z0", 1, (1, 2), 9),
        ("a1/z0", 3, (3, 4), 9),
    ]


def test_each_channel_of_strain_is_a_subject_of_its_own() -> None:
    pairs = bind(rules(rule("fatigue", states=2, category=71.0)), bridge()).by_kind["fatigue"]
    assert [pair.channels for pair in pairs] == [(1,), (2,), (3,), (4,)]
