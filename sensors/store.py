"""The registry in the database: loaded as a whole, kept in all its versions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

import msgspec
from msgspec.structs import replace
from psycopg import Connection, Cursor
from psycopg.sql import SQL, Composed, Identifier

from sensors.consequence import with_scores
from sensors.errors import ConfigurationError
from sensors.model import Registry
from sensors.registry import decode, encode, version

Record = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table that mirrors one part of the registry: its columns, and the fields that they hold."""

    name: str
    part: str
    columns: Mapping[str, str]
    key: int = 1
    """How many columns, from the first, name a row."""
    removable: bool = True
    """What is no longer in the registry gets ``removed_at``, and loses it when it comes back."""

    def records(self, registry: Registry) -> Iterator[Record]:
        fields = attrgetter(*self.columns.values())
        for item in getattr(registry, self.part):
            yield tuple(map(_plain, fields(item)))


def load(conn: Connection[Record], registry: Registry) -> str:
    """Make this the city that the system watches, and tell the workers; the registry's new version.

    One transaction. A (device, key) that was ever loaded keeps its sensor id. Nothing is deleted but
    edges: readings, alerts and earlier versions go on naming what is gone.
    """
    with conn.transaction(), conn.cursor() as cursor:
        cursor.execute("select from configuration for update")
        shown = with_scores(registry)
        for table in _TABLES:
            _mirror(cursor, table, shown)
        _replace_edges(cursor, registry)
        known = _with_ids(cursor, registry)
        name = version(known)
        cursor.execute(
            "insert into registry_versions (version, content) values (%s, %s) on conflict do nothing",
            (name, encode(known)),
        )
        cursor.execute(
            "update configuration set registry_version = %s, changed_at = clock_timestamp()"
            " where registry_version is distinct from %s",
            (name, name),
        )
        cursor.execute("notify lifeline_configuration")
    return name


def read(conn: Connection[Record], version: str | None = None) -> Registry:
    """The registry of that version, or the current one, with the sensors' ids.

    Raises:
        ConfigurationError: no city was loaded, or none of that version.
    """
    found = conn.execute(
        "select content from registry_versions"
        " where version = coalesce(%s, (select registry_version from configuration))",
        (version,),
    ).fetchone()
    if found is None and version is not None:
        raise ConfigurationError(f"there is no registry version {version!r} in the database")
    if found is None:
        raise ConfigurationError("no city is loaded: call `lifeline city load`")
    assert isinstance(found[0], bytes)
    return decode(found[0])


def _mirror(cursor: Cursor[Record], table: _Table, registry: Registry) -> None:
    """Make the table's rows those of the registry; new ones are inserted in the order of their key."""
    columns, key = list(table.columns), list(table.columns)[: table.key]
    names = {
        "table": Identifier(table.name),
        "key": _columns(key),
        "columns": _columns(columns),
        "old": _columns(columns, table.name),
        "new": _columns(columns, "incoming"),
        "same": SQL(" and ").join(
            SQL("{} = {}").format(Identifier(table.name, column), Identifier("incoming", column))
            for column in key
        ),
        "back": SQL(", removed_at = null" if table.removable else ""),
        "gone": SQL("removed_at is not null" if table.removable else "false"),
    }
    cursor.execute(
        SQL("create temp table incoming as select {columns} from {table} with no data").format(**names)
    )
    _copy(cursor, SQL("copy incoming from stdin"), table.records(registry))
    cursor.execute(
        SQL(
            "update {table} set ({columns}) = row({new}){back} from incoming"
            " where {same} and (row({old}) is distinct from row({new}) or {gone})"
        ).format(**names)
    )
    cursor.execute(
        SQL(
            "insert into {table} ({columns}) select {columns} from incoming"
            " where not exists (select from {table} where {same}) order by {key}"
        ).format(**names)
    )
    if table.removable:
        cursor.execute(
            SQL(
                "update {table} set removed_at = clock_timestamp() where removed_at is null"
                " and not exists (select from incoming where {same})"
            ).format(**names)
        )
    cursor.execute("drop table incoming")


def _columns(names: Iterable[str], table: str | None = None) -> Composed:
    return SQL(", ").join(Identifier(table, name) if table else Identifier(name) for name in names)


def _copy(cursor: Cursor[Record], statement: SQL, records: Iterable[Record]) -> None:
    with cursor.copy(statement) as copy:
        for record in records:
            copy.write_row(record)


def _replace_edges(cursor: Cursor[Record], registry: Registry) -> None:
    cursor.execute("delete from asset_edges")
    edges = ((edge.source, edge.relation, edge.target) for edge in registry.edges)
    _copy(cursor, SQL("copy asset_edges (source_id, relation, target_id) from stdin"), edges)


def _with_ids(cursor: Cursor[Record], registry: Registry) -> Registry:
    cursor.execute("select device_id, key, sensor_id from sensors where removed_at is null")
    ids = {(device, key): sensor for device, key, sensor in cursor}
    return replace(
        registry,
        sensors=tuple(replace(sensor, id=ids[sensor.device, sensor.key]) for sensor in registry.sensors),
    )


def _plain(value: object) -> object:
    """The value as the database's driver takes it."""
    match value:
        case StrEnum():
            return value.value
        case tuple():
            return list(value)
        case Mapping():
            return msgspec.json.encode(value).decode()
        case _:
            return value


_TABLES = (
    _Table(
        "utilities",
        "utilities",
        {"utility_id": "id", "name": "name", "name_en": "name_en"},
        removable=False,
    ),
    _Table(
        "assets",
        "assets",
        {
            "asset_id": "id",
            "name": "name",
            "name_en": "name_en",
            "kind": "kind",
            "domain": "domain",
            "utility_id": "utility",
            "district": "district",
            "grid": "grid",
            "longitude": "longitude",
            "latitude": "latitude",
            "people": "consequence.people",
            "critical_users": "consequence.critical_users",
            "cascade": "consequence.cascade",
            "cost": "consequence.cost",
            "adjacent_spaces": "consequence.adjacent_spaces",
            "inherent_likelihood": "inherent_likelihood",
            "tags": "tags",
            "attributes": "attributes",
        },
    ),
    _Table(
        "device_types",
        "device_types",
        {
            "device_type_id": "id",
            "name": "name",
            "name_en": "name_en",
            "sample_s": "sample_s",
            "upload_s": "upload_s",
            "numbered": "numbered",
            "buffered": "buffered",
        },
        removable=False,
    ),
    _Table(
        "devices",
        "devices",
        {
            "device_id": "id",
            "device_type_id": "type",
            "domain": "domain",
            "district": "district",
            "gateway_id": "gateway",
        },
    ),
    _Table(
        "sensors",
        "sensors",
        {
            "device_id": "device",
            "key": "key",
            "asset_id": "asset",
            "quantity": "quantity",
            "unit": "unit",
            "low": "low",
            "high": "high",
        },
        key=2,
    ),
)
"""In an order in which what refers comes after what it refers to."""
