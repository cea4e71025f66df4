"""Reads what a backtest needs from the database: history in event time, and the levels on record."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np

from ingest.late import read_complete
from ingest.write import moment
from lifeline.backtest.compare import Step
from rules.model import RuleSet
from sensors import registry as registries
from sensors.errors import ConfigurationError
from sensors.model import Registry
from sensors.readings import DAY, MINUTE, Readings
from sensors.waveforms import Waveform

_MOST = 200_000
"""Readings that are in memory at a time, about, at one a minute."""

_HOLDING = """
select r.content as registry, s.content as rules from configuration
join registry_versions r on r.version = registry_version join rule_sets s on s.version = rules_version
"""

# What was found in late data is over when it is found: it was never live.
_RECORD = """
select a.asset_id, a.hazard, (extract(epoch from e.event_time) * 1000000)::bigint as time, e.level
from alert_events e join alerts a using (alert_id) join risk_changes c using (risk_change_id)
where a.opened_at < $2 and (a.changed_at >= $1 or a.level is not null) and not c.retrospective
order by a.asset_id, a.hazard, c.risk_change_id
"""

_WAVEFORMS = """
select sensor_id, (extract(epoch from start) * 1000000)::bigint as start, rate_hz, samples, flag
from waveforms where sensor_id = any($1) and start > $2 and start <= $3 order by start, sensor_id
"""


@dataclass(frozen=True, slots=True)
class Part:
    """What was measured between two moments: readings in event time that were not late, and waveforms."""

    readings: Readings
    waveforms: tuple[Waveform, ...]
    late: int
    """How many readings came late and are left out, as the live rules never saw them."""


async def holding(connection: asyncpg.Connection) -> tuple[Registry, RuleSet]:
    """The city and the rules that hold now.

    Raises:
        ConfigurationError: there are none.
    """
    row = await connection.fetchrow(_HOLDING)
    if row is None:
        raise ConfigurationError(
            "no city or no rules are loaded: call `lifeline city load` and `lifeline rules load`"
        )
    return registries.decode(row["registry"]), RuleSet.decode(row["rules"])


async def record(connection: asyncpg.Connection, since: int, until: int) -> list[Step]:
    """The levels of all cases that were open between two moments, as they were told live."""
    rows = await connection.fetch(_RECORD, moment(since), moment(until))
    return [(row["asset_id"], row["hazard"], row["time"], row["level"]) for row in rows]


async def parts(
    connection: asyncpg.Connection, registry: Registry, sensors: Iterable[int], after: int, until: int
) -> AsyncIterator[tuple[int, Part]]:
    """All that these sensors measured with after < time <= until (us), part by part, with each part's end.

    Within a sensor event time is the order of arrival, for what came otherwise is late.
    """
    wanted = sorted(sensors)
    length = min(DAY, max(MINUTE, _MOST // max(1, len(wanted)) * MINUTE))
    device = {sensor.id: sensor.device for sensor in registry.sensors}
    for start in range(after, until, length):
        end = min(start + length, until)
        readings, late = await read_complete(connection, wanted, start, end)
        rows = await connection.fetch(_WAVEFORMS, wanted, moment(start), moment(end))
        yield end, Part(readings[~late], _waveforms(rows, device), int(np.count_nonzero(late)))


def _waveforms(rows: Sequence[asyncpg.Record], device: dict[int, str]) -> tuple[Waveform, ...]:
    """Channels of a device that start together came in one message."""
    messages: dict[tuple[str, int], int] = defaultdict(lambda: len(messages))
    return tuple(
        Waveform(
            sensor=row["sensor_id"],
            start=row["start"],
            rate=row["rate_hz"],
            samples=np.frombuffer(row["samples"], "<f4"),
            flag=row["flag"],
            message=messages[device[row["sensor_id"]], row["start"]],
        )
        for row in rows
    )
