"""The stored readings of the sensors that speak of an alert, around its time, as its page plots them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np

from alerts import clock, registries
from alerts.database import Connection
from rules.bind import Pair
from rules.model import RuleSet
from rules.pairs import pairs
from rules.thresholds import thresholds
from sensors.model import Registry, Sensor

BEFORE = timedelta(hours=2)
AFTER = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
MOST_SENSORS = 12
MOST_POINTS = 1000
"""More are thinned to the least and the greatest of each stretch, so that no peak is lost."""

_ALERT = """
select a.opened_at, a.changed_at, a.state = 'closed' as closed
from alerts a left join assets s using (asset_id)
where a.alert_id = %(alert_id)s and (%(own)s::text is null or s.utility_id = %(own)s)
"""
_EVIDENCE = """
select c.rules_version, c.inputs -> 'evidence' as evidence
from alert_events e join risk_changes c using (risk_change_id)
where e.alert_id = %s order by e.number desc limit 20
"""
_VERSION = "select registry_version from configuration"
_READINGS = """
select time, value, flag, late from readings
where sensor_id = %s and time between %s and %s order by time
"""
_BLOCKS = """
select start as time, samples, flag, false as late from waveforms
where sensor_id = %s and start between %s and %s order by start
"""

Bound = dict[tuple[str, str], tuple[Pair, tuple[int, ...]]]
_MOST_BOUND = 64
_bound: dict[tuple[int, int, frozenset[str]], tuple[RuleSet, Registry, Bound]] = {}


@dataclass(frozen=True, slots=True)
class Series:
    """One sensor's readings in its quantity's own unit; None = not a number.

    peaks: of waveforms, the largest sample of each block, whatever its sign.
    """

    sensor: Sensor
    thresholds: tuple[float, ...]
    peaks: bool
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    flags: tuple[int, ...]
    late: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Plotted:
    """What there is of a stretch of time."""

    since: datetime
    until: datetime
    sensors: tuple[Series, ...]


async def plotted(connection: Connection, alert_id: UUID, own: str | None) -> Plotted | None:
    """The series of an alert; None if there is none that the caller may see."""
    given = {"alert_id": alert_id, "own": own}
    alert = await (await connection.execute(_ALERT, given)).fetchone()
    if alert is None:
        return None
    since, until = _span(alert, await clock.now(connection))
    held = await _sensors(connection, alert_id)
    found = [
        await _series(connection, sensor, lines, since, until)
        for sensor, lines in islice(held.values(), MOST_SENSORS)
    ]
    return Plotted(since, until, tuple(found))


def _span(alert: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    until = min(now, alert["changed_at"] + AFTER) if alert["closed"] else now
    until = max(until, alert["opened_at"])
    return max(alert["opened_at"] - BEFORE, until - LONGEST), until


async def _sensors(connection: Connection, alert_id: UUID) -> dict[int, tuple[Sensor, tuple[float, ...]]]:
    """The sensors in an alert's evidence by id, each with the thresholds that it is held against."""
    rows = await (await connection.execute(_EVIDENCE, [alert_id])).fetchall()
    row = await (await connection.execute(_VERSION)).fetchone()
    registry = await registries.registry(connection, row["registry_version"] if row else None)
    if not rows or registry is None:
        return {}
    rules = await registries.rule_set(connection, rows[0]["rules_version"])
    spoken = dict.fromkeys((each["rule"], each["subject"]) for row in rows for each in row["evidence"])
    return await asyncio.to_thread(_held, rules, registry, tuple(spoken))


def _held(
    rules: RuleSet | None, registry: Registry, spoken: Sequence[tuple[str, str]]
) -> dict[int, tuple[Sensor, tuple[float, ...]]]:
    by_id = {sensor.id: sensor for sensor in registry.sensors}
    by_name = {sensor.name: sensor.id for sensor in registry.sensors}
    bound = _pairs(rules, registry, frozenset(rule for rule, _ in spoken))
    held: dict[int, set[float]] = {}
    for rule, subject in spoken:
        pair, sensors = bound.get((rule, subject), (None, ()))
        own = by_name.get(subject) if pair is None else pair.sensor
        for sensor in sensors or filter(None, [own]):
            lines = held.setdefault(sensor, set())
            if pair is not None and sensor == own:
                lines.update(value for _, value in thresholds(pair.parameters))
    return {each: (by_id[each], tuple(sorted(lines))) for each, lines in held.items() if each in by_id}


def _pairs(rules: RuleSet | None, registry: Registry, names: frozenset[str]) -> Bound:
    """Binding rules in a large city takes a while, and alerts come many to a rule."""
    if rules is None:
        return {}
    key = (id(rules), id(registry), names)
    if key not in _bound:
        if len(_bound) >= _MOST_BOUND:
            _bound.clear()
        # What is kept holds rules and registry too, so that no other ever has their ids.
        _bound[key] = (rules, registry, pairs(rules, registry, names))
    return _bound[key][2]


async def _series(
    connection: Connection, sensor: Sensor, lines: tuple[float, ...], since: datetime, until: datetime
) -> Series:
    given = [sensor.id, since, until]
    rows = await (await connection.execute(_READINGS, given)).fetchall()
    peaks = False
    if not rows:
        blocks = await (await connection.execute(_BLOCKS, given)).fetchall()
        rows, peaks = [{**each, "value": _peak(each["samples"])} for each in blocks], bool(blocks)
    rows = [rows[n] for n in _kept([row["value"] for row in rows])]
    return Series(
        sensor=sensor,
        thresholds=lines,
        peaks=peaks,
        times=tuple(row["time"] for row in rows),
        values=tuple(None if np.isnan(row["value"]) else row["value"] for row in rows),
        flags=tuple(row["flag"] for row in rows),
        late=tuple(row["late"] for row in rows),
    )


def _peak(samples: bytes) -> float:
    """The largest sample of a block, whatever its sign."""
    return float(np.abs(np.frombuffer(samples, "<f4")).max())


def _kept(values: Sequence[float]) -> Sequence[int]:
    """Which of many values are plotted."""
    if len(values) <= MOST_POINTS:
        return range(len(values))
    array = np.nan_to_num(np.array(values, np.float64))
    stretches = np.array_split(np.arange(len(array)), MOST_POINTS // 2)
    ends = {int(each[pick(array[each])]) for each in stretches for pick in (np.argmin, np.argmax)}
    return sorted(ends)
