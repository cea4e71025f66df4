"""The report of a replay: one page, whole in itself, that says what the figures say."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from lifeline.replay.chart import Row, chart
from lifeline.replay.play import Play, read
from lifeline.replay.series import BINS, Course, courses
from lifeline.scoring import Alarm
from rules.levels import RiskLevel
from sensors.readings import HOUR
from tests.support.replaying import CHAMBERS, FEEDS, run


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    path = folder / "r.html"
    assert run(folder, "replay", str(CHAMBERS), "--engine", "--report", str(path)).code == 0
    return path.read_text(encoding="utf-8")


def rows(page: str) -> list[list[str]]:
    body = ET.fromstring(page.partition("\n")[2])
    html = "{http://www.w3.org/1999/xhtml}"
    return [[cell.text or "" for cell in row] for row in body.iter(f"{html}tr")]


def test_it_is_one_well_formed_page_that_fetches_nothing(page: str) -> None:
    assert rows(page)
    assert not re.search(r"(src|href)=|url\(|@import|<script|<link", page)


def test_events_and_alerts_are_told_with_delay_and_cause(page: str) -> None:
    told = rows(page)

    assert ["A", "gas-leak", "VC-1", "2025-11-21 00:41:00", "2025-11-21 01:40:00", "9.0 min"] in told
    assert any(row[2:] == ["VC-1", "gas-leak", "major", "A"] for row in told)
    assert ["events found", "1 of 1 (21% to 100% with 95 %)"] in told
    assert any(row[-1:] == ["low, not sounded"] for row in told)


def test_an_asset_is_drawn_with_its_courses_the_truth_and_what_was_said(page: str) -> None:
    assert "<b>VC-1</b>" in page
    assert page.count('class="truth"') == 1
    assert page.count('class="course"') >= 2
    assert page.count('class="transition"') >= 2
    assert "probe-1/ch4, %VOL" in page or "probe-1/ch4, %LEL" in page


def feed() -> Play:
    return read(CHAMBERS, FEEDS)


def test_a_course_is_the_lowest_and_the_highest_of_each_stretch_of_time() -> None:
    play = feed()
    (sensor,) = (each for each in play.registry.sensors if each.name == "probe-1/ch4")
    values = np.concatenate([part.value for part in play.rows()])

    found = courses(play, [sensor.id])[sensor.id]

    assert len(found.low) == len(found.high) == BINS
    assert (found.low <= found.high)[~np.isnan(found.low)].all()
    assert np.nanmax(found.high) > np.nanmin(found.low)
    assert np.count_nonzero(~np.isnan(found.low)) == np.count_nonzero(~np.isnan(values[:, 0]))


def test_what_was_not_measured_is_a_hole_in_the_course() -> None:
    value = np.full(BINS, 1.0)
    value[100:300] = np.nan
    drawn = chart("VC-1", (0, HOUR), [Row("a", Course(value, value), [0])], [], [])

    assert drawn.count('class="course"') == 2


def test_names_from_outside_are_escaped_and_alarms_have_their_colour() -> None:
    value = np.full(BINS, np.nan)
    alarm = Alarm("A", "burst", RiskLevel.MAJOR, 0, HOUR, (0,))
    drawn = chart("<A>", (0, HOUR), [Row("<b>&", Course(value, value), [])], [], [alarm])

    assert "&lt;b&gt;&amp;" in drawn
    assert "#d7191c" in drawn
    ET.fromstring(drawn)


def test_a_report_that_cannot_be_written_is_told_before_anything_is_done(tmp_path: Path) -> None:
    refused = run(
        tmp_path, "replay", str(CHAMBERS), "--engine", "--report", str(tmp_path / "none" / "r.html")
    )

    assert refused.code == 2
    assert refused.text.startswith(f"lifeline: {tmp_path}/none/r.html: cannot be written: ")
