"""Messages to a batch: pure, and no message is ever the end of it.

What cannot be taken becomes a dead letter with its reason, and the rest of its batch goes on.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest import formats, validate
from ingest.batch import LONGEST_PAYLOAD, Batch, DeadLetter, Numbered, Status
from ingest.formats import MILLISECOND, Unfit
from ingest.index import Index, Leaf, Route
from ingest.message import Message
from ingest.reason import Reason
from sensors.quantities import QUANTITIES
from sensors.readings import DAY, MINUTE, SECOND, Readings
from sensors.units import conversion
from sensors.waveforms import Waveform

CLOCK = "lifeline/clock"
"""The topic on which a feed says what time it is."""

OURS = "lifeline/worker/"
"""Topics on which a worker speaks to itself."""


_CALENDAR = (-62_135_596_800 * SECOND, 253_402_300_800 * SECOND)
"""Years 1 to 9999: no calendar, ours or the database's, holds a time outside."""

_TOLD = 3
"""Of so many parts of a message a dead letter tells what is wrong; of more it gives the number."""

_LONGEST_DETAIL = 1000


@dataclass(frozen=True, slots=True)
class Window:
    """How far (us) before and after now a time may lie and be believed."""

    before: int = 400 * DAY
    after: int = 5 * MINUTE


def decode(messages: Sequence[Message], index: Index, window: Window, now: int | None) -> Batch:
    """What the messages hold, in order of arrival.

    now: us since 1970 UTC, the moment of their arrival, or of the feed's clock where that is followed (None
    before it has spoken: every time on a calendar is believed); a message of the feed's clock moves it on.
    """
    gathered = _Gathered(messages, index, window, now)
    for row, message in enumerate(messages):
        try:
            gathered.take(row, message)
        except Unfit as unfit:
            gathered.refuse(row, unfit.reason, unfit.detail)
    return gathered.batch()


def set_aside(message: Message, batch: Batch, detail: str) -> Batch:
    """What is left of the batch of one message that the database will not take.

    Its number stays: it has come, and must not be asked for again.
    """
    dead = (_dead_letter(message, Reason.REFUSED, detail),)
    return replace(batch, readings=Readings.empty(), waveforms=(), statuses=(), ticks=(), dead=dead)


def _dead_letter(message: Message, reason: Reason, detail: str) -> DeadLetter:
    levels = message.topic.split("/")
    return DeadLetter(
        topic=message.topic,
        device=levels[3] if len(levels) > 3 else None,  # noqa: PLR2004, the device's level
        reason=reason,
        detail=detail[:_LONGEST_DETAIL],
        content_type=message.content_type,
        payload=bytes(message.payload[:LONGEST_PAYLOAD]),
        size=len(message.payload),
    )


class _Gathered:
    """Columns that grow message by message and become arrays once."""

    def __init__(self, messages: Sequence[Message], index: Index, window: Window, now: int | None) -> None:
        self._messages, self._index, self._window = messages, index, window
        self._began = self._now = now
        self._values: list[float | None] = []
        self._times: list[int] = []
        self._sensors: list[int] = []
        self._counts: list[int] = []
        self._scales: list[int] = []
        self._rows: list[int] = []
        """Beside ``_sensors``, ``_counts`` and ``_scales``: one entry a run of readings of one sensor."""
        self._waveforms: list[Waveform] = []
        self._statuses: list[Status] = []
        self._numbered: list[Numbered] = []
        self._ticks: list[tuple[int, int]] = []
        self._refused: dict[tuple[int, Reason], list[str]] = defaultdict(list)

    def take(self, row: int, message: Message) -> None:
        """Add one message; what it held before something unfit stays."""
        if message.topic == CLOCK:
            self._tick(formats.clock(message.payload))
            return
        if message.topic.startswith(OURS):
            return
        route = self._index.route(message.topic)
        if isinstance(route, str):
            raise Unfit(Reason.TOPIC, route)
        if route.leaf is Leaf.TELEMETRY:
            if _is_senml(message):
                self._senml(row, message, route)
            else:
                self._native(row, message, route)
        elif route.leaf is Leaf.WAVEFORM:
            self._waveform(row, message, route)
        else:
            status = formats.online(message.payload)
            self._statuses.append(Status(device=route.device, online=status.online, boot=status.b))

    def refuse(self, row: int, reason: Reason, detail: str) -> None:
        """Keep the message aside, once for each reason however many of its parts are unfit."""
        self._refused[row, reason].append(detail)

    def _tick(self, time: int) -> None:
        if not _CALENDAR[0] <= time < _CALENDAR[1]:
            raise Unfit(Reason.TIME, f"the feed's clock says {_written(time)}")
        self._ticks.append((len(self._values), time))
        self._now = _later(self._now, time)

    def _native(self, row: int, message: Message, route: Route) -> None:
        body: formats.Native = formats.json(formats.native_decoder, message.payload)
        self._number(route, body.b, body.s)
        times, scale = _times(body.t)
        for key, values in body.v.items():
            sensor = route.sensors.get(key)
            if sensor is None:
                self.refuse(row, Reason.UNKNOWN_SENSOR, f"{route.device} has no sensor {key!r}")
            elif isinstance(values, list):
                self._run(row, sensor, times, scale, values)
            elif len(times) == 1:
                self._run(row, sensor, times, scale, [values])
            else:
                self.refuse(row, Reason.SCHEMA, f"expected a list beside t for {key!r}")

    def _senml(self, row: int, message: Message, route: Route) -> None:
        for record in formats.senml(message.payload, self._now):
            key = record.name if record.name in route.sensors else _last_part(record.name)
            sensor = route.sensors.get(key)
            if sensor is None:
                self.refuse(row, Reason.UNKNOWN_SENSOR, f"{route.device} has no sensor {record.name!r}")
                continue
            try:
                value = self._as_declared(sensor, record.value, record.unit)
            except ValueError as error:
                self.refuse(row, Reason.UNIT, f"{key}: {error}")
            else:
                self._run(row, sensor, [record.time], 1, [value])

    def _as_declared(self, sensor: int, value: float, unit: str | None) -> float:
        """The value in the unit that the sensor was registered with."""
        declared = self._index.declared[sensor]
        if unit is None or unit == declared.unit:
            return value
        quantity = QUANTITIES[declared.quantity]
        factor, offset = conversion(unit, quantity.unit, quantity.lel)
        own_factor, own_offset = float(self._index.factor[sensor]), float(self._index.offset[sensor])
        return (value * factor + offset - own_offset) / own_factor

    def _waveform(self, row: int, message: Message, route: Route) -> None:
        blocks = formats.waveform(message.payload)
        self._number(route, blocks.boot, blocks.number)
        if not self._believed(np.array([blocks.start]), self._now).all():
            raise Unfit(Reason.TIME, f"the block starts at {_written(blocks.start)}")
        for key, samples in blocks.samples.items():
            sensor = route.sensors.get(key)
            if sensor is None:
                self.refuse(row, Reason.UNKNOWN_SENSOR, f"{route.device} has no sensor {key!r}")
                continue
            index = self._index
            with np.errstate(over="ignore", invalid="ignore"):  # beyond float32, and signalling NaN
                scaled = (samples * index.factor[sensor] + index.offset[sensor]).astype(np.float32)
            flag = int(validate.flags(scaled, index.low[sensor], index.high[sensor]).max())
            self._waveforms.append(
                Waveform(
                    sensor=sensor, start=blocks.start, rate=blocks.rate, samples=scaled, flag=flag,
                    message=row, position=len(self._values), ticks=len(self._ticks),
                )
            )  # fmt: skip

    def _number(self, route: Route, boot: int | None, number: int | None) -> None:
        if number is not None:
            self._numbered.append(Numbered(route.device, boot or 0, number))

    def _run(
        self, row: int, sensor: int, times: list[int], scale: int, values: Sequence[float | None]
    ) -> None:
        """Add readings of one sensor; a pack must have a value for each time."""
        if len(values) != len(times):
            self.refuse(row, Reason.SCHEMA, f"{len(values)} values beside {len(times)} times")
            return
        self._values.extend(values)
        self._times.extend(times)
        self._sensors.append(sensor)
        self._counts.append(len(values))
        self._scales.append(scale)
        self._rows.append(row)

    def batch(self) -> Batch:
        """The arrays, less what has a time that cannot be believed."""
        counts = np.array(self._counts, np.intp)
        sensor = np.repeat(np.array(self._sensors, np.int32), counts)
        time = np.array(self._times, np.int64) * np.repeat(np.array(self._scales, np.int64), counts)
        index = self._index
        with np.errstate(over="ignore"):
            value = np.array(self._values, np.float64) * index.factor[sensor] + index.offset[sensor]
        flag = validate.flags(value, index.low[sensor], index.high[sensor])
        readings = Readings(sensor, time, value, flag)
        ticks, waveforms = tuple(self._ticks), tuple(self._waveforms)
        believed = self._believed_when_they_came(time)
        if not believed.all():
            self._refuse_times(np.repeat(np.array(self._rows, np.intp), counts)[~believed], time[~believed])
            kept = np.concatenate([[0], np.cumsum(believed)])
            ticks = tuple((int(kept[position]), tick) for position, tick in ticks)
            waveforms = tuple(msgspec.structs.replace(w, position=int(kept[w.position])) for w in waveforms)
            readings = readings[believed]
        return Batch(
            readings=readings,
            waveforms=waveforms,
            statuses=tuple(self._statuses),
            numbered=tuple(self._numbered),
            ticks=ticks,
            dead=tuple(self._dead()),
            messages=len(self._messages),
        )

    def _dead(self) -> Iterator[DeadLetter]:
        for row, reason in sorted(self._refused, key=lambda key: key[0]):
            details = self._refused[row, reason]
            more = f" and {len(details) - _TOLD} more" if len(details) > _TOLD else ""
            yield _dead_letter(self._messages[row], reason, "; ".join(details[:_TOLD]) + more)

    def _believed_when_they_came(self, time: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Each time held against the clock as it was then, so that batches may be cut anywhere."""
        parts = np.split(time, [position for position, _ in self._ticks])
        clock = [self._began]
        for _, tick in self._ticks:
            clock.append(_later(clock[-1], tick))
        return np.concatenate([self._believed(part, now) for part, now in zip(parts, clock, strict=True)])

    def _believed(self, time: NDArray[np.int64], now: int | None) -> NDArray[np.bool_]:
        earliest, latest = _CALENDAR[0], _CALENDAR[1] - 1
        if now is not None:
            earliest = max(earliest, now - self._window.before)
            latest = min(latest, now + self._window.after)
        believed: NDArray[np.bool_] = (time >= earliest) & (time <= latest)
        return believed

    def _refuse_times(self, rows: NDArray[np.intp], times: NDArray[np.int64]) -> None:
        for row in np.unique(rows).tolist():
            mine = times[rows == row]
            self.refuse(row, Reason.TIME, f"{len(mine)} readings, the first at {_written(int(mine[0]))}")


def _times(given: int | str | list[int | str]) -> tuple[list[int], int]:
    """The times, and how many us one of their units is."""
    if isinstance(given, int):
        return [given], MILLISECOND
    if isinstance(given, list) and all(type(each) is int for each in given):
        return given, MILLISECOND  # type: ignore[return-value]  # mypy does not follow all()
    several = given if isinstance(given, list) else [given]
    return [formats.moment(each) for each in several], 1


def _later(now: int | None, tick: int) -> int:
    return tick if now is None else max(now, tick)


def _written(time: int) -> str:
    """A time as people read it, also one that no calendar holds."""
    try:
        return datetime.fromtimestamp(time / SECOND, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{time / SECOND:.0f} s"


def _is_senml(message: Message) -> bool:
    """Told by the MQTT 5 content type, else by the first byte: SenML is an array, our own an object."""
    if message.content_type is not None:
        return "senml" in message.content_type
    return message.payload[:1] == b"["


def _last_part(name: str) -> str:
    """The key at the end of a SenML name such as ``urn:dev:mac:0024befffe804ff1:ch4``."""
    return name.replace("/", ":").rpartition(":")[2]
