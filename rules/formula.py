"""Formulas over named values: parsed with Python's ``ast``, evaluated here on arrays, never by Python."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Self

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_LARGEST_POWER = 4.0

_OPERATORS: Mapping[type[ast.operator], Callable[[Values, Values], Values]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_OF_ONE: Mapping[str, Callable[[Values], Values]] = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "log": np.log,
    "exp": np.exp,
}
_OF_SEVERAL: Mapping[str, Callable[[Values, Values], Values]] = {"min": np.fmin, "max": np.fmax}
_OF_ALL = ("sum", "mean", "min", "max")


@dataclass(frozen=True, slots=True)
class Input:
    """All sensors of one name. value: float64 [m, w], NaN where unknown. taken: bool [m, w]."""

    value: Values
    taken: NDArray[np.bool_]

    def all(self, what: str) -> Values:
        """Their sum, mean, least or most: [m]."""
        if what == "sum":
            total: Values = np.where(self.taken, self.value, 0.0).sum(axis=1)
            return total
        value = np.where(self.taken, self.value, np.nan)
        if what == "mean":
            known = ~np.isnan(value)
            mean: Values = np.where(known, value, 0.0).sum(axis=1) / known.sum(axis=1)
            return mean
        reduced: Values = (np.fmin if what == "min" else np.fmax).reduce(value, axis=1)
        return reduced


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula and the definitions that it may use, none of which leads back to itself."""

    text: str
    let: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str, let: Mapping[str, str]) -> Self:
        """The formula with its definitions."""
        return cls(text, tuple(sorted(let.items())))

    def value(self, inputs: Mapping[str, Input]) -> Values:
        """Its value for m subjects, float64 [m]; not finite where it has none."""
        many = len(next(iter(inputs.values())).value)
        with np.errstate(all="ignore"):
            value = _Evaluation(dict(self.let), inputs).value(parse(self.text))
        return np.broadcast_to(value, many)


class _Evaluation:
    """One evaluation, in which each definition is worked out once."""

    def __init__(self, let: Mapping[str, str], inputs: Mapping[str, Input]) -> None:
        self._let, self._inputs = let, inputs
        self._known: dict[str, Values] = {}

    def value(self, node: ast.expr) -> Values:
        if isinstance(node, ast.Constant):
            return np.array(node.value, np.float64)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.UnaryOp):
            value = self.value(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](self.value(node.left), self.value(node.right))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return self._call(node.func.id, node.args)

    def _name(self, name: str) -> Values:
        if name in self._inputs:
            return self._inputs[name].all("mean")
        if name not in self._known:
            self._known[name] = self.value(parse(self._let[name]))
        return self._known[name]

    def _call(self, called: str, args: Sequence[ast.expr]) -> Values:
        first = args[0]
        if called in _OF_ALL and len(args) == 1 and isinstance(first, ast.Name):
            return self._inputs[first.id].all(called) if first.id in self._inputs else self.value(first)
        if called in _OF_ONE:
            return _OF_ONE[called](self.value(first))
        return reduce(_OF_SEVERAL[called], map(self.value, args))


@cache
def parse(text: str) -> ast.expr:
    """A formula's tree.

    Raises:
        ValueError: it is none, or has something in it that a formula may not have; the message says what.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"expected a formula, not {text!r}") from None
    for node in _nodes(tree):
        if wrong := _wrong(node):
            raise ValueError(wrong)
    return tree


def names(text: str) -> frozenset[str]:
    """The names that a formula speaks of."""
    return frozenset(node.id for node in _nodes(parse(text)) if isinstance(node, ast.Name))


def _nodes(node: ast.expr) -> Iterator[ast.expr]:
    yield node
    parts: Sequence[ast.expr] = ()
    if isinstance(node, ast.BinOp):
        parts = (node.left, node.right)
    elif isinstance(node, ast.UnaryOp):
        parts = (node.operand,)
    elif isinstance(node, ast.Call):
        parts = node.args
    for part in parts:
        yield from _nodes(part)


def _wrong(node: ast.expr) -> str | None:
    """Why this may not stand in a formula."""
    match node:
        case ast.Constant(value=bool() | str() | bytes() | None | complex()):
            return f"expected a number, not {ast.unparse(node)}"
        case ast.Constant(value=int() | float()) | ast.Name() | ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            return None
        case ast.BinOp(op=ast.Pow(), right=right):
            power = right.value if isinstance(right, ast.Constant) else None
            fits = isinstance(power, int | float) and power <= _LARGEST_POWER
            return (
                None if fits else f"expected a power of at most {_LARGEST_POWER:g}, not {ast.unparse(right)}"
            )
        case ast.BinOp(op=op) if type(op) in _OPERATORS:
            return None
        case ast.Call(func=ast.Name(id=called), args=args, keywords=[]):
            return _wrong_call(called, args)
    return f"expected arithmetic, not {ast.unparse(node)}"


def _wrong_call(called: str, args: Sequence[ast.expr]) -> str | None:
    alone = len(args) == 1
    if called in _OF_ONE and alone:
        return None
    if called in _OF_ALL and alone and isinstance(args[0], ast.Name):
        return None
    if called in _OF_SEVERAL and len(args) > 1:
        return None
    known = ", ".join(sorted({*_OF_ONE, *_OF_ALL}))
    return f"expected one of {known} with what it takes, not {called} of {len(args)}"


def circle(name: str, let: Mapping[str, str], way: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The way on which a definition comes back to itself, or nothing."""
    if name in way:
        return (*way[way.index(name) :], name)
    circles = (circle(used, let, (*way, name)) for used in sorted(names(let[name])) if used in let)
    return next((found for found in circles if found), ())
