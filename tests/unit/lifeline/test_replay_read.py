"""What a replay wants of a feed before it starts anything."""

from pathlib import Path

import pytest

from lifeline.replay.play import read
from sensors.errors import Mistake
from sensors.readings import MINUTE

FEEDS = Path(__file__).parents[2] / "data" / "feeds"
TEXT = (FEEDS / "chambers.toml").read_text(encoding="utf-8").replace('"chambers', f'"{FEEDS}/chambers')


def refused(folder: Path, old: str, new: str) -> str:
    assert old in TEXT
    (folder / "f.toml").write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(Mistake) as caught:
        read(folder / "f.toml", FEEDS)
    return str(caught.value).removeprefix(str(folder))


def test_a_feed_is_read_with_all_that_belongs_to_it() -> None:
    play = read(FEEDS / "chambers.toml", FEEDS)

    assert play.registry.city.id == "two"
    assert [rule.name for rule in play.rules.rules] == ["methane", "silence"]
    assert [label.name for label in play.labels] == ["A"]
    assert play.extent.end - play.extent.start == 120 * MINUTE


def test_a_feed_without_city_or_rules_cannot_be_replayed(tmp_path: Path) -> None:
    wanted = "expected to be given, a replay needs city and rules"

    assert refused(tmp_path, f'city = "{FEEDS}/chambers"\n', "") == f"/f.toml:1: city: {wanted}"
    assert refused(tmp_path, f'rules = "{FEEDS}/chambers.rules.toml"\n', "") == f"/f.toml:1: rules: {wanted}"


def test_a_hazard_that_no_rule_speaks_of_would_never_be_found(tmp_path: Path) -> None:
    assert refused(tmp_path, 'hazard = "gas-leak"', 'hazard = "burst"') == (
        "/f.toml:26: labels.hazard: expected a hazard that a rule speaks of"
    )
