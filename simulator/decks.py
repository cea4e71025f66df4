"""How the spans of a city give way under load and swing: simple beams, and decks that cables hold up."""

from dataclasses import dataclass

import numpy as np

from sensors.errors import ConfigurationError
from simulator import vibration
from simulator.places import Floats, Group, Ints
from simulator.stayed import Deck, Stays, fitted
from simulator.vibration import GRAVITY, Modes

GAUGES_AT = (1 / 2, 1 / 4, 3 / 4, 1 / 8, 7 / 8)
"""Where on the span the strain gauges 1, 2, 3... are."""
POSITIONS = (1.0, 0.75, 0.75, 0.44, 0.44)
"""Share of a simple beam's mid-span moment there, each with the load where it does most."""
CABLE_SHARE = 0.25
"""Of a vehicle, what a cable bears of which nothing but the force is known."""

_EDGE = 1 / 160
"""From the middle of a stayed deck to its lower edge, in span lengths: L / 80 is a usual depth."""
_STOPS = 101
"""Places on the deck at which a vehicle is tried."""
_SWINGS = 5
_TONNE_N = 1e3 * GRAVITY


@dataclass(frozen=True, slots=True, eq=False)
class _Stayed:
    """A span that cables hold up: its place among the spans, theirs among the cables."""

    span: int
    cables: Ints
    stays: Stays
    deck: Deck


class Decks:
    """What a tonne does to s spans and c cables, and what is lost of them.

    strain: [s, gauges] um/m a tonne, sag: [s] mm a tonne, live: [c] kN a tonne, each with the load where it
    does most. sunk: [s] mm, moved: [c] kN: what is otherwise because cables let go. modes: of each span.
    """

    def __init__(self, spans: Group, cables: Group, holds: Ints) -> None:
        self._length = spans.attribute("length_m", 40.0)
        self._frequency = spans.attribute("frequency_hz", 3.0)
        mass = spans.attribute("mass_kg_m", 12_000.0)
        self._bending = vibration.stiffness(self._length, self._frequency, mass)
        self._stayed = _stayed(spans, mass, cables, holds)
        self._left, self._lost = np.ones(len(spans)), np.zeros(len(cables))
        self._answer()

    def harm(self, left: Floats, lost: Floats) -> None:
        """From now on so much is left of the spans' bending stiffness [s], and lost of the cables [c]."""
        if (left != self._left).any() or (lost != self._lost).any():
            self._left, self._lost = left, lost
            self._answer()

    def stayed(self, span: int) -> bool:
        """Whether cables hold up a span."""
        return any(each.span == span for each in self._stayed)

    def _answer(self) -> None:
        tonne, bending = np.ones(len(self._length)), self._left * self._bending
        strain = vibration.strain_um_m(tonne, self._length, bending)
        self.strain: Floats = strain[:, None] * np.array(POSITIONS)
        self.sag: Floats = vibration.deflection_mm(tonne, self._length, bending)
        self.live: Floats = CABLE_SHARE * GRAVITY * (1 - self._lost)
        self.sunk: Floats = np.zeros(len(self._length))
        self.moved: Floats = np.zeros(len(self._lost))
        swings = self._frequency * np.sqrt(self._left)
        self.modes = [vibration.beam(frequency) for frequency in swings.tolist()]
        for each in self._stayed:
            self._answer_of(each)

    def _answer_of(self, each: _Stayed) -> None:
        lost, sine = self._lost[each.cables], np.sin(each.stays.slope)
        deck = each.deck.weakened(float(self._left[each.span]), lost)
        middle, tonne = deck.length / 2, np.array([_TONNE_N])
        self.sag[each.span] = 1e3 * deck.sag(middle, np.array([middle]), tonne)
        edge = 1e6 * _EDGE * deck.length / deck.bending
        gauges = [deck.length * share for share in GAUGES_AT]
        self.strain[each.span] = [edge * deck.moment(at, np.array([at]), tonne) for at in gauges]
        stops = np.linspace(0.0, deck.length, _STOPS)
        pulls = deck.pulls(stops, _TONNE_N * np.eye(_STOPS))
        self.live[each.cables] = 1e-3 * pulls.max(axis=1) / sine
        let_go = lost * each.stays.force * sine
        taken = deck.pulls(deck.anchor, let_go[:, None])[:, 0]
        self.moved[each.cables] = 1e-3 * taken / sine
        self.sunk[each.span] = 1e3 * deck.sag(middle, deck.anchor, let_go)
        frequency, shape = deck.modes(_SWINGS, vibration.SENSOR_AT * deck.length)
        self.modes[each.span] = Modes.seen(frequency, shape, vibration.DAMPING)


def _stayed(spans: Group, mass: Floats, cables: Group, holds: Ints) -> list[_Stayed]:
    """The spans with cables that say where they are anchored (``anchor_m``).

    Raises:
        ConfigurationError: of such a cable something is not known, or its span cannot be.
    """
    anchored = ~np.isnan(cables.attribute("anchor_m", np.nan))
    if not len(holds):
        return []
    return [
        _held(spans, float(mass[span]), span, cables, np.flatnonzero(anchored & (holds == span)))
        for span in np.unique(holds[anchored]).tolist()
    ]


def _held(spans: Group, mass: float, span: int, cables: Group, held: Ints) -> _Stayed:
    asset, length = spans.assets[span], float(spans.attribute("length_m", 40.0)[span])
    stays = Stays(
        anchor=_known(cables, held, "anchor_m", length),
        length=_known(cables, held, "length_m"),
        mass=_known(cables, held, "mass_kg_m"),
        slope=np.radians(_known(cables, held, "inclination_deg", 90.0)),
        area=1e-6 * _known(cables, held, "area_mm2"),
        force=1e3 * _known(cables, held, "force_kn"),
    )
    frequency = float(spans.attribute("frequency_hz", 3.0)[span])
    deck = fitted(length, mass, frequency, stays)
    if deck is None:
        raise ConfigurationError(
            f"asset {asset.id}: frequency_hz: expected more than {frequency:g}, its cables alone are stiffer"
        )
    return _Stayed(span, held, stays, deck)


def _known(cables: Group, held: Ints, name: str, most: float = np.inf) -> Floats:
    """An attribute that must be known of each of these cables, more than 0 and at most ``most``."""
    values = cables.attribute(name, np.nan)[held]
    for at, value in zip(held.tolist(), values.tolist(), strict=True):
        if not 0 < value <= most:
            wanted = "a number above 0" if most == np.inf else f"a number above 0, at most {most:g}"
            found = "nothing" if np.isnan(value) else f"{value:g}"
            raise ConfigurationError(
                f"asset {cables.assets[at].id}: {name}: expected {wanted}, for it has anchor_m; not {found}"
            )
    return values
