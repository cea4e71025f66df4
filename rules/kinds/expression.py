"""expression: a formula over named sensors of an asset and its neighbours stands in a band.

Formula: ``formula``, an arithmetic of the rule's inputs by name, of ``let``'s definitions, numbers,
+ - * / ** and the functions abs, sqrt, log, exp, min, max, sum, mean; min, max, sum and mean of one name
run over all sensors that the input found, a name alone is their mean. A sum with an unknown part is unknown,
as is what is divided by 0 or has no real value. Bands, deadband and delays as in ``limit``.

Will not fire on: samples in which the formula has no value.
False alarms: those of ``limit`` for the formula's own noise; a ratio of small numbers is noisy.
Siblings: ``balance`` for sums with a time shift or at night, ``relation`` where the formula is unknown.

>>> import numpy as np
>>> parameters = ExpressionParameters(formula="lost / inflow", let={"lost": "inflow - sum(outflow)"},
...                                   bands=(Band(above=0.2),))
>>> kind = Expression([parameters], [("inflow", "outflow", "outflow")])
>>> for minute, flows in enumerate([(100.0, 50.0, 45.0), (100.0, 50.0, 20.0), (100.0, np.nan, 20.0)]):
...     for change in kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([flows])):
...         print(minute, kind.explain(0, int(change.state[0]), float(change.figure[0])))
1 the formula's value of 0.3 is at or above 0.2

Reference: calculated tags, as SCADA systems have them; parsed with Python's ``ast``, never evaluated by it.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from rules.formula import Formula, Input, circle, names, parse
from rules.kinds.banded import BandedKind, BandedParameters
from rules.kinds.base import Subjects, Times, Values
from rules.kinds.limit import Band

__all__ = ["Band", "Expression", "ExpressionParameters"]


class ExpressionParameters(BandedParameters, frozen=True, kw_only=True):
    """The formula, and the bands of its value."""

    formula: str
    let: Mapping[str, str] = {}
    """Named parts of the formula, which may use one another but not in a circle."""

    def mistake(self) -> tuple[str, str] | None:
        for key, text in (
            *((f"let.{name}", text) for name, text in self.let.items()),
            ("formula", self.formula),
        ):
            try:
                parse(text)
            except ValueError as error:
                return key, str(error)
        for name in self.let:
            if way := circle(name, self.let):
                return f"let.{name}", f"expected no circle: {' -> '.join(way)}"
        return super().mistake()

    def uses(self) -> frozenset[str]:
        every = (name for text in (self.formula, *self.let.values()) for name in names(text))
        return frozenset(every) - self.let.keys()


class Expression(BandedKind[ExpressionParameters]):
    """Formulas, each evaluated over all subjects that have it."""

    name: ClassVar = "expression"
    parameters: ClassVar = ExpressionParameters
    centre: ClassVar = "asset"
    takes: ClassVar = None
    kept: ClassVar = ()
    said: ClassVar = "the formula's value of"

    def __init__(self, parameters: Sequence[ExpressionParameters], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters, roles)
        formulas = [Formula.of(each.formula, each.let) for each in parameters]
        self._formulas = list(dict.fromkeys(formulas))
        self._which = np.array([self._formulas.index(each) for each in formulas], np.intp)
        self._seats = {role: self.seats(role) for role in {role for each in roles for role in each}}

    def figure(self, subject: Subjects, time: Times, value: Values) -> Values:
        del time
        figure = np.full(len(subject), np.nan)
        for number in np.unique(self._which[subject]).tolist():
            mine = np.flatnonzero(self._which[subject] == number)
            inputs = {role: Input(value[mine], seats[subject[mine]]) for role, seats in self._seats.items()}
            figure[mine] = self._formulas[number].value(inputs)
        return figure
