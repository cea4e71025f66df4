"""What would cross between partitions: named, and nothing else is."""

import pytest

from ingest.partition import Partition
from lifeline.crossings import crossings
from rules.bind import bind
from rules.load import DEMO_RULES, load
from sensors.load import DEMO_CITY, read_city
from sensors.model import Registry
from sensors.registry import numbered

CITY = numbered(read_city(DEMO_CITY))
BINDING = bind(load([DEMO_RULES], CITY), CITY)


def test_nothing_crosses_within_one_partition() -> None:
    assert list(crossings(CITY, BINDING, 1)) == []


@pytest.mark.parametrize("parts", [2, 4])
def test_every_edge_between_two_parts_is_named(parts: int) -> None:
    named = [line for line in crossings(CITY, BINDING, parts) if line.startswith("edge ")]
    assert len(named) == sum(apart(CITY, edge.source, edge.target, parts) for edge in CITY.edges) > 0
    assert all(" is in " in line for line in named)


def apart(registry: Registry, one: str, other: str, parts: int) -> bool:
    district = {asset.id: asset.district for asset in registry.assets}
    return any(
        part.holds(district[one]) != part.holds(district[other])
        for part in (Partition(k, parts) for k in range(1, parts + 1))
    )


def test_a_rule_that_looks_into_another_part_is_named_with_both() -> None:
    (line, *_) = [line for line in crossings(CITY, BINDING, 2) if line.startswith("rule ")]
    assert line.count(" is in ") == 2
