from pathlib import Path

import pytest

from sensors.quantities import QUANTITIES, Quantity
from sensors.units import UNITS, accepted

DOCUMENT = Path(__file__).parents[3] / "docs" / "units.md"

every_quantity = pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda quantity: quantity.id)


@every_quantity
def test_its_unit_range_rate_and_interval_make_sense(quantity: Quantity) -> None:
    assert quantity.unit in UNITS
    assert quantity.low < quantity.high
    assert quantity.max_rate > 0
    assert quantity.interval_s > 0
    assert quantity.name
    assert quantity.name_en
    assert quantity.source


@every_quantity
def test_only_methane_has_an_explosive_limit(quantity: Quantity) -> None:
    assert (quantity.lel == 5) == quantity.id.startswith("methane")


@pytest.mark.parametrize(
    ("quantity", "change", "seconds"),
    [
        ("methane_lel", 400, 60),  # a plume passes a detector between two samples
        ("methane", 20, 60),
        ("water_pressure", 0.4, 1),  # a main bursts
        ("water_flow", 3600, 65),  # the largest step of a real drinking-water line
        ("strain", 150, 0.1),  # a truck drives onto the span
        ("acceleration", 5, 0.02),  # a ship hits a pier
        ("rain_intensity", 120, 60),
        ("sewer_level", 1.0, 60),
        ("cover_tilt", 90, 1),
        ("vehicle_weight", 95, 1),
        ("intrusion", 1, 1),
    ],
)
def test_what_really_happens_is_never_too_fast(quantity: str, change: float, seconds: float) -> None:
    assert change / seconds < QUANTITIES[quantity].max_rate


def test_the_document_has_every_quantity_and_every_unit_as_they_are() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()

    for quantity in QUANTITIES.values():
        limits = f"{quantity.low:g} to {quantity.high:g}"
        units = " ".join(f"`{unit}`" for unit in accepted(quantity.unit, quantity.lel))
        cells = (f"`{quantity.id}`", quantity.name, quantity.name_en, f"`{quantity.unit}`", limits)
        cells = (*cells, f"{quantity.max_rate:g}", f"{quantity.interval_s:g}", units, quantity.source)
        assert f"| {' | '.join(cells)} |" in lines
