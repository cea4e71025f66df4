"""Reads the account of a change from the database; nothing is computed anew but parameters at a subject."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import psycopg
from psycopg.rows import dict_row

from lifeline.explain.account import Account, Grade, Law, Named, Piece, Place, Transition, Window
from rules.bind import Pair
from rules.duration import Duration
from rules.failure import FAILURE
from rules.hazards import hazards
from rules.kinds.base import Parameters
from rules.model import Rule, RuleSet
from rules.pairs import pairs
from rules.risk import Group, Strength
from rules.thresholds import thresholds as reached
from sensors import store
from sensors.consequence import scored
from sensors.errors import ConfigurationError
from sensors.model import Registry
from sensors.quantities import QUANTITIES

BEFORE = timedelta(hours=2)
AFTER = timedelta(minutes=30)
"""How much of a sensor's readings is shown around the moment, at least."""

_ALERT = """
select c.* from alert_events e join risk_changes c using (risk_change_id)
where e.alert_id = %s and (e.kind in ('raised', 'risen') or c.retrospective)
order by e.level, e.number limit 1
"""

_RISK_CHANGE = "select * from risk_changes where risk_change_id = %s"

_TRANSITION = "select * from transitions where transition_id = %s"

_CAUSED = "select * from risk_changes where cause = %s order by risk_change_id limit 1"

_READINGS = """
select time, value, flag, late from readings
where sensor_id = %s and time between %s and %s order by time
"""

_BLOCKS = """
select start as time, samples, flag, false as late from waveforms
where sensor_id = %s and start between %s and %s order by start
"""

Connection = psycopg.Connection[dict[str, Any]]


def read(dsn: str, given: str) -> Account:
    """The account of an alert (when it first was at its worst), a change of risk or a transition, by its id.

    Raises:
        ConfigurationError: there is nothing of that id.
    """
    with psycopg.connect(dsn) as plain, psycopg.connect(dsn, row_factory=dict_row) as connection:
        asked, change, transition = _found(connection, given)
        told = change or transition
        assert told is not None
        rules = _rules(connection, told["rules_version"])
        return _Reader(connection, store.read(plain), rules).account(asked, given, change, transition)


def _found(connection: Connection, given: str) -> tuple[str, dict[str, Any] | None, dict[str, Any] | None]:
    """What the id is of, with the change of risk and the transition that belong to it."""
    if given.isdecimal():
        change = _one(connection, _RISK_CHANGE, int(given))
        if change is not None:
            return "risk change", change, _cause(connection, change)
    if (uuid := _uuid(given)) is not None:
        change = _one(connection, _ALERT, uuid)
        if change is not None:
            return "alert", change, _cause(connection, change)
        transition = _one(connection, _TRANSITION, uuid)
        if transition is not None:
            return "transition", _one(connection, _CAUSED, uuid), transition
    raise ConfigurationError(f"there is no alert, risk change or transition {given!r} in the database")


def _uuid(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None


def _cause(connection: Connection, change: Mapping[str, Any]) -> dict[str, Any] | None:
    return None if change["cause"] is None else _one(connection, _TRANSITION, change["cause"])


def _one(connection: Connection, query: Any, given: object) -> dict[str, Any] | None:  # noqa: ANN401
    return connection.execute(query, [given]).fetchone()


def _rules(connection: Connection, version: str) -> RuleSet:
    row = _one(connection, "select content from rule_sets where version = %s", version)
    if row is None:
        raise ConfigurationError(f"rule set {version} is no longer in the database")
    return RuleSet.decode(row["content"])


class _Reader:
    """One account, with all that is looked up for it."""

    def __init__(self, connection: Connection, registry: Registry, rules: RuleSet) -> None:
        self._connection, self._registry, self._rules = connection, registry, rules
        self._named = {rule.name: rule for rule in (*rules.rules, FAILURE)}
        self._groups = {group.name: group for group in rules.groups}
        self._pairs: dict[tuple[str, str], tuple[Pair, tuple[int, ...]]] = {}

    def account(
        self, asked: str, given: str, change: dict[str, Any] | None, transition: dict[str, Any] | None
    ) -> Account:
        told = change or transition
        assert told is not None
        pieces = [] if change is None else change["inputs"]["evidence"]
        spoken = [*pieces, *([] if transition is None else [transition])]
        self._pairs = pairs(self._rules, self._registry, {each["rule"] for each in spoken})
        hazard = hazards()[told["hazard"]]
        return Account(
            asked=asked,
            id=given,
            asset=self._place(told["asset_id"]),
            hazard=Named(id=told["hazard"], name=hazard.name, name_en=hazard.name_en),
            rules_version=told["rules_version"],
            cause=None if transition is None else _transition(transition),
            grade=None if change is None else self._grade(change),
            evidence=tuple(map(self._piece, pieces if change is not None else spoken)),
            windows=tuple(self._windows(spoken, told["time"])),
        )

    def _place(self, asset_id: str) -> Place:
        asset = next((each for each in self._registry.assets if each.id == asset_id), None)
        if asset is None:
            return Place(id=asset_id, name=asset_id, name_en=asset_id)
        scores: dict[str, int] = msgspec.to_builtins(scored(self._registry)[asset_id])
        return Place(
            id=asset_id,
            name=asset.name,
            name_en=asset.name_en,
            kind=asset.kind,
            district=asset.district,
            factors=scores,
        )

    def _grade(self, change: Mapping[str, Any]) -> Grade:
        hazard, matrix = hazards()[change["hazard"]], self._rules.matrix
        return Grade(
            risk_change_id=change["risk_change_id"],
            time=change["time"],
            level=change["level"],
            previous=change["previous_level"],
            prior=hazard.prior,
            probability=change["inputs"]["probability"],
            likelihood=change["likelihood"],
            consequence=change["consequence"],
            by_hazard=hazard.consequence is not None,
            matrix=matrix.version,
            matrix_source=matrix.source,
        )

    def _piece(self, piece: Mapping[str, Any]) -> Piece:
        rule = self._named[piece["rule"]]
        strength = piece.get("strength")
        return Piece(
            rule=self._law(rule, piece["subject"]),
            subject=piece["subject"],
            state=piece["state"],
            strength=None if strength is None else msgspec.convert(strength, Strength),
            quality=piece.get("quality"),
            weight=piece.get("weight"),
            value=piece["value"],
            time=_moment(piece["time"]),
            reason=piece["reason"],
        )

    def _law(self, rule: Rule, subject: str) -> Law:
        group = self._groups.get(rule.group, Group(name=rule.group or rule.name))
        known = self._pairs.get((rule.name, subject))
        return Law(
            name=rule.name,
            kind=rule.kind,
            title=rule.title,
            title_en=rule.title_en,
            source=rule.source,
            group=group.name,
            correlation=group.correlation,
            parameters=rule.parameters if known is None else _told(known[0].parameters),
        )

    def _windows(self, spoken: Iterable[Mapping[str, Any]], moment: datetime) -> Iterator[Window]:
        thresholds: dict[int, tuple[float, ...]] = {}
        for each in spoken:
            pair, sensors = self._pairs.get((each["rule"], each["subject"]), (None, ()))
            own = None if pair is None else pair.sensor
            for sensor in sensors or filter(None, [each.get("sensor_id")]):
                lines = (
                    () if pair is None or sensor != own else [each for _, each in reached(pair.parameters)]
                )
                thresholds[sensor] = (*thresholds.get(sensor, ()), *lines)
        for sensor in self._registry.sensors:
            if sensor.id in thresholds:
                since, until = moment - BEFORE, moment + AFTER
                rows = self._connection.execute(_READINGS, [sensor.id, since, until]).fetchall()
                quantity = sensor.quantity
                if not rows and (rows := self._peaks(sensor.id, since, until)):
                    quantity = f"{quantity}, largest of each block"
                yield Window(
                    sensor=sensor.name,
                    quantity=quantity,
                    unit=QUANTITIES[sensor.quantity].unit,
                    thresholds=tuple(sorted(set(thresholds[sensor.id]))),
                    times=tuple(row["time"].astimezone(UTC) for row in rows),
                    values=tuple(None if row["value"] != row["value"] else row["value"] for row in rows),
                    flags=tuple(row["flag"] for row in rows),
                    late=tuple(row["late"] for row in rows),
                )

    def _peaks(self, sensor: int, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Of a sensor that sends waveforms: the largest sample of each, whatever its sign."""
        blocks = self._connection.execute(_BLOCKS, [sensor, since, until]).fetchall()
        return [
            {**block, "value": float(np.abs(np.frombuffer(block["samples"], "<f4")).max())}
            for block in blocks
        ]


def _told(parameters: Parameters) -> dict[str, Any]:
    """The parameters as a rule file would write them, without what is as by default."""
    fields = msgspec.structs.fields(parameters)
    given = {each.name: getattr(parameters, each.name) for each in fields if each.name not in _NEVER_GIVEN}
    usual = {each.name: each.default for each in fields}
    return {name: _plain(value) for name, value in given.items() if value != usual[name]}


_NEVER_GIVEN = {"learned", "zone"}


def _plain(value: object) -> Any:  # noqa: ANN401, whatever a rule file may hold
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, msgspec.Struct):
        inside = msgspec.structs.asdict(value)
        return {name: _plain(each) for name, each in inside.items() if each is not None}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _transition(row: Mapping[str, Any]) -> Transition:
    names = ("rule", "subject", "previous", "state", "value", "reason", "retrospective")
    return Transition(
        transition_id=str(row["transition_id"]),
        time=_moment(row["time"]),
        **{name: row[name] for name in names},
    )


def _moment(time: datetime | str) -> datetime:
    """From a column, or as JSON has it."""
    return (datetime.fromisoformat(time) if isinstance(time, str) else time).astimezone(UTC)
