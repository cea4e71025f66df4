from dataclasses import astuple
from pathlib import Path

import pytest

from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city
from sensors.model import Domain
from sensors.readings import HOUR, MINUTE, SECOND
from simulator.incidents import AssetIncident, Expect, Forbidden, Span, Wanted
from simulator.scenario import DEMO, KINDS, Scenario, Timeline
from simulator.scenario_file import find, read_scenario
from simulator.setting import setting
from simulator.soil import GasLeak
from tests.unit.simulator.village import START, House, village

CITY = village(
    House("VC", "valve-chamber", {"ch4": "methane_lel"}), House("DMA", "dma", {"flow": "water_flow"})
)

HEAD = 'name = "test"\nduration = "2h"\n'
LEAK = '[[incident]]\nkind = "gas-leak"\nasset = "VC"\nstart = "05:30"\nduration = "40min"\n'
EXPECT = '[[incident.expect]]\nasset = "VC"\nhazard = "gas-leak"\nlevel = "major"\nwithin = "30min"\n'


def read(text: str, folder: Path) -> Scenario:
    (folder / "s.toml").write_text(text, encoding="utf-8")
    return read_scenario(folder / "s.toml", CITY)


def test_an_incident_is_read_with_its_parameters_and_what_must_follow(tmp_path: Path) -> None:
    scenario = read(HEAD + LEAK + "leak_m3h = 0.7\n" + EXPECT, tmp_path)
    assert scenario.duration == 2 * HOUR
    assert scenario.incidents == (
        GasLeak(
            asset="VC",
            start=Span(5 * MINUTE + 30 * SECOND),
            duration=Span(40 * MINUTE),
            leak_m3h=0.7,
            expect=(Expect(asset="VC", hazard="gas-leak", level="major", within=Span(30 * MINUTE)),),
        ),
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("6", 6 * MINUTE),
        ("0.5", 30 * SECOND),
        ('"90s"', 90 * SECOND),
        ('"0.5h"', 30 * MINUTE),
        ('"61:05"', 3665 * SECOND),
    ],
)
def test_times_are_written_as_people_do(written: str, meant: int, tmp_path: Path) -> None:
    (incident,) = read(HEAD + LEAK.replace('"05:30"', written), tmp_path).incidents
    assert incident.start == meant


WHOLE = HEAD + LEAK + EXPECT
ASSET, DEVICE, SENSOR = 'asset = "VC"\nstart', 'device = "X"\nstart', 'sensor = "VC"\nstart'

MISTAKES = {
    "unknown kind": (
        ('"gas-leak"\nasset', '"leek"\nasset'),
        4,
        "incident[0].kind",
        "expected one of backflow, battery, bearing-",
    ),
    "kind left out": (('kind = "gas-leak"\n', ""), 3, "incident[0].kind", "not None"),
    "unknown asset": (
        (ASSET, 'asset = "VX"\nstart'),
        5,
        "incident[0].asset",
        "an asset of the city, not 'VX'",
    ),
    "asset of another kind": ((ASSET, 'asset = "DMA"\nstart'), 5, "incident[0].asset", "DMA is a dma"),
    "asset left out": ((ASSET, "start"), 3, "incident[0].asset", "expected to be given"),
    "unknown parameter": (("start", "leak = 1\nstart"), 6, "incident[0].leak", "expected no such field"),
    "wrong type": (("start", 'leak_m3h = "much"\nstart'), 6, "incident[0].leak_m3h", "expected `float`"),
    "wrong time": (("05:30", "05:75"), 6, "incident[0].start", "MM:SS"),
    "negative time": (('"05:30"', "-1"), 6, "incident[0].start", "not -1"),
    "outside the run": (("40min", "4h"), 7, "incident[0].duration", "within the scenario's duration"),
    "unknown level": (("major", "red"), 11, "incident[0].expect[0].level", "'red'"),
    "alert nowhere": (('"VC"\nhazard', '"VX"\nhazard'), 9, "incident[0].expect[0].asset", "'VX'"),
    "no duration": (('duration = "2h"\n', ""), 1, "duration", "expected to be given"),
    "a number as name": (('"test"', "1"), 1, "name", "expected `str`"),
    "alert after the run": (
        ('within = "30min"', 'within = "3h"'),
        12,
        "incident[0].expect[0].within",
        "duration",
    ),
    "no such system": (('"2h"\n', '"2h"\ndomains = ["sea"]\n'), 3, "domains[0]", "'sea'"),
    "a start without a zone": (('"2h"\n', '"2h"\nstart = 2025-11-21T08:00:00\n'), 3, "start", "timezone"),
    "no TOML": (("[[incident]]", "[[incident"), 3, "syntax", ""),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_file_line_field_and_what_was_expected(mistake: str, tmp_path: Path) -> None:
    (right, wrong), line, field, expected = MISTAKES[mistake]
    assert WHOLE.count(right) == 1
    with pytest.raises(ConfigurationError) as error:
        read(WHOLE.replace(right, wrong), tmp_path)
    (message,) = str(error.value).splitlines()
    assert message.startswith(f"{tmp_path / 's.toml'}:{line}: {field}: ")
    assert expected in message


WINDOW = 'asset = "VC"\nhazard = "gas-leak"\nlevel = "serious"\nafter = "10min"\nbefore = "20min"\n'

WRONG_ALERTS = {
    "unknown asset": ("[[expect]]", ('"VC"', '"VX"'), "expect[0].asset", "an asset of the city, not 'VX'"),
    "window after the run": ("[[forbid]]", ("20min", "3h"), "forbid[0].before", "within the scenario's"),
    "window of no length": (
        "[[expect]]",
        ('"20min"', '"10min"'),
        "expect[0].after",
        "before the window's end",
    ),
    "unknown field": ("[[forbid]]", ("after", "since"), "forbid[0].since", "expected no such field"),
    "no asset": ("[[expect]]", ('asset = "VC"\n', ""), "expect[0].asset", "expected to be given"),
    "milder than wanted": (
        "[[expect]]",
        ('"serious"\n', '"serious"\nat_most = "low"\n'),
        "expect[0].at_most",
        "serious or worse",
    ),
}


@pytest.mark.parametrize("mistake", WRONG_ALERTS)
def test_a_mistake_about_an_alert_names_its_place_too(mistake: str, tmp_path: Path) -> None:
    table, (right, wrong), field, expected = WRONG_ALERTS[mistake]
    assert WINDOW.count(right) == 1
    with pytest.raises(ConfigurationError) as error:
        read(f"{HEAD}{table}\n{WINDOW.replace(right, wrong)}", tmp_path)
    (message,) = str(error.value).splitlines()
    assert f": {field}: " in message
    assert expected in message


def test_what_must_and_must_not_follow_is_read_with_its_window(tmp_path: Path) -> None:
    scenario = read(
        f'{HEAD}[[expect]]\n{WINDOW}[[forbid]]\nlevel = "general"\nknown = "so it is"\n', tmp_path
    )
    window = {"after": Span(10 * MINUTE), "before": Span(20 * MINUTE)}
    assert scenario.expect == (Wanted(asset="VC", hazard="gas-leak", level="serious", **window),)
    assert scenario.forbid == (Forbidden(level="general", known="so it is"),)
    assert [each.level for each in Timeline(scenario, START).truth(START + HOUR)] == [2]


def outage(kind: str, start: str, duration: str = "30min", device: str = "d-VC") -> str:
    return f'[[incident]]\nkind = "{kind}"\ndevice = "{device}"\nstart = "{start}"\nduration = "{duration}"\n'


@pytest.mark.parametrize("kinds", [("silent", "silent"), ("outage", "silent"), ("battery", "outage")])
def test_incidents_that_cannot_both_be_are_a_mistake(kinds: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(HEAD + outage(kinds[0], "5min") + outage(kinds[1], "34min"), tmp_path)
    (message,) = str(error.value).splitlines()
    assert message.endswith(":11: incident[1].start: expected to begin after incident[0] at d-VC is over")


def test_one_incident_may_follow_another_and_befall_two_places_at_once(tmp_path: Path) -> None:
    text = outage("outage", "5min") + outage("outage", "35min") + outage("outage", "5min", device="d-DMA")
    assert len(read(HEAD + text + outage("duplicates", "5min"), tmp_path).incidents) == 4


def test_a_scenario_may_be_of_one_system_and_of_a_larger_city() -> None:
    city = read_city(DEMO_CITY)
    gas = Scenario(name="gas", duration=Span(HOUR), domains=(Domain.GAS,), devices=300)
    found = setting(gas, city)
    assert {device.domain for device in found.devices} == {Domain.GAS}
    assert len(found.devices) > 2 * sum(device.domain is Domain.GAS for device in city.devices) - 5
    assert setting(Scenario(name="all", duration=Span(HOUR)), city) == city


def test_a_scenario_of_the_library_is_found_by_its_name(tmp_path: Path) -> None:
    assert find("demo") == DEMO
    assert find(str(DEMO)) == DEMO
    with pytest.raises(ConfigurationError, match=r"nowhere: file: expected a file, or one of .*demo"):
        find(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("kind", "place", "expected"),
    [("silent", DEVICE, "expected a device of the city, not 'X'"), ("stuck", SENSOR, "device/key, not 'VC'")],
)
def test_an_incident_of_what_the_city_does_not_have_is_a_mistake(
    kind: str, place: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        read(HEAD + LEAK.replace("gas-leak", kind).replace(ASSET, place), tmp_path)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(HEAD + LEAK.replace("VC", "VX") + LEAK.replace("gas-leak", "flood"), tmp_path)
    assert len(str(error.value).splitlines()) == 2


def test_the_truth_is_what_the_incidents_say_by_the_start_of_each_window(tmp_path: Path) -> None:
    timeline = Timeline(read(HEAD + LEAK + EXPECT, tmp_path), START)
    begin = START + 5 * MINUTE + 30 * SECOND
    assert [astuple(expected) for expected in timeline.truth(START + HOUR)] == [
        ("VC", "gas-leak", 1, begin, begin + 30 * MINUTE)
    ]
    assert timeline.truth(begin) == ()


def test_a_longer_run_plays_the_scenario_again(tmp_path: Path) -> None:
    timeline = Timeline(read(HEAD + LEAK + EXPECT, tmp_path), START)
    first, second = timeline.truth(START + 3 * HOUR)
    assert second.after - first.after == 2 * HOUR
    for hours in (0, 2, 20):
        ((incident, since),) = timeline.live(START + hours * HOUR + 6 * MINUTE, 60.0)
        assert (incident.start, since) == (5 * MINUTE + 30 * SECOND, 30.0)
        assert timeline.live(START + hours * HOUR + 46 * MINUTE, 60.0) == ()


def test_an_incident_shorter_than_a_step_is_not_missed() -> None:
    short = GasLeak(asset="VC", start=Span(70 * SECOND), duration=Span(SECOND))
    timeline = Timeline(Scenario(name="short", duration=Span(HOUR), incidents=(short,)), START)
    steps = [timeline.live(START + minute * MINUTE, 60.0) for minute in range(5)]
    assert [[since for _, since in live] for live in steps] == [[], [-10.0], [], [], []]


def test_the_demo_happens_in_the_demo_city_in_all_four_domains_on_all_four_levels() -> None:
    city = read_city(DEMO_CITY)
    scenario = read_scenario(DEMO, city)
    domain = {asset.id: asset.domain.value for asset in city.assets}
    truth = Timeline(scenario, START).truth(START + scenario.duration)
    assert {"gas", "water", "drainage", "bridge"} <= {domain[expected.asset] for expected in truth}
    assert {expected.level for expected in truth} == {1, 2, 3, 4}
    assert min(expected.after for expected in truth) - START <= 10 * MINUTE
    assert [incident for incident in scenario.incidents if not incident.expect]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is_and_where_it_happens(kind: str) -> None:
    incident = KINDS[kind]
    assert (incident.__doc__ or "").strip().endswith(".")
    assert not issubclass(incident, AssetIncident) or incident.asset_kinds
