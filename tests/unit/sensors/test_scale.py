from collections import Counter

import pytest
from msgspec.structs import replace

from sensors.check import check
from sensors.draft import Draft, Entry
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city
from sensors.model import Domain, Registry
from sensors.registry import version
from sensors.rows import Place
from sensors.scale import scaled

DEMO = read_city(DEMO_CITY)
HERE = Place(DEMO_CITY, (), lambda _: 0)


def mistakes(registry: Registry) -> list[str]:
    def entries(items: tuple) -> list:
        return [Entry(item, HERE) for item in items]

    draft = Draft(
        city=entries((registry.city,)),
        scale=(),
        utilities=entries(registry.utilities),
        assets=entries(registry.assets),
        edges=entries(registry.edges),
        device_types=entries(registry.device_types),
        devices=entries(registry.devices),
        sensors=entries(registry.sensors),
        broken={},
    )
    return [str(mistake) for mistake in check(draft)]


def bridges(registry: Registry) -> int:
    """Bridges: the bridge assets of one district of one copy."""
    spans = (asset for asset in registry.assets if asset.domain is Domain.BRIDGE)
    return len({(asset.id.partition(".")[2], asset.district) for asset in spans})


@pytest.mark.parametrize("devices", [1, 20, 135, 136, 137, 150, 1000, 5000])
def test_a_city_of_any_size_has_that_many_devices_and_no_mistake(devices: int) -> None:
    registry = scaled(DEMO, devices)

    assert len(registry.devices) == devices
    assert mistakes(registry) == []


def test_a_city_of_its_own_size_is_the_city_itself() -> None:
    assert version(scaled(DEMO, len(DEMO.devices))) == version(DEMO)


def test_a_large_city_begins_with_the_demo_city() -> None:
    registry = scaled(DEMO, 1000)

    assert DEMO.assets == registry.assets[: len(DEMO.assets)]
    assert DEMO.sensors == registry.sensors[: len(DEMO.sensors)]


def test_the_same_size_is_the_same_city() -> None:
    assert version(scaled(DEMO, 3000)) == version(scaled(DEMO, 3000))


def test_a_city_like_hefei_has_its_bridges() -> None:
    registry = scaled(DEMO, 85_000)

    assert len(registry.devices) == 85_000
    assert len(registry.sensors) > 100_000
    assert bridges(registry) == 137
    assert len({asset.district for asset in registry.assets}) == 16


def test_copies_lie_beside_one_another() -> None:
    places = Counter((asset.longitude, asset.latitude) for asset in scaled(DEMO, 5000).assets)

    assert places.most_common(1)[0][1] == 1


def test_sensors_that_were_loaded_lend_their_ids_to_no_copy() -> None:
    loaded = replace(
        DEMO, sensors=tuple(replace(sensor, id=number) for number, sensor in enumerate(DEMO.sensors, 1))
    )
    ids = Counter(sensor.id for sensor in scaled(loaded, 300).sensors)

    assert all(count == 1 for number, count in ids.items() if number)


def test_nothing_but_bridges_cannot_be_repeated() -> None:
    only = replace(
        DEMO,
        assets=tuple(asset for asset in DEMO.assets if asset.domain is Domain.BRIDGE),
        devices=tuple(device for device in DEMO.devices if device.domain is Domain.BRIDGE),
    )

    with pytest.raises(ConfigurationError, match="no devices to repeat"):
        scaled(only, 1000)
