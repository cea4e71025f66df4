"""The city behind the alerts: its names and time, its assets for the map, and what to do about a hazard."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import Field

from alerts import assets, clock, series, words
from alerts.advice import advice
from alerts.api.calling import Calling, Name, Using
from alerts.registries import registry
from alerts.words import Named, Time, Word
from rules.hazards import hazards
from sensors.quantities import QUANTITIES

router = APIRouter(prefix="/api")


class Town(Word):
    """What the console needs to know before it shows anything."""

    name: str
    name_en: str
    timezone: str
    """Its IANA name; UTC while no city is loaded, which then has no name."""
    now: Time
    """The time by which cases live; in a replay that of the feed."""
    drill: bool
    """A replay or a demonstration: no production receiver is called."""
    domains: tuple[str, ...]
    districts: tuple[str, ...]
    utilities: tuple[Named, ...]
    hazards: tuple[Named, ...]
    matrix: tuple[tuple[int, ...], ...] | None
    """Level by likelihood and consequence, from 1; null while no rules are loaded."""


class Place(Named):
    """An asset on the map."""

    kind: str
    domain: str
    district: str
    longitude: float
    latitude: float
    level: int | None
    """The worst of its inherent level, of what the rules say, and of its open alerts."""
    inherent_level: int | None
    utility: Named
    alerts: int = Field(ge=0)
    """How many are open."""


class City(Word):
    """The map: places, and edges as source, relation, target."""

    assets: tuple[Place, ...]
    edges: tuple[tuple[str, str, str], ...]


class Measured(Word):
    """A sensor with its newest reading, in the quantity's own unit."""

    sensor: str
    quantity: Named
    unit: str
    time: Time | None
    value: float | None
    flag: int | None


class Neighbour(Place):
    """An asset beside, above or downstream of another; outward: the edge leads to it."""

    relation: str
    outward: bool


class AssetInFull(Place):
    """An asset with what it is graded by, what measures it and what it is next to."""

    consequence: int
    factors: dict[str, int]
    sensors: tuple[Measured, ...]
    neighbours: tuple[Neighbour, ...]


class Plot(Word):
    """The readings of one sensor in evidence; value null = not a number."""

    sensor: str
    quantity: Named
    unit: str
    thresholds: tuple[float, ...]
    peaks: bool
    """Of waveforms: the largest sample of each block, whatever its sign."""
    times: tuple[Time, ...]
    values: tuple[float | None, ...]
    flags: tuple[int, ...]
    late: tuple[bool, ...]


class Plots(Word):
    """What is plotted of an alert."""

    since: Time
    until: Time
    sensors: tuple[Plot, ...]


class Advice(Word):
    """What to do at some levels of a hazard."""

    hazard: str
    levels: tuple[int, ...]
    steps: tuple[str, ...]
    steps_en: tuple[str, ...]
    source: str


@router.get("/city")
async def city(using: Using, _: Calling) -> Town:
    """The city's names, time zone and time, and what there is to filter by."""
    async with using.pool.connection() as connection:
        known = await assets.town(connection)
        now = await clock.now(connection)
        loaded = await registry(connection, known.pop("registry_version"))
    named = None if loaded is None else loaded.city
    return Town(
        name=named.name if named else "",
        name_en=named.name_en if named else "",
        timezone=named.timezone if named else "UTC",
        now=now,
        hazards=tuple(words.hazard(each) for each in hazards()),
        **known,
    )


@router.get("/advice")
async def recommended(_: Calling) -> tuple[Advice, ...]:
    """The recommended action for each hazard and level."""
    fields = Advice.model_fields
    return tuple(Advice(**{name: getattr(each, name) for name in fields}) for each in advice())


@router.get("/assets")
async def every(using: Using, caller: Calling) -> City:
    """The assets that the caller may see, with the edges between them."""
    async with using.pool.connection() as connection:
        found = await assets.listed(connection, caller.utility)
        edges = await assets.edges(connection, caller.utility)
    return City(
        assets=tuple(Place(**_place(row)) for row in found),
        edges=tuple((each["source_id"], each["relation"], each["target_id"]) for each in edges),
    )


@router.get("/assets/{asset_id}")
async def one(using: Using, caller: Calling, asset_id: Name) -> AssetInFull:
    """One asset with its sensors' newest readings and its neighbours."""
    async with using.pool.connection() as connection:
        found = await assets.listed(connection, caller.utility, asset_id)
        if not found:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no asset {asset_id}")
        factors = dict(await assets.consequence(connection, asset_id))
        measured = await assets.sensors(connection, asset_id, await clock.now(connection))
        neighbours = []
        for edge in await assets.edges(connection, caller.utility, asset_id):
            outward = edge["source_id"] == asset_id
            other = edge["target_id" if outward else "source_id"]
            (row,) = await assets.listed(connection, caller.utility, other)
            neighbours.append(Neighbour(**_place(row), relation=edge["relation"], outward=outward))
    return AssetInFull(
        **_place(found[0]),
        consequence=factors.pop("consequence"),
        factors=factors,
        sensors=tuple(Measured(**(each | quantity(each["quantity"]))) for each in measured),
        neighbours=tuple(neighbours),
    )


@router.get("/alerts/{alert_id}/series")
async def plots(using: Using, caller: Calling, alert_id: UUID) -> Plots:
    """The stored readings of the sensors in an alert's evidence, around its time, for a plot."""
    async with using.pool.connection() as connection:
        found = await series.plotted(connection, alert_id, caller.utility)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no alert {alert_id}")
    return Plots(since=found.since, until=found.until, sensors=tuple(map(_plot, found.sensors)))


def _plot(each: series.Series) -> Plot:
    return Plot(
        sensor=each.sensor.name,
        **quantity(each.sensor.quantity),
        thresholds=each.thresholds,
        peaks=each.peaks,
        times=each.times,
        values=each.values,
        flags=each.flags,
        late=each.late,
    )


def quantity(name: str) -> dict[str, Any]:
    """A quantity's names and its unit."""
    known = QUANTITIES[name]
    return {"quantity": Named(id=name, name=known.name, name_en=known.name_en), "unit": known.unit}


def _place(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "utility": words.utility(row)}
