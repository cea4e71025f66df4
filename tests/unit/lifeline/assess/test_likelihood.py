"""How often an asset fails: worse is never safer, not knowing is never a merit, and all of it is said."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lifeline.assess.likelihood import estimate
from lifeline.assess.tables import default_tables
from sensors.load import DEMO_CITY, read_city
from sensors.model import Asset, Domain

TABLES = default_tables()
DEMO = read_city(DEMO_CITY)
YEAR = 2026


def asset(kind: str = "main", **attributes: float | str) -> Asset:
    return Asset(
        id="A-1", name="甲", name_en="A", kind=kind, domain=Domain.WATER, utility="u", district="d", grid="g",
        longitude=0.0, latitude=0.0, inherent_likelihood=4, attributes=attributes,
    )  # fmt: skip


KNOWN: Mapping[str, float | str] = {
    "length_m": 1000.0, "material": "ductile-iron", "diameter_m": 0.3, "built_year": 2010.0,
    "condition": 3.0, "defects": 0.0, "inspection_months": 3.0,
}  # fmt: skip
"""A main to which every factor is 1."""


def test_a_main_of_ordinary_make_and_condition_fails_as_often_as_its_base_says() -> None:
    found = estimate(asset(**KNOWN), TABLES, YEAR)
    assert found.per_year == pytest.approx(0.034)
    assert (found.likelihood, found.unknown) == (2, ())


def test_the_rate_of_a_main_grows_with_its_length() -> None:
    long = estimate(asset(**{**KNOWN, "length_m": 4000.0}), TABLES, YEAR)
    assert long.per_year == pytest.approx(4 * 0.034)
    assert long.likelihood == 3


@given(
    known=st.sampled_from(DEMO.assets),
    attribute=st.sampled_from(["condition", "defects"]),
    better=st.floats(0, 6),
    worse=st.floats(0, 6),
)
def test_a_worse_condition_never_lowers_the_likelihood(
    known: Asset, attribute: str, better: float, worse: float
) -> None:
    better, worse = sorted((better, worse))
    rates = [
        estimate(replace(known, attributes={**known.attributes, attribute: value}), TABLES, YEAR)
        for value in (better, worse)
    ]
    assert rates[0].likelihood <= rates[1].likelihood


@given(known=st.sampled_from(DEMO.assets), years=st.integers(0, 80))
def test_an_asset_never_grows_safer_with_the_years(known: Asset, years: int) -> None:
    now, later = (estimate(known, TABLES, year).likelihood for year in (YEAR, YEAR + years))
    assert now <= later


@given(known=st.sampled_from(DEMO.assets))
def test_not_knowing_is_as_bad_as_the_middle_of_the_table_at_least(known: Asset) -> None:
    nothing = estimate(replace(known, attributes={}), TABLES, YEAR)
    assert all(piece.times >= 1 or piece.factor.attribute == "return_period_y" for piece in nothing.pieces)
    assert list(nothing.unknown) == [TABLES.factor[name] for name in TABLES.kind[known.kind].factors]


def test_a_word_that_the_table_does_not_have_is_as_one_not_known() -> None:
    silent = estimate(asset(**{name: KNOWN[name] for name in KNOWN if name != "material"}), TABLES, YEAR)
    strange = estimate(asset(**{**KNOWN, "material": "bamboo"}), TABLES, YEAR)
    assert strange.per_year == silent.per_year
    assert [factor.attribute for factor in strange.unknown] == ["material"]


def test_a_number_where_a_word_is_wanted_is_as_one_not_known() -> None:
    found = estimate(asset(**{**KNOWN, "material": 3.0, "condition": "bad"}), TABLES, YEAR)
    assert {factor.attribute for factor in found.unknown} == {"material", "condition"}


def test_an_asset_that_is_yet_to_be_built_has_no_age() -> None:
    found = estimate(asset(**{**KNOWN, "built_year": YEAR + 4.0}), TABLES, YEAR)
    assert [piece.value for piece in found.pieces if piece.factor.attribute == "age_y"] == [0]


def test_a_kind_without_a_table_keeps_the_likelihood_that_the_city_gives() -> None:
    found = estimate(asset("windmill"), TABLES, YEAR)
    assert (found.likelihood, found.per_year, found.pieces) == (4, None, ())


@pytest.mark.parametrize(
    ("per_year", "likelihood"),
    [(0.0, 1), (0.0199, 1), (0.02, 2), (0.1, 3), (0.2, 4), (0.999, 4), (1.0, 5), (30.0, 5)],
)
def test_a_rate_is_the_likelihood_of_its_step(per_year: float, likelihood: int) -> None:
    assert TABLES.likelihood.likelihood(per_year) == likelihood
