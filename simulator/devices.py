"""The devices between physics and broker: what they send, when something is wrong with them too."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import msgspec
import numpy as np

from sensors.model import Registry
from sensors.readings import SECOND
from simulator import messages
from simulator.courier import Courier, ahead_ms
from simulator.links import Links
from simulator.mailbox import Mailbox, kept
from simulator.messages import MILLISECOND, Message, Number, ResendRequest
from simulator.physics import Block
from simulator.places import Floats, Ints
from simulator.sampling import Pack, samplers
from simulator.surroundings import Moment

WAVEFORM_HZ = 50.0
"""Rate of waveforms of a device type that samples no faster than once a second."""

_RESEND = re.compile(r"lifeline/[^/]+/[^/]+/([^/]+)/resend")


class Fleet:
    """All devices of a registry.

    sampled: the sensors read now and then, by their place in the registry. blocks: those sent as
    waveforms. boot: the first boot number of every device; a restart within the run counts on from it.
    """

    def __init__(
        self, registry: Registry, sampled: Iterable[int], blocks: Mapping[int, Block], start: int, boot: int
    ) -> None:
        types = {kind.id: kind for kind in registry.device_types}
        self._devices, self._sensors = registry.devices, registry.sensors
        self._types = [types[device.type] for device in registry.devices]
        self._index = {device.id: index for index, device in enumerate(registry.devices)}
        self._blocks = blocks
        self._sampled, self._waving = self._by_device(sampled), self._by_device(blocks)
        self._samplers = samplers(
            registry.devices, self._types, self._sampled, self._waving, start // MILLISECOND
        )
        self._links, self._courier = Links(registry), Courier(registry)
        self._ahead_ms: dict[str, int] = {}
        self._up_since, self._cut_since = [start] * len(registry.devices), [start] * len(registry.devices)
        room = kept(sum(kind.buffered for kind in self._types))
        self._mail = [Mailbox(boot, room if kind.buffered else 0) for kind in self._types]

    def births(self, time: int) -> list[Message]:
        """Every device comes online."""
        return [self._birth(index, time) for index in range(len(self._devices))]

    def collect(self, moment: Moment, read: Callable[[Ints], Floats]) -> list[Message]:
        """Everything of the devices that comes to the broker within the moment, in order of arrival.

        read: gives what sensors, by their places in the registry, show now.
        """
        self._ahead_ms = ahead_ms(moment)
        sent = [*self._changed(moment)]
        until = (moment.time + round(moment.seconds * SECOND)) // MILLISECOND
        awake = ~self._links.silent
        for sampler in self._samplers:
            for pack in sampler.take(until, read, awake):
                sent += self._send(pack)
        return self._courier.carry(sorted(sent, key=lambda message: message.time), moment)

    def resend(self, topic: str, payload: bytes) -> list[Message]:
        """The same messages again that a request names, as far as the device still has them."""
        found = _RESEND.fullmatch(topic)
        index = self._index.get(found[1]) if found else None
        if index is None or self._links.silent[index] or self._links.cut[index]:
            return []
        try:
            return [*self._mail[index].asked(msgspec.json.decode(payload, type=ResendRequest))]
        except msgspec.DecodeError:
            return []

    def _changed(self, moment: Moment) -> Iterator[Message]:
        """Wills and births as devices go and come, and what was kept meanwhile."""
        change = self._links.change(moment)
        for index in change.gone:
            yield self._status(index, moment.time, messages.will(self._mail[index].boot))
        for index in change.cut:
            self._cut_since[index] = moment.time
        for index in change.booted:
            self._mail[index].reboot()
            self._up_since[index] = moment.time
        for index in (*change.booted, *change.connected):
            yield self._birth(index, moment.time)
        for index in change.freed:
            for message in self._mail[index].since(self._cut_since[index]):
                yield replace(message, time=moment.time)

    def _send(self, pack: Pack) -> list[Message]:
        mail, kind = self._mail[pack.device], self._types[pack.device]
        made = []
        for make in self._makers(pack):
            number = mail.number()
            message = make(pack, number if kind.numbered else None)
            mail.keep(number, message)
            made.append(message)
        return [] if self._links.cut[pack.device] else made

    def _makers(self, pack: Pack) -> Iterator[Callable[[Pack, Number | None], Message]]:
        if pack.device in self._sampled:
            yield self._telemetry
        if pack.device in self._waving and self._wave_start(pack) >= self._up_since[pack.device]:
            yield self._waveform

    def _telemetry(self, pack: Pack, number: Number | None) -> Message:
        device, values = self._devices[pack.device], np.ascontiguousarray(pack.values.T)
        sensors = [self._sensors[row] for row in self._sampled[pack.device]]
        columns = {sensor.key: column for sensor, column in zip(sensors, values.tolist(), strict=True)}
        times = pack.times + self._ahead_ms.get(device.id, 0)
        return Message(
            time=pack.sent * MILLISECOND,
            device=device.id,
            kind="telemetry",
            topic=f"{device.topic}/telemetry",
            payload=messages.telemetry(times.tolist(), columns, number),
            names=tuple(sensor.name for sensor in sensors),
            times=times * MILLISECOND,
            values=values,
        )

    def _waveform(self, pack: Pack, number: Number | None) -> Message:
        """All of the time since the last message, at the device's rate."""
        device, kind, start = self._devices[pack.device], self._types[pack.device], self._wave_start(pack)
        rate = 1 / kind.sample_s if kind.sample_s < 1 else WAVEFORM_HZ
        rows = self._waving[pack.device]
        values = np.stack([self._blocks[row](start, rate, round(kind.upload_s * rate)) for row in rows])
        sensors = [self._sensors[row] for row in rows]
        columns = {sensor.key: block for sensor, block in zip(sensors, values, strict=True)}
        said_ms = start // MILLISECOND + self._ahead_ms.get(device.id, 0)
        return Message(
            time=pack.sent * MILLISECOND,
            device=device.id,
            kind="waveform",
            topic=f"{device.topic}/waveform",
            payload=messages.waveform(said_ms, rate, columns, number),
            names=tuple(sensor.name for sensor in sensors),
            times=np.array([said_ms * MILLISECOND], np.int64),
            values=values,
            rate=rate,
        )

    def _wave_start(self, pack: Pack) -> int:
        return pack.sent * MILLISECOND - round(self._types[pack.device].upload_s * SECOND)

    def _birth(self, index: int, time: int) -> Message:
        return self._status(index, time, messages.birth(time // MILLISECOND, self._mail[index].boot))

    def _status(self, index: int, time: int, payload: bytes) -> Message:
        device = self._devices[index]
        return Message(time, device.id, "status", f"{device.topic}/status", payload, retain=True)

    def _by_device(self, rows: Iterable[int]) -> dict[int, list[int]]:
        """The sensors of each device that has some of these."""
        found: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            found[self._index[self._sensors[row].device]].append(row)
        return dict(found)
