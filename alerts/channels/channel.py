"""What every channel does, and what it is given."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from alerts.message import Heartbeat, Message
from alerts.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Earlier:
    """An event of the same alert that the receiver was told of before."""

    event_id: UUID
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way to a receiver.

    recorded_at: when its event was written down, the same on every try. earlier: the messages before it,
    in their order.
    """

    message: Message
    recorded_at: datetime
    earlier: Sequence[Earlier] = ()


class Channel(Protocol):
    """A way to one receiver; whatever goes wrong on it is an outcome, not an exception."""

    @abstractmethod
    async def send(self, letter: Letter) -> Outcome:
        """Try to deliver once."""

    @abstractmethod
    async def beat(self, heartbeat: Heartbeat) -> Outcome:
        """Say that nothing is to be said."""

    async def close(self) -> None:
        """Let go of what it holds open."""
        return
