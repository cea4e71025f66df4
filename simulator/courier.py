"""What is wrong between a device's clock and the broker: wrong times, and messages twice or out of order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count

from sensors.model import Registry
from sensors.readings import SECOND
from simulator.incidents import DeviceIncident
from simulator.messages import MILLISECOND, Message
from simulator.surroundings import Moment


class ClockSkew(DeviceIncident, frozen=True, kw_only=True, tag="clock-skew"):
    """A device's clock is wrong: ahead by so many seconds, behind if they are negative."""

    ahead_s: float


class Duplicates(DeviceIncident, frozen=True, kw_only=True, tag="duplicates"):
    """Every message of a device, or through a gateway, comes twice, as where an acknowledgement got lost."""

    after_s: float = 5.0


class Disorder(DeviceIncident, frozen=True, kw_only=True, tag="disorder"):
    """Every other message of a device, or through a gateway, is overtaken by later ones."""

    longer_s: float = 90.0


class Courier:
    """Carries the messages of all devices to the broker; some are underway for longer than a step."""

    def __init__(self, registry: Registry) -> None:
        self._gateway = {device.id: device.gateway for device in registry.devices}
        self._turns: dict[str, Iterator[int]] = defaultdict(count)
        self._numbers = count()
        self._underway: list[tuple[int, int, Message]] = []

    def carry(self, sent: Iterable[Message], moment: Moment) -> list[Message]:
        """What arrives within the moment, in order of arrival; ``time`` of a message is then that."""
        for message in sent:
            for time in self._arrivals(message, moment):
                arriving = message if time == message.time else replace(message, time=time)
                heappush(self._underway, (time, next(self._numbers), arriving))
        until = moment.time + round(moment.seconds * SECOND)
        arrived = []
        while self._underway and self._underway[0][0] < until:
            arrived.append(heappop(self._underway)[-1])
        return arrived

    def _arrivals(self, message: Message, moment: Moment) -> Iterator[int]:
        on_its_way = (message.device, self._gateway[message.device])
        longer = again = 0.0
        for fault, since in moment.of(DeviceIncident):
            begun = moment.time - round(since * SECOND)
            if fault.device in on_its_way and begun <= message.time < begun + fault.duration:
                if isinstance(fault, Duplicates):
                    again = fault.after_s
                elif isinstance(fault, Disorder) and next(self._turns[message.device]) % 2:
                    longer = fault.longer_s
        yield message.time + round(longer * SECOND)
        if again:
            yield message.time + round((longer + again) * SECOND)


def ahead_ms(moment: Moment) -> dict[str, int]:
    """By how many ms the clocks of devices are ahead, where they are."""
    return {
        skew.device: round(skew.ahead_s * SECOND / MILLISECOND)
        for skew, since in moment.of(ClockSkew)
        if since >= 0
    }
