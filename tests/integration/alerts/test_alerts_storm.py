"""A storm over the whole city: few messages to the control room, and each major alert to its owner."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.alerting import START, World, alerts, reference_receiver, until

DISTRICTS = ("east", "west", "north", "south")
_MANHOLES = """
insert into assets (asset_id, name, name_en, kind, domain, utility_id, district, grid,
    longitude, latitude, people, critical_users, cascade, cost, inherent_likelihood)
select 'manhole-' || n, '检查井', 'manhole', 'manhole', 'drainage', 'water-co',
    (array['east', 'west', 'north', 'south'])[1 + n %% 4], 'g', 117, 31, 3, 3, 3, 3, 2
from generate_series(0, %s) n on conflict do nothing
"""


_MAIN = """
with main as (update assets set kind = 'main' where asset_id = 'dma-1')
insert into asset_edges values ('dma-1', 'flows-to', 'dma-2') on conflict do nothing
"""


def test_a_storm_is_few_messages_and_each_major_alert_is_told_to_its_owner_before_the_rest(
    world: World, tmp_path: Path, reduced: Callable[[str, int, int], int]
) -> None:
    count = reduced("assets in a storm", 1_000, 10_000)
    with psycopg.connect(world.dsn) as connection:
        connection.execute(_MANHOLES, [count])
    majors = {f"manhole-{n}" for n in range(7, count, count // 5)}
    storm = [
        (f"manhole-{n}", "overflow", START + timedelta(milliseconds=n), 1 if f"manhole-{n}" in majors else 3)
        for n in range(count)
    ]
    unrelated = ("chamber-1", "gas-leak", START + timedelta(seconds=20), 1)
    world.changes(iter([*storm, unrelated]))
    centre, owner = tmp_path / "centre", tmp_path / "owner"
    centre.mkdir()
    owner.mkdir()
    with reference_receiver(centre) as room, reference_receiver(owner) as desk:
        to = {"*": room.url, "water-co": desk.url}
        by_incident = ('to = ["all-desk"]\n', 'to = ["all-desk"]\nper = "incident"\n')
        with alerts(world.dsn, tmp_path, to, change=by_incident):
            until(lambda: world.value("select count(*) from risk_changes where claimed_at is null") == 0, 120)
            until(lambda: world.delivered().keys() == {"receipted"}, 120)
    heard = room.messages()
    assert len(heard) <= 10
    assert [each["asset"]["id"] for each in heard if each["hazard"]["id"] == "gas-leak"] == ["chamber-1"]
    storms = world.rows("select * from incidents where cause = 'storm' and merged_into is null")
    assert [(each["district"], each["alerts"], each["live"]) for each in storms] == [(None, count, count)]
    told = [each["asset"]["id"] for each in desk.messages()]
    assert sorted(told) == sorted(asset for asset, *_ in storm)
    assert max(told.index(asset) for asset in majors) < count // 10


def test_what_a_burst_explains_sounds_when_the_burst_is_over(world: World, tmp_path: Path) -> None:
    with psycopg.connect(world.dsn) as connection:
        connection.execute(_MAIN)
    with reference_receiver(tmp_path) as desk, alerts(world.dsn, tmp_path, {"water-co": desk.url}):
        world.change("dma-1", 2)
        until(lambda: len(desk.messages()) == 1)
        world.change("dma-2", 3, at=START + timedelta(seconds=5))
        until(lambda: world.rows("select from alerts where state = 'suppressed'") != [])
        assert world.value("select count(distinct incident_id) from alerts") == 1
        world.change("dma-1", None, at=START + timedelta(seconds=60))
        until(lambda: len(desk.messages()) == 3)
    told = [(each["asset"]["id"], each["kind"], each["state"]) for each in desk.messages()]
    assert told == [
        ("dma-1", "raised", "unacknowledged"),
        ("dma-1", "cleared", "returned"),
        ("dma-2", "raised", "unacknowledged"),
    ]


def test_what_was_annunciated_before_its_cause_is_hidden_by_it(world: World, tmp_path: Path) -> None:
    with psycopg.connect(world.dsn) as connection:
        connection.execute(_MAIN)
    with alerts(world.dsn, tmp_path):
        world.change("dma-2", 3)
        until(lambda: world.rows("select from alerts where state = 'unacknowledged'") != [])
        world.change("dma-1", 2, at=START + timedelta(seconds=5))
        until(
            lambda: world.rows("select from alerts where state = 'suppressed' and asset_id = 'dma-2'") != []
        )
    covered = world.value("select covered_by from alerts where asset_id = 'dma-2'")
    assert covered == world.value("select alert_id from alerts where asset_id = 'dma-1'")


def test_a_missed_deadline_is_told(world: World, tmp_path: Path) -> None:
    policy = Path(__file__).parents[3] / "alerts" / "policy.toml"
    quick = tmp_path / "policy.toml"
    quick.write_text(policy.read_text(encoding="utf-8").replace('"10min"', '"1s"'), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIFELINE_ALERT_POLICY", str(quick))
        with alerts(world.dsn, tmp_path):
            world.change("dma-1", 2, at=datetime.now(UTC))
            told = "select data from alert_events where kind = 'escalated' order by number"
            until(lambda: len(world.rows(told)) == 2)
    said = [(row["data"]["awaits"], row["data"]["number"]) for row in world.rows(told)]
    assert said == [("acknowledgement", 1), ("acknowledgement", 2)]
