"""The schema that editors check rule files by."""

import tomllib
from pathlib import Path

import jsonschema
import pytest

from rules.load import DEMO_RULES
from rules.schema import FILE, schema, text
from tests.unit.rules.test_load import BROKEN

VALIDATOR = jsonschema.Draft202012Validator(schema())

BEYOND = {
    "band-beyond-what-can-be",
    "band-without-a-side",
    "bands-in-wrong-order",
    "case-at-an-unknown-asset",
    "case-of-an-unknown-quantity",
    "case-of-an-unknown-rule",
    "case-that-expects-another-rule",
    "case-with-too-few-times",
    "correlation-beyond-1",
    "duration-of-ages",
    "evidence-of-no-sort",
    "evidence-of-two-sorts",
    "expression-in-a-circle",
    "expression-of-the-unknown",
    "expression-that-is-none",
    "expression-with-a-call",
    "group-twice",
    "impatient-silence",
    "infinite-evidence",
    "input-of-a-single-sensor",
    "input-of-an-unknown-quantity",
    "input-of-no-use",
    "input-that-is-missing",
    "learned-by-nobody",
    "likelihood-6",
    "matrix-that-falls",
    "negative-correlation",
    "negative-deadband",
    "nearest-none",
    "neighbour-of-an-unknown-domain",
    "no-name",
    "override-that-cannot-be",
    "override-with-more-states",
    "overweight-group",
    "raises-nothing",
    "rate-without-a-limit",
    "same-name-twice",
    "threshold-that-is-no-number",
    "too-little-evidence",
    "trend-to-what-cannot-be",
    "undeclared-group",
    "unit-of-another-quantity",
    "unit-that-is-none",
    "unknown-domain",
    "unknown-parameter-in-an-override",
    "unknown-quantity",
    "unknown-quantity-in-an-override",
    "vote-at-a-neighbour",
    "vote-for-a-state-that-is-none",
    "vote-of-a-vote",
    "vote-of-nobody",
    "vote-of-none",
    "vote-with-a-selector",
    "weightless-group",
    "window-beyond-the-gap",
}
"""Mistakes that only ``lifeline rules check`` can see: they lie between values."""


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "call `python -m rules.schema`"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", sorted(DEMO_RULES.glob("*.toml")), ids=lambda path: path.stem)
def test_it_takes_the_demo_city_s_rules(path: Path) -> None:
    VALIDATOR.validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "path", [p for p in BROKEN if p.stem not in {"syntax", "not-utf-8"}], ids=lambda path: path.stem
)
def test_it_refuses_what_it_can_see(path: Path) -> None:
    valid = VALIDATOR.is_valid(tomllib.loads(path.read_text(encoding="utf-8")))
    assert valid == (path.stem in BEYOND)
