"""A deck that cables hold up: how it swings, gives way, and shares a load among them.

The deck is a beam on simple supports at both ends, each cable a spring at its anchor on a tower that does
not give. Lengths in m, forces in N, n cables.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from simulator.places import Floats
from simulator.vibration import GRAVITY

STEEL_PA = 1.95e11
"""Young's modulus of strands and parallel wires, N/m2."""

_SHAPES = 30
"""Sines that a mode is composed of."""
_STEPS, _CLOSE = 30, 1e-8
_LEAST = 0.01
"""Of the stiffness that a beam without cables would need, what a deck has at least; less is a chain."""


def ernst_pa(span_m: Floats, weight_n_m: Floats, area_m2: Floats, force_n: Floats) -> Floats:
    """Modulus of a cable that sags, N/m2: E / (1 + (w l)^2 E A / (12 T^3)), l its length as seen from above.

    Source: Ernst, Der E-Modul von Seilen unter Beruecksichtigung des Durchhanges, Bauingenieur 40 (1965) 52.
    """
    return STEEL_PA / (1 + (weight_n_m * span_m) ** 2 * STEEL_PA * area_m2 / (12 * force_n**3))


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """n cables as they were built.

    anchor: where on the deck, m. length: m. mass: kg/m. slope: radians above the deck. area: of steel, m2.
    force: N.
    """

    anchor: Floats
    length: Floats
    mass: Floats
    slope: Floats
    area: Floats
    force: Floats

    @property
    def spring(self) -> Floats:
        """What the deck feels of each, N/m: E A / L sin^2, E by Ernst."""
        modulus = ernst_pa(self.length * np.cos(self.slope), GRAVITY * self.mass, self.area, self.force)
        found: Floats = modulus * self.area / self.length * np.sin(self.slope) ** 2
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Deck:
    """A span on springs: length in m, mass in kg/m, bending stiffness EI in N m2; anchors m, springs N/m."""

    length: float
    mass: float
    bending: float
    anchor: Floats
    spring: Floats

    def weakened(self, left: float, lost: Floats) -> Self:
        """With so much left of its bending stiffness, and these shares of its cables [n] lost."""
        return replace(self, bending=left * self.bending, spring=self.spring * (1 - lost))

    def swings(self) -> tuple[Floats, Floats]:
        """Squares of all angular frequencies, the lowest first, and the modes, each a column of sines.

        Rayleigh-Ritz over the modes of the beam without cables, each mode's mass as one:
        K = diag(EI (n pi / L)^4 / m) + sum over the cables of k s s', s the sines at the anchor.
        """
        sines = self._sines(self.anchor)
        stiff = np.diag(self.bending * _per_bending(self.length, self.mass)) + sines * self.spring @ sines.T
        found: tuple[Floats, Floats] = np.linalg.eigh(stiff)
        return found

    def modes(self, count: int, at: float) -> tuple[Floats, Floats]:
        """Frequencies of the first modes in Hz, and their shapes at a place, each mode's mass as one."""
        square, vector = self.swings()
        shape = self._sines(np.array([at]))[:, 0] @ vector
        return np.sqrt(square[:count]) / (2 * np.pi), shape[:count]

    def pulls(self, at: Floats, load: Floats) -> Floats:
        """How much more each cable [n] bears of loads [m, k] at places [m], k cases: k w, N, vertically.

        Force method: the deck as a beam without cables gives way by F (load - k w), so (1 + F k) w = F load.
        """
        given = self._gives(self.anchor[:, None], self.anchor)
        sags = self._gives(self.anchor[:, None], at) @ load
        w = np.linalg.solve(np.eye(len(self.anchor)) + given * self.spring, sags)
        found: Floats = self.spring[:, None] * w
        return found

    def sag(self, x: float, at: Floats, load: Floats) -> float:
        """How far the deck at x goes down under loads [m] at places [m], m."""
        pulls = self.pulls(at, load[:, None])[:, 0]
        there = np.array(x)
        return float(self._gives(there, at) @ load - self._gives(there, self.anchor) @ pulls)

    def moment(self, x: float, at: Floats, load: Floats) -> float:
        """Bending moment of the deck at x under loads [m] at places [m], Nm, positive where it sags."""
        pulls = self.pulls(at, load[:, None])[:, 0]
        return float(self._lever(x, at) @ load - self._lever(x, self.anchor) @ pulls)

    def _gives(self, x: Floats, at: Floats) -> Floats:
        """How far a beam without cables goes down at x under 1 N, m: b c (L^2 - b^2 - c^2) / (6 EI L)."""
        b, c = np.minimum(x, at), self.length - np.maximum(x, at)
        found: Floats = b * c * (self.length**2 - b**2 - c**2) / (6 * self.bending * self.length)
        return found

    def _lever(self, x: float, at: Floats) -> Floats:
        """Moment of a beam without cables at x under 1 N, Nm: b c / L."""
        found: Floats = np.minimum(x, at) * (self.length - np.maximum(x, at)) / self.length
        return found

    def _sines(self, x: Floats) -> Floats:
        wave = np.arange(1, _SHAPES + 1)[:, None] * np.pi / self.length
        found: Floats = np.sqrt(2 / (self.mass * self.length)) * np.sin(wave * x)
        return found


def fitted(length: float, mass: float, frequency: float, stays: Stays) -> Deck | None:
    """The deck that with these cables swings first at a frequency in Hz; None if they alone are too stiff.

    Newton: the first eigenvalue is concave in EI, so a step from the beam without cables, which is too stiff,
    lands below the answer, and no step from there passes it; its slope is v' (n pi / L)^4 / m v.
    """
    alone, wanted = mass * (2 * frequency * length**2 / np.pi) ** 2, (2 * np.pi * frequency) ** 2
    bending = alone
    for _ in range(_STEPS):
        deck = Deck(length, mass, bending, stays.anchor, stays.spring)
        square, vector = deck.swings()
        if abs(square[0] / wanted - 1) < _CLOSE:
            return deck
        step = (wanted - square[0]) / (vector[:, 0] ** 2 @ _per_bending(length, mass))
        bending = max(bending + float(step), _LEAST * alone)
    return None


def _per_bending(length: float, mass: float) -> Floats:
    """What a unit of EI adds to each sine's stiffness."""
    found: Floats = (np.arange(1, _SHAPES + 1, dtype=np.float64) * np.pi / length) ** 4 / mass
    return found
