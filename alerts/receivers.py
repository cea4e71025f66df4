"""The file that says who is told: ``[[receiver]]`` and ``[[route]]`` tables in TOML."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from alerts.lifecycle import Kind
from alerts.routing import Plan, Receiver, Route
from alerts.tables import File, LevelName, Table
from alerts.tables import Receiver as AnyTable
from alerts.tables import Route as RouteTable
from rules.duration import durations
from rules.hazards import hazards
from sensors import toml
from sensors.errors import Mistake, Mistakes
from sensors.lines import Keys, dotted

_LEVELS = get_args(LevelName)


def load(path: Path) -> Plan:
    """The receivers that a file names and the routes to them; a secret's file stands relative to it.

    Raises:
        Mistake, Mistakes: the file cannot be taken as it is; the latter names all that is wrong with it.
    """
    return _Reading(path).plan()


class _Reading:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._data, self._locate = toml.read(path)
        self._mistakes: list[Mistake] = []

    def plan(self) -> Plan:
        whole = self._whole()
        zone = whole.timezone
        if zone not in available_timezones():
            self._wrong(("timezone",), f'expected a time zone such as "Asia/Shanghai", not {zone!r}')
        receivers = self._receivers()
        routes = self._routes({receiver.id for receiver in receivers})
        named = {to for route in routes for to in route.table.to}
        for index, receiver in enumerate(receivers if not self._mistakes else ()):
            if receiver.id not in named:
                self._wrong(("receiver", index, "id"), "expected a route that leads to it")
        if self._mistakes:
            raise Mistakes(self._mistakes)
        return Plan(receivers, routes, ZoneInfo(zone), whole.sender)

    def _whole(self) -> File:
        """The file's own fields; its tables are read one by one, so that each mistake is told."""
        for name in ("receiver", "route"):
            if not isinstance(self._data.get(name, []), list):
                raise Mistake(self._path, self._locate((name,)), name, f"expected [[{name}]] tables")
        own = {key: value for key, value in self._data.items() if key not in {"receiver", "route"}}
        try:
            return msgspec.convert(own, File)
        except msgspec.ValidationError as error:
            raise toml.mistake(self._path, self._locate, error) from None

    def _receivers(self) -> tuple[Receiver, ...]:
        taken: dict[str, Receiver] = {}
        for index, given in self._tables("receiver", AnyTable):
            at = ("receiver", index)
            if given.id in taken:
                self._wrong((*at, "id"), f"expected an id of its own, {given.id!r} is taken")
            self._check_address(at, given)
            taken[given.id] = Receiver(given.id, given.drill, given, self._secrets(at, given))
        return tuple(taken.values())

    def _routes(self, ids: set[str]) -> tuple[Route, ...]:
        routes = []
        for index, given in self._tables("route", RouteTable):
            for field, expected in _doubts(given, ids):
                self._wrong(("route", index, field), expected)
            routes.append(Route(index, given))
        return tuple(routes)

    def _tables(self, name: str, type_: Any) -> Iterator[tuple[int, Any]]:  # noqa: ANN401, a type and its values
        tables = self._data.get(name, [])
        assert isinstance(tables, list)
        for index, table in enumerate(tables):
            try:
                yield index, msgspec.convert(table, type_, dec_hook=durations)
            except msgspec.ValidationError as error:
                self._mistakes.append(toml.mistake(self._path, self._locate, error, (name, index)))

    def _secrets(self, at: Keys, given: Table) -> dict[str, bytes]:
        secrets = {}
        for field, name in given.files():
            secret = _content(self._path.parent / name)
            least = given.secret_at_least if field == "secret_file" else 1
            if secret is None:
                self._wrong((*at, field), f"expected a file that can be read, not {name!r}")
            elif len(secret) < least:
                self._wrong((*at, field), f"expected a key of {least} bytes or more, not of {len(secret)}")
            elif field == "address_file" and not _is_address(secret.decode("ascii", "replace")):
                self._wrong((*at, field), "expected a file with the robot's https:// address")
            else:
                secrets[field.removesuffix("_file")] = secret
        return secrets

    def _check_address(self, at: Keys, given: Table) -> None:
        url = getattr(given, "url", None)
        if isinstance(url, str) and not _is_address(url):
            self._wrong((*at, "url"), f"expected an address of a scheme it knows, not {url!r}")

    def _wrong(self, keys: Keys, expected: str) -> None:
        self._mistakes.append(Mistake(self._path, self._locate(keys), dotted(keys), expected))


def _doubts(given: RouteTable, ids: set[str]) -> Iterator[tuple[str, str]]:
    for to in given.to:
        if to not in ids:
            yield "to", f"expected the ids of receivers, there is no {to!r}"
    for hazard in given.hazard:
        if hazard not in hazards():
            yield "hazard", f"expected hazards of the catalogue, not {hazard!r}"
    for kind in given.kinds:
        if kind not in set(Kind):
            yield "kinds", f"expected some of {', '.join(sorted(Kind))}, not {kind!r}"
    if _LEVELS.index(given.worst) > _LEVELS.index(given.least):
        yield "least", f"expected a level no worse than {given.worst}, not {given.least}"
    if given.escalation is not None and given.kinds:
        yield "kinds", "expected none beside escalation, which is a kind of its own"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https", "mqtt", "mqtts"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip()
    except OSError:
        return None
