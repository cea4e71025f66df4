"""What is the same for all of the city at a moment: time of day, weather, and what is happening."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from sensors.readings import SECOND
from simulator.incidents import Incident
from simulator.rhythm import Wander

Kind = TypeVar("Kind", bound=Incident)

_YEAR_C, _SEASON_C, _DAY_C = 16.0, 12.0, 4.0
_COLDEST_DAY, _DAYS, _WARMEST_HOUR = 20, 365.25, 15
_WIND_MS = 3.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of the simulation.

    time: where it starts, in microseconds since 1970 UTC. seconds: how long it is. hour: local, 0-24.
    air: temperature in Celsius. wind: m/s. sun: 0-1. live: the incidents that touch the step, with the
    seconds since each one's start (negative where it starts within the step).
    """

    time: int
    seconds: float
    hour: float
    air: float
    wind: float
    sun: float
    live: tuple[tuple[Incident, float], ...] = ()

    def of(self, kind: type[Kind]) -> list[tuple[Kind, float]]:
        """The live incidents of a kind, with the seconds since each one's start."""
        return [(incident, since) for incident, since in self.live if isinstance(incident, kind)]


class Happening(Protocol):
    """Knows what is going on in the step that starts at a time."""

    def live(self, time: int, seconds: float) -> tuple[tuple[Incident, float], ...]:
        """The incidents that touch the step, with the seconds since each one's start (negative: to it)."""
        ...


class Surroundings:
    """The weather and the clock of a city with a continental climate, from one random stream."""

    def __init__(self, timezone: str, happening: Happening, rng: np.random.Generator) -> None:
        self._zone, self._happening = ZoneInfo(timezone), happening
        self._air = Wander(rng, 1, 1.5, 6 * 3600.0)
        self._gust = Wander(rng, 1, 0.5, 600.0)

    def step(self, seconds: float) -> None:
        """The weather goes on."""
        self._air.step(seconds)
        self._gust.step(seconds)

    def moment(self, time: int, seconds: float) -> Moment:
        """The step of so many seconds that starts at ``time``."""
        local = datetime.fromtimestamp(time / SECOND, UTC).astimezone(self._zone)
        hour = local.hour + local.minute / 60 + local.second / 3600
        season = -np.cos(2 * np.pi * (local.timetuple().tm_yday - _COLDEST_DAY) / _DAYS)
        daily = np.cos(2 * np.pi * (hour - _WARMEST_HOUR) / 24)
        return Moment(
            time=time,
            seconds=seconds,
            hour=hour,
            air=float(_YEAR_C + _SEASON_C * season + _DAY_C * daily + self._air.value[0]),
            wind=float(_WIND_MS * np.exp(self._gust.value[0])),
            sun=max(0.0, float(np.sin(np.pi * (hour - 6) / 12))),
            live=self._happening.live(time, seconds),
        )
