"""Formulas: arithmetic and nothing else, and the same as arithmetic always was."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.formula import Formula, Input, circle, names, parse

NUMBERS = st.floats(-100, 100)


def inputs(**values: list[float]) -> dict[str, Input]:
    return {name: Input(np.array([each]), np.ones((1, len(each)), np.bool_)) for name, each in values.items()}


def value(text: str, let: dict[str, str] | None = None, **values: list[float]) -> float:
    return float(Formula.of(text, let or {}).value(inputs(**values))[0])


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["a", "b", "2", "0.5"]))
    left, right = draw(formulas(depth - 1)), draw(formulas(depth - 1))
    shape = draw(st.sampled_from(["({} + {})", "({} - {})", "{} * {}", "min({}, {})", "-{} + {}"]))
    return shape.format(left, right)


@given(formulas(), NUMBERS, NUMBERS)
def test_it_is_worth_what_python_says(text: str, a: float, b: float) -> None:
    said = eval(text, {"a": a, "b": b, "min": min})
    assert value(text, a=[a], b=[b]) == pytest.approx(said, rel=1e-9, abs=1e-9)


def test_a_name_alone_is_the_mean_of_its_sensors_and_a_sum_needs_them_all() -> None:
    assert value("a", a=[1.0, 3.0]) == 2.0
    assert value("a", a=[1.0, math.nan]) == 1.0
    assert value("sum(a)", a=[1.0, 3.0]) == 4.0
    assert math.isnan(value("sum(a)", a=[1.0, math.nan]))
    assert value("max(a) - min(a)", a=[1.0, 3.0, math.nan]) == 2.0


def test_what_has_no_value_is_not_finite_and_no_warning() -> None:
    assert not math.isfinite(value("a / (a - a)", a=[1.0]))
    assert math.isnan(value("sqrt(a)", a=[-1.0]))


def test_definitions_may_use_one_another_and_each_is_worked_out_once() -> None:
    let = {"x0": "a + a"} | {f"x{n}": f"x{n - 1} + x{n - 1}" for n in range(1, 200)}
    assert value("x199", let, a=[1.0]) == 2.0**200


def test_a_circle_is_found() -> None:
    assert circle("x", {"x": "y + 1", "y": "a * z", "z": "x"}) == ("x", "y", "z", "x")
    assert circle("x", {"x": "y", "y": "a"}) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "a if b else c",
        "a.b",
        "a[0]",
        "open('x')",
        "__import__('os')",
        "lambda: a",
        "'text'",
        "True",
        "a ** b",
        "a ** 1000000",
        "2j",
        "f'{a}'",
        "(a := 2)",
        "[x for x in a]",
        "sum(1, 2)",
        "abs(a, b)",
        "min(*a)",
        "a // b",
        "not a",
        "a < b",
        "9" * 5000,
        "(" * 500 + "a" + ")" * 500,
    ],
)
def test_nothing_but_arithmetic_is_a_formula(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse(text)


@given(st.text(max_size=40))
def test_whatever_is_written_is_a_formula_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(names(text), frozenset)
