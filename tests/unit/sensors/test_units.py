import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.units import UNITS, accepted, conversion

PAIRS = sorted((unit, wanted) for wanted in UNITS for unit in accepted(wanted))


def converted(value: float, unit: str, wanted: str) -> float:
    factor, offset = conversion(unit, wanted)
    return value * factor + offset


@given(pair=st.sampled_from(PAIRS), value=st.floats(-1e6, 1e6))
def test_there_and_back_is_the_same_value(pair: tuple[str, str], value: float) -> None:
    unit, wanted = pair

    assert converted(converted(value, unit, wanted), wanted, unit) == pytest.approx(value, rel=1e-9, abs=1e-6)


@given(
    triple=st.sampled_from(PAIRS).flatmap(lambda p: st.tuples(st.just(p), st.sampled_from(accepted(p[1]))))
)
def test_a_detour_by_a_third_unit_changes_nothing(triple: tuple[tuple[str, str], str]) -> None:
    (unit, wanted), third = triple

    assert converted(converted(7.0, unit, third), third, wanted) == pytest.approx(
        converted(7.0, unit, wanted)
    )


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_a_quantitys_own_unit_is_left_bit_for_bit(unit: str) -> None:
    assert conversion(unit, unit) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("value", "unit", "expected", "wanted"),
    [
        (1, "%VOL", 20, "%LEL"),
        (100, "%LEL", 5, "%VOL"),
        (5000, "[ppm]", 10, "%LEL"),
        (160, "[ppm]", 0.016, "%VOL"),
        (100, "L/s", 360, "m3/h"),
        (100, "l/s", 360, "m3/h"),
        (60, "L/min", 3.6, "m3/h"),
        (40, "m[H2O]", 0.392266, "MPa"),
        (4, "bar", 400, "kPa"),
        (20, "mbar", 2, "kPa"),
        (0, "K", -273.15, "Cel"),
        (212, "[degF]", 100, "Cel"),
        (2.5, "m", 250, "cm"),
        (500, "ug/L", 0.5, "mg/L"),
        (10, "mg/m3", 0.01, "mg/L"),
        (0.2, "mg/l", 200, "mg/m3"),
        (1.5, "mS/cm", 1500, "uS/cm"),
        (3.141592653589793, "rad", 180, "deg"),
        (2, "[g]", 19.6133, "m/s2"),
        (49_000, "kg", 49, "t"),
        (1.2, "MN", 1200, "kN"),
    ],
)
def test_known_values(value: float, unit: str, expected: float, wanted: str) -> None:
    assert converted(value, unit, wanted) == pytest.approx(expected)


@pytest.mark.parametrize("unit", ["percent", "m", "", "g", "%lel", "%"])
def test_a_unit_of_another_kind_is_refused_by_naming_those_that_are_taken(unit: str) -> None:
    with pytest.raises(ValueError, match=r"expected one of %VOL, \[ppm\], \[ppb\], %LEL, not "):
        conversion(unit, "%VOL")


def test_a_gas_that_does_not_burn_has_no_share_of_its_explosive_limit() -> None:
    with pytest.raises(ValueError, match=r"expected one of %VOL, \[ppm\], \[ppb\], not '%LEL'"):
        conversion("%LEL", "%VOL", lel=None)
