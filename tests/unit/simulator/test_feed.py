from pathlib import Path

import pytest
from msgspec.structs import replace

from rules.load import load as load_rules
from sensors.errors import ConfigurationError, Mistake, Mistakes
from sensors.load import read_city
from sensors.readings import MINUTE
from simulator.feed import FEEDS, channels, find, read_feed

DATA = Path(__file__).parents[2] / "data" / "feeds"
GOOD = DATA / "chambers.toml"
BROKEN = sorted((DATA / "broken").glob("*.toml"))
SHIPPED = sorted(path.stem for path in FEEDS.glob("*.toml") if "." not in path.stem)
MARK = "  # MISTAKE "


def marked(path: Path) -> list[str]:
    """The mistakes that a file's own comments confess."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return [f"{path}:{number}: {line.partition(MARK)[2]}" for number, line in lines if MARK in line]


def test_a_good_feed_is_read_as_it_is_written() -> None:
    feed = read_feed(GOOD)

    assert feed.name == "chambers"
    assert feed.city == DATA / "chambers"
    assert feed.rules == DATA / "chambers.rules.toml"
    assert feed.files == (Path("tables/chambers.csv"),)
    assert (feed.interval, feed.warm_up) == (MINUTE, 15 * MINUTE)
    assert feed.columns == {"gas_1": "probe-1/ch4", "warmth_1": "probe-1/temp", "gas_2": "probe-2/ch4"}
    assert feed.labels is not None
    assert feed.labels.asset_column == "where"


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_mistake_is_found_on_its_line_and_blamed_on_nothing_else(path: Path) -> None:
    with pytest.raises((Mistake, Mistakes)) as caught:
        read_feed(path)

    assert [str(caught.value)] == marked(path)


def test_a_column_is_its_sensor_and_its_unit_becomes_the_sensors() -> None:
    found = {each.column: each for each in channels(read_feed(GOOD), read_city(DATA / "chambers"))}

    assert found["gas_1"].sensor.name == "probe-1/ch4"
    assert (found["gas_1"].factor, found["gas_1"].offset) == (1.0, 0.0)
    assert (found["gas_2"].factor, found["gas_2"].offset) == pytest.approx((20.0, 0.0))


def test_a_sensor_that_the_city_has_not_and_a_unit_that_does_not_fit_are_told_with_their_lines() -> None:
    feed = replace(
        read_feed(GOOD),
        columns={"gas_1": "probe-1/ch4", "gas_2": "probe-9/ch4"},
        units={"gas_1": "kPa"},
    )

    with pytest.raises(Mistakes) as caught:
        channels(feed, read_city(DATA / "chambers"))

    assert [str(mistake) for mistake in caught.value.mistakes] == [
        f"{GOOD}:21: units.gas_1: expected one of %VOL, [ppm], [ppb], %LEL, not 'kPa'",
        f"{GOOD}:19: columns.gas_2: expected a sensor of Two Chambers, there is no 'probe-9/ch4'",
    ]


def test_a_feed_is_found_by_its_path_or_its_name() -> None:
    assert find(str(GOOD)) == GOOD
    assert find("gas_metec") == FEEDS / "gas_metec.toml"
    with pytest.raises(
        ConfigurationError, match=r"no feed 'gas': expected a file, or one of bridge_munich, "
    ):
        find("gas")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_feed_that_comes_with_the_project_fits_its_city_and_its_rules(name: str) -> None:
    feed = read_feed(find(name))
    assert feed.city is not None
    assert feed.rules is not None
    registry = read_city(feed.city)

    found = channels(feed, registry)
    rules = load_rules([feed.rules], registry)

    assert {each.sensor.name for each in found} == {sensor.name for sensor in registry.sensors}
    assert feed.labels is not None
    assert feed.labels.hazard in {rule.hazard for rule in rules.rules}
    assert feed.labels.asset in {None, *(asset.id for asset in registry.assets)}


def test_all_the_feeds_that_were_promised_come_with_the_project() -> None:
    assert SHIPPED == [
        "bridge_munich",
        "drainage_pystorms_epsilon",
        "drainage_pystorms_gamma",
        "gas_metec",
        "level_logan_river",
        "pump_skab",
        "water_batadal",
        "water_quality_gecco",
    ]
