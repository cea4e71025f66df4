"""Between what is true and what is sent: noise, range, resolution, unit, and the faults of a sensor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.model import Registry, Sensor
from sensors.quantities import QUANTITIES
from sensors.units import conversion
from simulator.incidents import Incident, SensorIncident
from simulator.places import Floats, Ints
from simulator.surroundings import Moment


@dataclass(frozen=True, slots=True)
class Instrument:
    """noise: standard deviation, in the quantity's unit. relative: another, as a share of the value.

    resolution: the smallest step it shows. holds: it shows the highest value since it was last read, as
    gauges of passing loads do.
    """

    noise: float
    resolution: float
    relative: float = 0.0
    holds: bool = False


INSTRUMENTS = {
    "methane": Instrument(0.005, 0.01, 0.02),
    "methane_lel": Instrument(0.1, 0.1, 0.02),
    "gas_pressure": Instrument(0.3, 0.1),
    "gas_flow": Instrument(0.5, 0.1, 0.005),
    "gas_temperature": Instrument(0.1, 0.1),
    "hydrogen_sulfide": Instrument(0.1, 0.1, 0.02),
    "oxygen": Instrument(0.03, 0.01),
    "water_pressure": Instrument(0.0008, 0.0001),
    "water_flow": Instrument(0.3, 0.1, 0.005),
    "acoustic_noise": Instrument(0.5, 0.1),
    "free_chlorine": Instrument(0.008, 0.01),
    "turbidity": Instrument(0.01, 0.01, 0.02),
    "ph": Instrument(0.01, 0.01),
    "conductivity": Instrument(1.0, 1.0),
    "water_temperature": Instrument(0.05, 0.1),
    "sewer_level": Instrument(0.004, 0.001),
    "sewer_flow": Instrument(0.2, 0.1, 0.02),
    "cover_tilt": Instrument(0.1, 0.1),
    "rain_intensity": Instrument(0.0, 0.1, 0.03),
    "ponding_depth": Instrument(0.1, 0.1),
    "strain": Instrument(0.3, 0.1, holds=True),
    "deflection": Instrument(0.05, 0.01, holds=True),
    "tilt": Instrument(0.002, 0.001),
    "cable_force": Instrument(1.0, 0.1),
    "bearing_force": Instrument(2.0, 1.0),
    "structure_temperature": Instrument(0.1, 0.1),
    "wind_speed": Instrument(0.1, 0.1),
    "vehicle_weight": Instrument(0.0, 0.1, 0.02, holds=True),
    "heat_temperature": Instrument(0.2, 0.1),
    "heat_pressure": Instrument(0.002, 0.001),
    "humidity": Instrument(0.5, 0.1),
    "sump_level": Instrument(0.003, 0.001),
    "air_temperature": Instrument(0.1, 0.1),
    "intrusion": Instrument(0.0, 1.0),
}
"""By quantity; the figures are usual ones of data sheets, for a simulation only."""

PLAIN = Instrument(0.0, 0.001)


class Stuck(SensorIncident, frozen=True, kw_only=True, tag="stuck"):
    """A sensor goes on sending what it sent when the fault began."""

    excludes = "what a sensor shows"


class Drift(SensorIncident, frozen=True, kw_only=True, tag="drift"):
    """A sensor wanders away from the truth, in its quantity's unit an hour."""

    excludes = "what a sensor shows"
    per_h: float


class Spike(SensorIncident, frozen=True, kw_only=True, tag="spike"):
    """A sensor shows too much for a moment, in its quantity's unit."""

    excludes = "what a sensor shows"
    height: float


class Bias(SensorIncident, frozen=True, kw_only=True, tag="bias"):
    """A sensor shows as much too much all the time, in its quantity's unit."""

    excludes = "what a sensor shows"
    by: float


class Dropout(SensorIncident, frozen=True, kw_only=True, tag="dropout"):
    """A sensor often gives no value; its device says so with a null. share: of the readings, 0 to 1."""

    share: float = 0.3


class Instruments:
    """All n sensors of a registry.

    What is sent is the true value with noise and fault, kept within the instrument's range, in the unit
    the sensor declares, rounded to its resolution.
    """

    def __init__(self, registry: Registry, rng: np.random.Generator) -> None:
        self._rng, self._losses = rng, rng.spawn(1)[0]
        sensors = registry.sensors
        kinds = [INSTRUMENTS.get(sensor.quantity, PLAIN) for sensor in sensors]
        self._number = {sensor.name: number for number, sensor in enumerate(sensors)}
        self._noise = np.array([kind.noise for kind in kinds])
        self._relative = np.array([kind.relative for kind in kinds])
        self._holds = np.array([kind.holds for kind in kinds], np.bool_)
        self._shown = np.full(len(sensors), -np.inf)
        self._low, self._high = _ranges(sensors)
        self._factor, self._offset = _units(sensors)
        resolution = np.array([kind.resolution for kind in kinds]) / self._factor
        self._per_unit = 10.0 ** np.ceil(-np.log10(resolution) - 1e-9)
        self._stuck: dict[Incident, float] = {}

    def watch(self, truth: Floats) -> None:
        """Take note of what is true now at every sensor, float [n]."""
        self._shown = np.where(self._holds, np.fmax(self._shown, truth), truth)

    def read(self, rows: Ints, moment: Moment) -> Floats:
        """What the sensors ``rows`` (of any shape) send now; what they held begins anew."""
        value = self._shown[rows]
        self._shown[rows] = -np.inf
        spread = self._noise[rows] + self._relative[rows] * np.abs(value)
        value += spread * self._rng.standard_normal(value.shape)
        self._spoil(rows, value, moment)
        value = (np.clip(value, self._low[rows], self._high[rows]) - self._offset[rows]) / self._factor[rows]
        rounded: Floats = np.round(value * self._per_unit[rows]) / self._per_unit[rows]
        return rounded + 0.0  # no -0.0

    def sent(self, row: int, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Samples of a waveform in the unit the sensor declares."""
        offset, factor = np.float32(self._offset[row]), np.float32(self._factor[row])
        return (samples - offset) / factor

    def _spoil(self, rows: Ints, value: Floats, moment: Moment) -> None:
        faults = moment.of(SensorIncident)
        for fault, since in faults:
            mine = rows == self._number[fault.sensor]
            if not mine.any():
                continue
            match fault:
                case Stuck():
                    value[mine] = self._stuck.setdefault(fault, float(value[mine][0]))
                case Drift():
                    value[mine] += fault.per_h * max(0.0, since) / 3600
                case Spike():
                    value[mine] += fault.height
                case Bias():
                    value[mine] += fault.by
                case Dropout():
                    lost = self._losses.random(value[mine].shape) < fault.share
                    value[mine] = np.where(lost, np.nan, value[mine])
        self._stuck = {
            fault: at for fault, at in self._stuck.items() if any(fault == live for live, _ in faults)
        }


def _ranges(sensors: tuple[Sensor, ...]) -> tuple[Floats, Floats]:
    quantities = [QUANTITIES[sensor.quantity] for sensor in sensors]
    low = [q.low if s.low is None else s.low for s, q in zip(sensors, quantities, strict=True)]
    high = [q.high if s.high is None else s.high for s, q in zip(sensors, quantities, strict=True)]
    return np.array(low, np.float64), np.array(high, np.float64)


def _units(sensors: tuple[Sensor, ...]) -> tuple[Floats, Floats]:
    quantities = [QUANTITIES[sensor.quantity] for sensor in sensors]
    pairs = [
        conversion(sensor.unit, quantity.unit, quantity.lel)
        for sensor, quantity in zip(sensors, quantities, strict=True)
    ]
    factors, offsets = np.array(pairs, np.float64).reshape(-1, 2).T
    return factors, offsets
