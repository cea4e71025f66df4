"""Letters of the message that the message's own tests make."""

from datetime import UTC, datetime
from uuid import UUID

from alerts.channels.channel import Earlier, Letter
from alerts.message import Heartbeat, message
from tests.unit.alerts.test_message import ROW

AT = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
FIRST = Earlier(UUID(int=9), datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC))
HEARTBEAT = Heartbeat(
    version=1, kind="heartbeat", id=UUID(int=7), receiver="desk", drill=False, interval_s=300, sent_at=AT
)


def letter(*earlier: Earlier, **changed: object) -> Letter:
    return Letter(message({**ROW, **changed}, AT), AT, earlier)
