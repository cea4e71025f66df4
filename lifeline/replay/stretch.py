"""A stretch of a database's history, as messages of its devices."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import asyncpg
import numpy as np

from ingest.index import Index
from lifeline.backtest.stored import Part, holding, parts
from lifeline.replay.skipped import Skipped
from lifeline.scoring import Alarm, Score
from rules.load import load as load_rules
from rules.model import RuleSet
from sensors.errors import ConfigurationError, UnavailableError
from sensors.model import Registry, Sensor
from sensors.readings import SECOND
from simulator.feed_messages import Instant
from simulator.feed_rows import HOLE, Extent
from simulator.messages import MILLISECOND, telemetry, waveform


@dataclass(frozen=True, slots=True)
class Wanted:
    """From when until when (us since 1970 UTC), and of which domain and district, if not of all."""

    since: int
    until: int
    domain: str | None = None
    district: str | None = None

    def sensors(self, registry: Registry) -> list[Sensor]:
        """Those that are meant.

        Raises:
            ConfigurationError: there are none, or there is no such time.
        """
        if self.until <= self.since:
            raise ConfigurationError("--to: expected a moment after --from")
        domain = {asset.id: asset.domain for asset in registry.assets}
        district = {device.id: device.district for device in registry.devices}
        found = [
            sensor
            for sensor in registry.sensors
            if self.domain in (None, domain[sensor.asset])
            and self.district in (None, district[sensor.device])
        ]
        if not found:
            raise ConfigurationError("--domain, --district: expected some sensors, there are none")
        return found


@dataclass(frozen=True)
class Stretch:
    """What was measured then, less what came late, as the live rules never saw that."""

    wanted: Wanted
    registry: Registry
    rules: RuleSet
    shift: int = 0
    _parts: list[Part] = field(default_factory=list, repr=False)
    skipped: Skipped = field(default_factory=Skipped)
    """Nothing: what is stored was read once."""

    @property
    def name(self) -> str:
        """Its day."""
        return f"{datetime.fromtimestamp(self.wanted.since / SECOND, UTC):stretch-%Y%m%d-%H%M}"

    @property
    def title(self) -> str:
        """From when until when."""
        since, until = (
            datetime.fromtimestamp(each / SECOND, UTC) for each in (self.wanted.since, self.wanted.until)
        )
        return f"{self.registry.city.name_en}, {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"

    @cached_property
    def extent(self) -> Extent:
        """How much there is.

        Raises:
            ConfigurationError: nothing is stored of that time.
        """
        instants, stretches = 0, list[tuple[int, int]]()
        readings = sum(len(part.readings) for part in self._parts)
        for instant in self.instants():
            instants += 1
            near = stretches and instant.time - stretches[-1][1] < HOLE
            stretches.append((stretches.pop()[0] if near else instant.time, instant.time + SECOND))
        if not stretches:
            raise ConfigurationError("--from, --to: expected some readings, none are stored of that time")
        return Extent(instants, readings, tuple(stretches))

    def instants(self) -> Iterator[Instant]:
        """Second by second, what each device measured in it."""
        index = Index(self.registry)
        topics = {device.id: device.topic for device in self.registry.devices}
        for part in self._parts:
            yield from _instants(part, index, topics, self.shift)

    def scored(self, alarms: Iterable[Alarm]) -> Score | None:
        """None: nobody wrote down what truly happened."""
        del alarms
        return None

    def later(self, shift: int) -> "Stretch":
        """The same so much later (us)."""
        return replace(self, shift=self.shift + shift)


def read(dsn: str, wanted: Wanted, rules: Path | None) -> Stretch:
    """Read a stretch with the city and the rules that hold there, or other rules.

    Raises:
        ConfigurationError: no city or rules are loaded, or nothing is stored of that time.
        UnavailableError: the database does not answer.
    """
    stretch = asyncio.run(_read(dsn, wanted, rules))
    stretch.extent  # noqa: B018, there must be some of it
    return stretch


async def _read(dsn: str, wanted: Wanted, rules: Path | None) -> Stretch:
    try:
        connection = await asyncpg.connect(dsn, server_settings={"default_transaction_read_only": "on"})
    except (OSError, asyncpg.PostgresError) as error:
        raise UnavailableError(f"the database does not answer: {error}") from None
    try:
        registry, holds = await holding(connection)
        found = load_rules([rules], registry) if rules else holds
        sensors = [sensor.id for sensor in wanted.sensors(registry)]
        history = parts(connection, registry, sensors, wanted.since, wanted.until)
        return Stretch(wanted, registry, found, 0, [part async for _, part in history])
    finally:
        await connection.close()


def _instants(part: Part, index: Index, topics: dict[str, str], shift: int) -> Iterator[Instant]:
    second = part.readings.time // SECOND
    ended = defaultdict(list)
    for block in part.waveforms:
        ended[block.end // SECOND].append(block)
    seconds = sorted({*second.tolist(), *ended})
    cuts = [*np.searchsorted(second, seconds).tolist(), len(second)]
    for now, (start, end) in zip(seconds, pairwise(cuts), strict=True):
        said = defaultdict[tuple[str, int], dict[str, list[float]]](dict)
        readings = part.readings[start:end]
        for sensor, time, value in zip(
            readings.sensor.tolist(), readings.time.tolist(), readings.value.tolist(), strict=True
        ):
            one = index.declared[sensor]
            sent = (value - float(index.offset[sensor])) / float(index.factor[sensor])
            said[one.device, (time + shift) // MILLISECOND][one.key] = [sent]
        messages = [
            (f"{topics[device]}/telemetry", telemetry([time], values, None))
            for (device, time), values in said.items()
        ]
        for block in ended[now]:
            one = index.declared[block.sensor]
            samples = (block.samples - index.offset[block.sensor]) / index.factor[block.sensor]
            payload = waveform((block.start + shift) // MILLISECOND, block.rate, {one.key: samples}, None)
            messages.append((f"{topics[one.device]}/waveform", payload))
        yield Instant(now * SECOND + shift, tuple(messages), len(readings))
