import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sensors.load import DEMO_CITY, read_city
from sensors.model import Registry
from sensors.registry import decode, encode, version

DEMO = read_city(DEMO_CITY)
SECTIONS = ("utilities", "assets", "edges", "device_types", "devices", "sensors")


def shuffled(registry: Registry, seed: int) -> Registry:
    order = random.Random(seed)
    parts = {name: list(getattr(registry, name)) for name in SECTIONS}
    for part in parts.values():
        order.shuffle(part)
    return replace(registry, **{name: tuple(part) for name, part in parts.items()})


@given(seed=st.integers())
def test_the_version_does_not_depend_on_the_order_of_the_files_rows(seed: int) -> None:
    assert version(shuffled(DEMO, seed)) == version(DEMO)


def test_the_version_does_not_depend_on_the_order_of_attributes() -> None:
    asset = next(asset for asset in DEMO.assets if len(asset.attributes) > 1)
    turned = replace(asset, attributes=dict(reversed(asset.attributes.items())))
    assets = tuple(turned if each is asset else each for each in DEMO.assets)

    assert version(replace(DEMO, assets=assets)) == version(DEMO)


@given(data=st.data())
def test_the_version_changes_with_anything_that_changes(data: st.DataObject) -> None:
    section = data.draw(st.sampled_from(SECTIONS))
    items = list(getattr(DEMO, section))
    index = data.draw(st.integers(0, len(items) - 1))
    change = {"edges": {"target": "?"}, "sensors": {"id": 7}}.get(section, {"id": "?"})
    items[index] = replace(items[index], **change)

    assert version(replace(DEMO, **{section: tuple(items)})) != version(DEMO)


def test_the_version_is_the_same_in_every_process() -> None:
    assert version(read_city(Path(__file__).parents[2] / "data" / "city" / "good.toml")) == "565b1f43177404bd"


@settings(max_examples=10)
@given(seed=st.integers())
def test_what_was_encoded_is_decoded(seed: int) -> None:
    registry = shuffled(DEMO, seed)
    decoded = decode(encode(registry))

    assert version(decoded) == version(registry)
    assert encode(decoded) == encode(registry)
    for section in SECTIONS:
        back, there = getattr(decoded, section), getattr(registry, section)
        assert len(back) == len(there)
        assert all(item in back for item in there)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_part_more_or_less_is_another_version(section: str) -> None:
    assert version(replace(DEMO, **{section: getattr(DEMO, section)[1:]})) != version(DEMO)
