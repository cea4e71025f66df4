"""A device's own memory of what it sent: numbers, boots, and the messages it keeps."""

from collections import deque
from collections.abc import Iterator

from simulator.messages import Message, Number, ResendRequest

KEPT, KEPT_IN_ALL = 128, 500_000
"""Messages that a device with a buffer keeps, to send them late or again; and all of a city's together.

A message takes about a kilobyte: what each of 85,000 devices could keep would be beyond any memory.
"""


def kept(devices: int) -> int:
    """Messages that each of so many devices with a buffer keeps."""
    return max(1, min(KEPT, KEPT_IN_ALL // max(1, devices)))


class Mailbox:
    """Counts a device's messages from 0 in each of its boots and keeps the newest, if it has room."""

    __slots__ = ("_kept", "_sequence", "boot")

    def __init__(self, boot: int, room: int) -> None:
        self.boot, self._sequence = boot, 0
        self._kept: deque[tuple[Number, Message]] | None = deque(maxlen=room) if room else None

    def reboot(self) -> None:
        """Count anew under the next boot number."""
        self.boot, self._sequence = self.boot + 1, 0

    def number(self) -> Number:
        """The next message's number."""
        number = Number(self.boot, self._sequence)
        self._sequence += 1
        return number

    def keep(self, number: Number, message: Message) -> None:
        """Remember a message, in the place of the oldest where there is no room."""
        if self._kept is not None:
            self._kept.append((number, message))

    def since(self, time: int) -> Iterator[Message]:
        """What was made from ``time`` on and is still there."""
        return (message for _, message in self._kept or () if message.time >= time)

    def asked(self, request: ResendRequest) -> Iterator[Message]:
        """What a request names and is still there."""
        return (
            message
            for number, message in self._kept or ()
            if number.boot == request.boot and request.first <= number.sequence <= request.last
        )
