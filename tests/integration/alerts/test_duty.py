"""The duty report of a timeline lived through the real process, against a count by hand."""

import base64
import csv
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import asyncpg
import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from alerts.database import connect
from alerts.duty import read_data
from alerts.duty.period import Period, Span
from ingest.rollups import roll_up
from lifeline.cli import app
from lifeline.migrate import migrate
from lifeline.runtime.postgres import Postgres
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city
from tests.alerting import token
from tests.integration.alerts.test_alerts_api import is_problem
from tests.support.shifts import NOTE, Shifts, desk, live_through, local

# utility, level, figure -> how many, of January 2nd: the chamber was open before and rose to major; the main,
# the bridge, the manhole and the water quality are new, the latter by a second; the other chamber is the next
# day's.
GAS, WATER, DRAINAGE, BRIDGE = (
    "Yunlan Gas",
    "Yunlan Water Supply",
    "Yunlan Drainage",
    "Yunlan Bridges and Roads",
)
COUNTED = {
    (GAS, "major", "open before"): 1,
    (GAS, "major", "risen since"): 1,
    (GAS, "major", "closed"): 1,
    (WATER, "serious", "raised"): 1,
    (WATER, "serious", "open at the end"): 1,
    (BRIDGE, "low", "raised"): 1,
    (BRIDGE, "low", "never sounded"): 1,
    (BRIDGE, "low", "closed"): 1,
    (DRAINAGE, "general", "raised"): 1,
    (DRAINAGE, "general", "false alarms"): 1,
    (DRAINAGE, "general", "closed"): 1,
    (WATER, "general", "raised"): 1,
    (WATER, "general", "open at the end"): 1,
}
STEPS = {
    (GAS, "acknowledgement: in time"): 1,
    (GAS, "dispatch: no longer needed"): 1,  # it rose before anybody had to be sent, and sounded anew
    **{(GAS, f"{step}: in time"): 1 for step in ("dispatch", "receipt", "arrival", "verification")},
    **{(GAS, f"{step}: in time"): 1 for step in ("resolution", "closing")},
    (WATER, "acknowledgement: overdue"): 1,
    (WATER, "acknowledgement: waiting"): 1,
    (DRAINAGE, "acknowledgement: in time"): 1,
    (DRAINAGE, "dispatch: no longer needed"): 1,
    (DRAINAGE, "closing: in time"): 1,
}
MEDIANS = {"acknowledgement": 4, "dispatch": 2, "receipt": 2, "arrival": 18, "verification": 10}


@pytest.fixture(scope="module")
def shifts(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shifts]:
    dsn = postgres.create_database("duty")
    migrate(dsn)
    with desk(dsn, tmp_path_factory.mktemp("desk")) as shifts:
        live_through(shifts)
        yield shifts
    postgres.drop_database("duty")


def report(
    shifts: Shifts, span: str = "day/2026-01-02", form: str = "csv", language: str = "en", **headers: str
) -> httpx.Response:
    given = {"format": form, "language": language}
    return shifts.client.get(f"/api/report/{span}", params=given, headers=headers)


def rows(answer: httpx.Response, section: str) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return [each for each in csv.DictReader(StringIO(answer.text)) if each["section"] == section]


def counted(answer: httpx.Response, section: str = "alerts") -> dict[tuple[str, str, str], int]:
    found = rows(answer, section)
    counts = {(each["utility"], each["level"], each["figure"]): int(each["value"]) for each in found}
    assert len(counts) == len(found)
    return counts


def test_a_day_is_counted_from_midnight_to_midnight(shifts: Shifts) -> None:
    answer = report(shifts)
    assert counted(answer) == COUNTED
    before = {(GAS, "serious", "raised"): 1, (GAS, "serious", "open at the end"): 1}
    assert counted(answer, "alerts before") == before
    assert counted(report(shifts, "day/2026-01-01")) == before
    (why,) = rows(answer, "why false")
    assert (why["utility"], why["figure"], why["value"]) == (DRAINAGE, "sensor fault", "1")


def test_what_is_open_goes_over_into_the_next_day(shifts: Shifts) -> None:
    evening, morning = (Counter(each) for each in ({}, {}))
    for (_, _, figure), count in counted(report(shifts)).items():
        evening[figure] += count
    for (_, _, figure), count in counted(report(shifts, "day/2026-01-03")).items():
        morning[figure] += count
    assert evening["open at the end"] == morning["open before"] == 2
    assert evening["open before"] + evening["raised"] == evening["closed"] + evening["open at the end"]
    assert morning["raised"] == 1


def test_a_month_is_the_sum_of_its_days(shifts: Shifts) -> None:
    found = Counter[str]()
    for (_, _, figure), count in counted(report(shifts, "month/2026-01")).items():
        found[figure] += count
    assert found == {
        "raised": 6, "closed": 3, "open at the end": 3, "false alarms": 1, "never sounded": 1,
    }  # fmt: skip


def test_the_closed_loop_is_counted_step_by_step(shifts: Shifts) -> None:
    answer = report(shifts)
    found = {(each["utility"], each["figure"]): int(each["value"]) for each in rows(answer, "closed loop")}
    assert found == STEPS
    times = {each["figure"]: float(each["value"]) for each in rows(answer, "times") if not each["utility"]}
    assert {step: times[f"{step}: median"] for step in MEDIANS} == MEDIANS
    late = rows(report(shifts, "day/2026-01-03"), "closed loop")
    assert [each["value"] for each in late if each["figure"] == "acknowledgement: late"] == ["1"]


def test_messages_are_told_by_what_became_of_them(shifts: Shifts) -> None:
    found = Counter[tuple[str, str]]()
    for each in rows(report(shifts), "messages"):
        found[each["utility"], each["figure"]] += int(each["value"])
    world = shifts.world
    since, until = local(2, "00:00:00"), local(3, "00:00:00")
    stored = world.rows(
        "select receiver || ': ' || case d.state when 'dead' then 'dead letter' else d.state end as figure,"
        " count(*) as n from deliveries d join alert_events e using (event_id)"
        " where event_time >= %s and event_time < %s group by 1", since, until,
    )  # fmt: skip
    assert {figure: n for (_, figure), n in found.items()} == {each["figure"]: each["n"] for each in stored}
    assert {(GAS, "yunlan-gas-desk: receipted"), (WATER, "yunlan-water-desk: dead letter")} == set(found)


def test_the_alarm_figures_are_those_of_the_period(shifts: Shifts) -> None:
    figures = {each["figure"]: each["value"] for each in rows(report(shifts), "alarm system")}
    given = {"since": local(2, "00:00:00").isoformat(), "until": local(3, "00:00:00").isoformat()}
    kpi = shifts.client.get("/api/kpi", params=given).json()["figures"]
    told = {each["name"]: each["value"] for each in kpi}
    assert {name: float(value) if value else None for name, value in figures.items()} == pytest.approx(told)
    # The manhole's; the main was acknowledged only on the next day, which the day before does not know.
    assert figures["mean time to acknowledge"] == "5"
    assert figures["alarms"] == "4"  # the chamber's rise, the main, the manhole, the water quality


def test_a_utility_sees_its_own_assets_only(shifts: Shifts) -> None:
    header = token(shifts.world.dsn, "water", "utility", "yunlan-water")
    own = report(shifts, **header)
    assert counted(own) == {key: count for key, count in COUNTED.items() if key[0] == WATER}
    assert {each["domain"] for each in rows(own, "data")} == {"water"}
    assert {each["figure"] for each in rows(own, "messages")} == {"yunlan-water-desk: dead letter"}
    page = report(shifts, form="html", **header).text
    assert "only the assets of Yunlan Water Supply" in page
    assert "VC-101" not in page
    assert "crew 3" not in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_whole_says_it_is_a_drill_and_escapes_what_people_wrote(
    shifts: Shifts, language: str
) -> None:
    answer = report(shifts, form="html", language=language)
    root = ET.fromstring(answer.text.removeprefix("<!DOCTYPE html>"))
    text = "".join(root.itertext())
    assert NOTE in text
    assert "→ <b>crew 3</b>" in text
    assert ("演练" if language == "zh" else "Drill") in text
    assert not {each.tag.rpartition("}")[2] for each in root.iter()} & {"script", "link", "img", "iframe"}
    assert not [each for each in root.iter() if {"src", "href", "style", "onerror"} & each.attrib.keys()]
    style = re.search("<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert f'filename="duty-2026-01-02.{language}.html"' in answer.headers["Content-Disposition"]


def test_what_is_no_period_is_refused(shifts: Shifts) -> None:
    for span, said in (
        ("day/2026-01-04", "has begun"),
        ("day/2026-02-30", "expected a day such as"),
        ("month/2026-13", "expected a month such as"),
        ("month/26-1", "path.name"),
        ("month/2026-01-02", "expected a month such as"),
        ("week/2026-01", "day"),
    ):
        assert is_problem(report(shifts, span), 422, said), span
    assert is_problem(report(shifts, language="fr"), 422, "language")
    assert is_problem(report(shifts, Authorization="Bearer none"), 401, "token")


async def test_data_and_leakage_are_told_by_hand_too_before_and_after_they_are_rolled_up(
    shifts: Shifts,
) -> None:
    dsn, day = shifts.world.dsn, local(2, "00:00:00")
    hour = timedelta(hours=1)
    _store(dsn, "rtu-vc-101/ch4", day, 24 * hour)
    _store(dsn, "rtu-vc-101/temp", day, 12 * hour)
    _store(dsn, "rtu-vc-102/ch4", day, 6 * hour)
    # Of this one the first that was ever heard came at half past twelve: it counts from then on.
    _store(dsn, "wim-sp-201/weight", day + 12.5 * hour, 11.5 * hour)
    flow = [20.0 if hour in (2, 3) else 100.0 for hour in (*range(4, 24), *range(24))]
    _store(dsn, "rtu-dma-101/flow", day - 20 * hour, 44 * hour, flow)

    city = read_city(DEMO_CITY)
    assets = {each.id: each for each in city.assets}
    gas = [each for each in city.sensors if assets[each.asset].domain == "gas"]
    devices = len({each.device for each in gas})
    types = {each.id: next(of for of in city.device_types if of.id == each.type) for each in city.devices}
    promised = sum(24 * 3600 / types[each.device].sample_s for each in gas)
    expected = {
        "data complete": 100 * (24 + 12 + 6) * 60 / promised,
        "devices online": 100 * (24 + 6) / (24 * devices),
    }
    first = report(shifts)
    found = {each["figure"]: float(each["value"]) for each in rows(first, "data") if each["domain"] == "gas"}
    assert (found["devices"], found["sensors"]) == (devices, len(gas))
    assert found | expected == pytest.approx(found, rel=1e-4)

    weighed = {each["figure"]: each["value"] for each in rows(first, "data") if each["domain"] == "bridge"}
    bridge = [each for each in city.sensors if assets[each.asset].domain == "bridge"]
    rest = [each for each in bridge if each.device != "wim-sp-201"]
    promised = sum(24 * 3600 / types[each.device].sample_s for each in rest) + 11.5 * 3600 / 10
    assert float(weighed["data complete"]) == pytest.approx(100 * 11.5 * 60 / promised, rel=1e-4)

    mean, night = (22 * 100 + 2 * 20) / 24, 20
    leaked = [each for each in rows(first, "leakage") if each["figure"].endswith(": leakage")]
    assert [float(each["value"]) for each in leaked] == pytest.approx(
        [100 * (night / mean - 0.1) / 0.9], rel=1e-4
    )
    connection = await asyncpg.connect(dsn)
    try:
        stretch = (day - 20 * hour, day + 24 * hour)
        await connection.execute("insert into rollups_due (first_time, last_time) values ($1, $2)", *stretch)
        assert (await roll_up(connection)).hours > 0
    finally:
        await connection.close()
    assert rows(report(shifts), "data") == rows(first, "data")
    half = Period(Span.DAY, "where midnight is at half past", day + hour / 2, day + 24.5 * hour)
    async with await connect(dsn) as alerts_connection:
        found_too, _ = await read_data.qualities(alerts_connection, half, day + 30 * hour, "yunlan-gas")
    assert [each.stored for each in found_too] == [60 * (23.5 + 11.5 + 5.5)]


def _store(
    dsn: str, sensor: str, since: datetime, lasting: timedelta, hours: list[float] | None = None
) -> None:
    """A reading a minute, of the value of its hour."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "insert into readings (sensor_id, time, value, flag)"
            " select sensor_id, %s + n * interval '1 minute', (%s::float8[])[n / 60 + 1], 1"
            " from sensors, generate_series(0, %s) n where device_id || '/' || key = %s",
            (since, hours or [1.0] * 24, int(lasting / timedelta(minutes=1)) - 1, sensor),
        )


def lifeline(dsn: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LIFELINE_DSN": dsn}
    command = [sys.executable, "-m", "lifeline", "report", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_writes_all_four_files_or_none(shifts: Shifts, tmp_path: Path) -> None:
    dsn = shifts.world.dsn
    done = lifeline(dsn, "--day", "2026-01-02", "--into", "reports", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2026-01-02: 4 alerts raised, 2 open at the end; 4 files in reports\n"
    names = {f"duty-2026-01-02.{language}.{form}" for language in ("zh", "en") for form in ("html", "csv")}
    assert {each.name for each in (tmp_path / "reports").iterdir()} == names
    chinese = (tmp_path / "reports/duty-2026-01-02.zh.csv").read_bytes()
    assert chinese.startswith(b"\xef\xbb\xbf")
    assert (tmp_path / "reports/duty-2026-01-02.en.csv").read_bytes() == report(shifts).content


def test_the_command_refuses_in_one_line_and_leaves_nothing_half_written(
    shifts: Shifts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = lifeline(shifts.world.dsn, "--day", "2026-01-04", folder=tmp_path)
    line = "lifeline: --day: expected a day that has begun, not 2026-01-04\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", line)
    (taken := tmp_path / "duty-2026-01-02.en.csv").mkdir()
    monkeypatch.setenv("LIFELINE_DSN", shifts.world.dsn)
    for arguments, said in (
        (("--month", "2026-1"), "--month: expected a month such as 2026-01, not '2026-1'"),
        (("--day", "2026-01-02", "--month", "2026-01"), "expected --day or --month, not both"),
        (("--day", "2026-01-02", "--into", str(tmp_path)), "cannot be written: Is a directory"),
        (("--day", "2026-01-02", "--into", __file__), "--into: "),
    ):
        error = CliRunner().invoke(app, ["report", *arguments]).exception
        assert isinstance(error, ConfigurationError), error
        assert said in str(error)
    assert list(tmp_path.iterdir()) == [taken]
