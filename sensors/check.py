"""Whether a city hangs together, judged as a whole before anything of it is used. Pure."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from zoneinfo import available_timezones

from sensors.consequence_scale import default_scale, wrong
from sensors.draft import Draft, Entry
from sensors.errors import Mistake
from sensors.model import Asset, City, Consequence, Device, DeviceType, Sensor, Utility
from sensors.quantities import QUANTITIES
from sensors.units import conversion

_WORD = re.compile(r"[A-Za-z0-9_.-]+")
"""What may become a level of a topic or half of a sensor's name: no ``+``, ``#``, ``/`` or space."""

_NAME = re.compile(r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*")


def check(draft: Draft) -> Iterator[Mistake]:
    """Everything that keeps the city from being used."""
    for city in draft.city:
        yield from _city(city)
    for scale in draft.scale:
        yield from (scale.place.mistake(keys, expected) for keys, expected in wrong(scale.item))
    yield from _utilities(draft.utilities)
    yield from _assets(draft)
    yield from _edges(draft)
    yield from _device_types(draft.device_types)
    yield from _devices(draft)
    yield from _gateways(draft.devices)
    yield from _silent(draft)
    yield from _sensors(draft)


def _city(city: Entry[City]) -> Iterator[Mistake]:
    yield from _words(city, "id")
    yield from _names(city, "name", "name_en")
    yield from _coordinates(city)
    if city.item.timezone not in available_timezones():
        yield city.place.mistake(
            "timezone", f'expected a time zone such as "Asia/Shanghai", not {city.item.timezone!r}'
        )


def _utilities(utilities: Sequence[Entry[Utility]]) -> Iterator[Mistake]:
    yield from _unique(utilities, "id")
    for utility in utilities:
        yield from _words(utility, "id")
        yield from _names(utility, "name", "name_en")


def _assets(draft: Draft) -> Iterator[Mistake]:
    utilities = _ids(draft.utilities) | draft.broken.get("utility", set())
    scale = [*(entry.item for entry in draft.scale), default_scale()][0]
    measured = {factor.attribute for factor in scale.factors.values()}
    yield from _unique(draft.assets, "id")
    for asset in draft.assets:
        yield from _words(asset, "id", "kind", "district")
        yield from _names(asset, "name", "name_en", "grid")
        yield from _coordinates(asset)
        yield from _reference(asset, "utility", utilities)
        yield from _scores(asset)
        for name, value in asset.item.attributes.items():
            if isinstance(value, float) and not math.isfinite(value):
                yield asset.place.mistake(("attributes", name), f"expected a finite number, not {value}")
            if isinstance(value, str) and name in measured:
                yield asset.place.mistake(("attributes", name), f"expected a number, not {value!r}")


def _scores(asset: Entry[Asset]) -> Iterator[Mistake]:
    consequence = asset.item.consequence
    scores = {
        ("consequence", factor): getattr(consequence, factor) for factor in Consequence.__struct_fields__
    }
    for keys, score in (scores | {("inherent_likelihood",): asset.item.inherent_likelihood}).items():
        if not 1 <= score <= 5:  # noqa: PLR2004, the scale's ends
            yield asset.place.mistake(keys, f"expected a score of 1 to 5, not {score}")


def _edges(draft: Draft) -> Iterator[Mistake]:
    assets = _ids(draft.assets) | draft.broken.get("asset", set())
    yield from _unique(draft.edges, "source", "relation", "target")
    for edge in draft.edges:
        yield from _reference(edge, "source", assets)
        yield from _reference(edge, "target", assets)
        if edge.item.source == edge.item.target:
            yield edge.place.mistake("target", "expected another asset than the source")


def _device_types(types: Sequence[Entry[DeviceType]]) -> Iterator[Mistake]:
    yield from _unique(types, "id")
    for kind in types:
        yield from _words(kind, "id")
        yield from _names(kind, "name", "name_en")
        sample, upload = kind.item.sample_s, kind.item.upload_s
        if not 0 < sample < math.inf:
            yield kind.place.mistake("sample_s", f"expected a number of seconds above 0, not {sample:g}")
        elif not sample <= upload < math.inf:
            yield kind.place.mistake(
                "upload_s", f"expected at least the sample_s of {sample:g} seconds, not {upload:g}"
            )


def _devices(draft: Draft) -> Iterator[Mistake]:
    types = _ids(draft.device_types) | draft.broken.get("device_type", set())
    devices = _ids(draft.devices) | draft.broken.get("device", set())
    yield from _unique(draft.devices, "id")
    for device in draft.devices:
        yield from _words(device, "id", "district")
        yield from _reference(device, "type", types)
        if device.item.gateway is not None:
            yield from _reference(device, "gateway", devices)


def _gateways(devices: Sequence[Entry[Device]]) -> Iterator[Mistake]:
    """Loops of gateways, each shown once."""
    gateway = {device.item.id: device.item.gateway for device in devices}
    place = {device.item.id: device.place for device in devices}
    done: set[str | None] = {None}
    for start in gateway:
        way: list[str | None] = []
        device: str | None = start
        while device not in done and device not in way:
            way.append(device)
            device = gateway.get(device) if device else None
        if device in way and device is not None:
            loop = " -> ".join(str(each) for each in (*way[way.index(device) :], device))
            yield place[device].mistake(
                "gateway", f"expected a gateway that does not lead back to it: {loop}"
            )
        done.update(way)


def _silent(draft: Draft) -> Iterator[Mistake]:
    """Devices that neither measure anything nor speak for another."""
    measuring = {sensor.item.device for sensor in draft.sensors} | draft.broken.get("sensor", set())
    speaking = {device.item.gateway for device in draft.devices}
    for device in draft.devices:
        if device.item.id not in measuring and device.item.id not in speaking:
            yield device.place.mistake(
                "id", f"expected a sensor or a child device of {device.item.id!r}, there is none"
            )


def _sensors(draft: Draft) -> Iterator[Mistake]:
    devices = _ids(draft.devices) | draft.broken.get("device", set())
    assets = _ids(draft.assets) | draft.broken.get("asset", set())
    yield from _unique(draft.sensors, "device", "key")
    for sensor in draft.sensors:
        yield from _words(sensor, "key")
        yield from _reference(sensor, "device", devices)
        yield from _reference(sensor, "asset", assets)
        yield from _measure(sensor)
        if sensor.item.id:
            yield sensor.place.mistake("id", "expected no such field: the database gives it")


def _measure(sensor: Entry[Sensor]) -> Iterator[Mistake]:
    """What the sensor measures: quantity, unit and the instrument's range."""
    name = sensor.item.quantity
    quantity = QUANTITIES.get(name)
    if quantity is None:
        nearest = get_close_matches(name, QUANTITIES, n=1, cutoff=0.0)[0]
        yield sensor.place.mistake("quantity", f"expected a quantity such as {nearest!r}, not {name!r}")
        return
    try:
        conversion(sensor.item.unit, quantity.unit, quantity.lel)
    except ValueError as error:
        yield sensor.place.mistake("unit", str(error))
    low = quantity.low if sensor.item.low is None else sensor.item.low
    high = quantity.high if sensor.item.high is None else sensor.item.high
    for name, value in (("low", low), ("high", high)):
        if not quantity.low <= value <= quantity.high:
            physical = f"{quantity.low:g} to {quantity.high:g} {quantity.unit}"
            yield sensor.place.mistake(
                name, f"expected a value inside the quantity's {physical}, not {value:g}"
            )
    if low >= high:
        yield sensor.place.mistake("high", f"expected more than the low of {low:g}, not {high:g}")


def _ids(entries: Sequence[Entry[Utility | Asset | DeviceType | Device]]) -> set[str]:
    return {entry.item.id for entry in entries}


def _unique(entries: Sequence[Entry[object]], *names: str) -> Iterator[Mistake]:
    first: dict[tuple[object, ...], Entry[object]] = {}
    for entry in entries:
        identity = tuple(getattr(entry.item, name) for name in names)
        earlier = first.setdefault(identity, entry)
        if earlier is not entry:
            same, where = " ".join(map(str, identity)), f"{earlier.place.file.name}:{earlier.place.line}"
            yield entry.place.mistake(names[-1], f"expected only one {same!r}; it stands in {where} too")


def _words(entry: Entry[object], *names: str) -> Iterator[Mistake]:
    for name, value in _values(entry, names):
        if not _WORD.fullmatch(value):
            yield entry.place.mistake(name, f"expected letters, digits, '_', '.' and '-' only, not {value!r}")


def _names(entry: Entry[object], *names: str) -> Iterator[Mistake]:
    for name, value in _values(entry, names):
        if not _NAME.fullmatch(value):
            yield entry.place.mistake(name, f"expected a name without control characters, not {value!r}")


def _values(entry: Entry[object], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((name, getattr(entry.item, name)) for name in names)


_REFERRED = {"source": "asset", "target": "asset", "gateway": "device", "type": "device type"}
"""What a field names, where it is not called so."""


def _reference(entry: Entry[object], name: str, known: AbstractSet[str]) -> Iterator[Mistake]:
    if (value := getattr(entry.item, name)) not in known:
        what = _REFERRED.get(name, name)
        yield entry.place.mistake(name, f"expected the id of a known {what}, there is no {value!r}")


def _coordinates(entry: Entry[City | Asset]) -> Iterator[Mistake]:
    for name, value, most in (
        ("longitude", entry.item.longitude, 180),
        ("latitude", entry.item.latitude, 90),
    ):
        if not -most <= value <= most:
            yield entry.place.mistake(name, f"expected degrees of -{most} to {most}, not {value:g}")
