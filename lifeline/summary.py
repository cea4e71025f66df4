"""What a run came to: counted in the database against what was published and against the incidents' truth."""

from collections.abc import Mapping, Sequence
from typing import LiteralString

import msgspec
import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import TupleRow

from ingest.index import Index
from lifeline.audit import duplicates, lost
from rules.levels import RiskLevel
from sensors.model import Registry
from sensors.readings import Readings
from simulator.incidents import Expectation
from simulator.log import Published, Record, published

_MET = """
select exists (select from alert_events join alerts using (alert_id)
    where asset_id = %s and hazard = %s and alert_events.level <= %s and kind <> 'found'
    and event_time between to_timestamp(0) + %s * interval '1 us' and to_timestamp(0) + %s * interval '1 us')
"""

# The reading that made a case rise, when that was committed, and when its first receipt came.
_RISES = """
select t.sensor_id, (extract(epoch from t.time) * 1000000)::bigint, extract(epoch from e.wall_time)::float8,
    (select extract(epoch from min(d.finished_at))::float8 from deliveries d
     where d.event_id = e.event_id and d.state = 'receipted')
from alert_events e
join risk_changes c using (risk_change_id)
join transitions t on t.transition_id = c.cause
where e.kind in ('raised', 'risen')
"""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a run; latencies in ms, None where nothing was measured."""

    readings_published: int
    readings_stored: int
    lost: int
    duplicates: int
    alerts: Mapping[str, int]
    expected: int
    raised: int
    missed: int
    deliveries: int
    receipts: int
    publish_to_alert_p50_ms: float | None
    publish_to_alert_p99_ms: float | None
    publish_to_receipt_p50_ms: float | None
    publish_to_receipt_p99_ms: float | None


def summarise(
    dsn: str, registry: Registry, records: Sequence[Record], truth: Sequence[Expectation]
) -> Summary:
    """Compare what was published and what had to follow with what is in the database."""
    log = published(records)
    ids = {sensor.name: sensor.id for sensor in registry.sensors}
    sensor = np.array([ids[name] for name in log.names], np.int32)[log.sensor]
    with psycopg.connect(dsn, autocommit=True) as connection:
        raised = sum(_met(connection, expectation) for expectation in truth)
        to_alert, to_receipt = _latencies(connection, log, sensor)
        return Summary(
            readings_published=len(sensor),
            readings_stored=_count(connection, "select count(*) from readings"),
            lost=lost(connection, _readings(log, sensor, registry)),
            duplicates=duplicates(connection),
            alerts=_alerts(connection),
            expected=len(truth),
            raised=raised,
            missed=len(truth) - raised,
            deliveries=_count(connection, "select count(*) from deliveries"),
            receipts=_count(connection, "select count(*) from deliveries where state = 'receipted'"),
            publish_to_alert_p50_ms=_percentile(to_alert, 50),
            publish_to_alert_p99_ms=_percentile(to_alert, 99),
            publish_to_receipt_p50_ms=_percentile(to_receipt, 50),
            publish_to_receipt_p99_ms=_percentile(to_receipt, 99),
        )


def _readings(log: Published, sensor: NDArray[np.int32], registry: Registry) -> Readings:
    """What was published, in the quantities' own units."""
    index = Index(registry)
    value = log.value * index.factor[sensor] + index.offset[sensor]
    return Readings(sensor, log.time, value, np.zeros(len(sensor), np.int8))


def _met(connection: Connection[TupleRow], expectation: Expectation) -> bool:
    e = expectation
    row = connection.execute(_MET, (e.asset, e.hazard, e.level, e.after, e.before)).fetchone()
    return row is not None and bool(row[0])


def _alerts(connection: Connection[TupleRow]) -> dict[str, int]:
    counted: dict[int, int] = dict(
        connection.execute("select worst_level, count(*) from alerts group by 1").fetchall()
    )
    return {level.english: counted.get(level.value, 0) for level in RiskLevel}


def _latencies(
    connection: Connection[TupleRow],
    log: Published,
    sensor: NDArray[np.int32],
) -> tuple[list[float], list[float]]:
    sent = {
        (int(which), int(when)): wall / 1e6
        for which, when, wall in zip(sensor.tolist(), log.time.tolist(), log.wall.tolist(), strict=True)
    }
    to_alert, to_receipt = [], []
    for which, when, alert_at, receipt_at in connection.execute(_RISES):
        at = sent.get((which, when))
        if at is not None:
            to_alert.append((alert_at - at) * 1000)
            if receipt_at is not None:
                to_receipt.append((receipt_at - at) * 1000)
    return to_alert, to_receipt


def _percentile(values: list[float], percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 1) if values else None


def _count(connection: Connection[TupleRow], query: LiteralString) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row is not None else 0
