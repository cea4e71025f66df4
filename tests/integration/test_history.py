"""``lifeline import``: history into a real database, past the rules."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from lifeline.history import load_history
from lifeline.migrate import migrate
from rules.load import load as load_rules
from sensors.errors import UnavailableError
from sensors.load import read_city
from sensors.model import Registry
from simulator import feed_rows
from simulator.feed import read_feed
from simulator.feed_rows import CHUNK
from tests.support.replaying import CHAMBERS, FEEDS, READINGS, Ran, rows, run
from tests.support.town import settle

CITY = read_city(FEEDS / "chambers")
TABLE = FEEDS / "tables" / "chambers.csv"


@pytest.fixture
def dsn(database: str) -> str:
    """A production database with the chambers' city."""
    settle(database, CITY, load_rules([FEEDS / "chambers.rules.toml"]))
    return database


def load(folder: Path, dsn: str, *files: Path, feed: Path = CHAMBERS, **settings: object) -> Ran:
    command = ("import", *map(str, files), "--feed", str(feed))
    return run(folder, *command, dsn=dsn, **settings)


def changed(folder: Path, old: str, new: str, source: Path = TABLE) -> Path:
    text = source.read_text(encoding="utf-8")
    assert old in text
    (folder / source.name).write_text(text.replace(old, new), encoding="utf-8")
    return folder / source.name


def test_a_feeds_own_tables_are_stored_at_their_times_in_the_quantities_own_units(
    dsn: str, tmp_path: Path
) -> None:
    ran = load(tmp_path, dsn)

    assert (ran.code, ran.text) == (0, "350 stored, 0 duplicates, 0 conflicts\n")
    stored = {(name, time): (value, flag) for name, time, value, flag in rows(dsn, READINGS)}
    assert len(stored) == 350
    start = 1_763_683_200_000_000
    assert stored["probe-1/ch4", start] == (0.4, 1)
    assert stored["probe-1/temp", start] == (11.5, 1)
    assert stored["probe-2/ch4", start] == (pytest.approx(0.5), 1)


def test_nothing_is_judged(dsn: str, tmp_path: Path) -> None:
    load(tmp_path, dsn)

    for table in ("transitions", "risk_changes", "alerts", "journal", "dead_letter"):
        assert rows(dsn, f"select count(*) from {table}") == [(0,)]


def test_a_file_of_ones_own_is_read_as_the_feed_says(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        "gas_2,time,gas_1,warmth_1\n0.1,2024-01-01 08:00,,-500\n", encoding="utf-8"
    )

    ran = load(tmp_path, dsn, tmp_path / "mine.csv", data="/nowhere")

    assert (ran.code, ran.text) == (0, "2 stored, 0 duplicates, 0 conflicts\n")
    assert sorted((name, value, flag) for name, _, value, flag in rows(dsn, READINGS)) == [
        ("probe-1/temp", -500.0, 4),
        ("probe-2/ch4", pytest.approx(2.0), 1),
    ]


def test_what_is_there_already_stays_and_another_value_is_kept_beside_it(dsn: str, tmp_path: Path) -> None:
    load(tmp_path, dsn)
    other = changed(tmp_path, "2025-11-21 08:00:00,0.40,11.5,", "2025-11-21 08:00:00,0.99,11.5,")

    again = load(tmp_path, dsn)
    differing = load(tmp_path, dsn, other)

    assert again.text == "0 stored, 350 duplicates, 0 conflicts\n"
    assert differing.text == "0 stored, 349 duplicates, 1 conflicts, 1 of them kept as dead letters\n"
    ((device, reason, detail),) = rows(dsn, "select device_id, reason, detail from dead_letter")
    assert (device, reason) == ("probe-1", "conflict")
    assert detail == "ch4 at 2025-11-21 00:00:00+00 is 0.4, now 0.99 was given"
    assert len(rows(dsn, READINGS)) == 350


def test_only_so_many_conflicts_of_a_device_are_kept(dsn: str, tmp_path: Path) -> None:
    load(tmp_path, dsn)
    other = changed(tmp_path, ",11.5,", ",99,")

    ran = load(tmp_path, dsn, other, dead_letters_per_hour=2)

    assert ran.text.endswith("conflicts, 2 of them kept as dead letters\n")
    assert rows(dsn, "select count(*) from dead_letter") == [(2,)]


def test_years_of_daily_values_are_stored(dsn: str, tmp_path: Path) -> None:
    feed = changed(tmp_path, 'column = "time"', 'column = "time"\nformat = "unix"', CHAMBERS)
    lines = (f"{1_420_070_400 + day * 86_400},{day % 7},1,\n" for day in range(900))
    (tmp_path / "days.csv").write_text("time,gas_1,warmth_1,gas_2\n" + "".join(lines), encoding="utf-8")

    ran = load(tmp_path, dsn, tmp_path / "days.csv", feed=feed)

    assert (ran.code, ran.text) == (0, "1,800 stored, 0 duplicates, 0 conflicts\n")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "09:59:00,",
            "07:00:00,",
            ":121: time: expected a time after 2025-11-21 01:58:00+00:00 of the row before,",
        ),
        ("09:59:00,", "09:59:00,x", ":121: gas_1: expected a number, not 'x"),
        (
            "time,gas_1,",
            "time,gas,",
            ":1: gas_1: expected such a column; there are time, gas, warmth_1, gas_2",
        ),
    ],
)
def test_of_a_wrong_table_nothing_is_stored(
    dsn: str, tmp_path: Path, old: str, new: str, expected: str
) -> None:
    wrong = changed(tmp_path, old, new)

    ran = load(tmp_path, dsn, wrong)

    assert ran.code == 2
    assert ran.text.startswith(f"lifeline: {wrong}{expected}")
    assert ran.text.count("\n") == 1
    assert rows(dsn, READINGS) == []


def test_of_a_long_table_that_is_wrong_at_its_end_nothing_is_stored(dsn: str, tmp_path: Path) -> None:
    feed = changed(tmp_path, 'column = "time"', 'column = "time"\nformat = "unix"', CHAMBERS)
    lines = [f"{1_763_683_200 + 60 * minute},1,1,\n" for minute in range(CHUNK + 10)]
    (tmp_path / "long.csv").write_text(
        "time,gas_1,warmth_1,gas_2\n" + "".join([*lines, "then,1,1,\n"]), encoding="utf-8"
    )

    ran = load(tmp_path, dsn, tmp_path / "long.csv", feed=feed)

    assert ran.code == 2
    assert rows(dsn, READINGS) == []


def test_sensors_that_the_city_has_not_are_refused_with_file_and_line(database: str, tmp_path: Path) -> None:
    settle(database, without("probe-2"), load_rules([FEEDS / "chambers.rules.toml"]))

    ran = load(tmp_path, database)

    expected = "columns.gas_2: expected a sensor of Two Chambers, there is no 'probe-2/ch4'"
    assert (ran.code, ran.text) == (2, f"lifeline: {CHAMBERS}:19: {expected}\n")
    assert rows(database, READINGS) == []


def without(device: str) -> Registry:
    return Registry(
        city=CITY.city,
        utilities=CITY.utilities,
        assets=CITY.assets,
        edges=CITY.edges,
        device_types=CITY.device_types,
        devices=tuple(each for each in CITY.devices if each.id != device),
        sensors=tuple(each for each in CITY.sensors if each.device != device),
    )


def test_a_database_that_is_not_ready_is_told_in_one_line(empty_database: str, tmp_path: Path) -> None:
    bare = load(tmp_path, empty_database)
    migrate(empty_database)
    without_city = load(tmp_path, empty_database)
    away = load(tmp_path, "postgresql://nobody@127.0.0.1:1/none")

    assert (bare.code, bare.text) == (2, "lifeline: the database has no tables: call `lifeline migrate`\n")
    assert (without_city.code, without_city.text) == (
        2,
        "lifeline: no city is loaded: call `lifeline city load`\n",
    )
    assert away.code == 3
    assert away.text.startswith("lifeline: the database does not answer: ")
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("select count(*) from readings").fetchone() == (0,)


def test_a_database_that_goes_away_can_be_called_again(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_rows, "CHUNK", 40)
    feed = read_feed(CHAMBERS)

    def end_connections(_done: int, _of: int) -> None:
        rows(
            dsn,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()",
        )

    with pytest.raises(UnavailableError, match="the database went away, call again when it is back"):
        asyncio.run(load_history(dsn, feed, FEEDS, 0, end_connections))
    again = asyncio.run(load_history(dsn, feed, FEEDS, 0, lambda _done, _of: None))

    assert (again.stored, again.duplicates, again.conflicts) == (230, 120, 0)
