"""What an assessment of the demo city writes: complete, well-formed, the same every time."""

import csv
import io
import json
import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from grafana.language import Language
from lifeline.assess.coverage import DANGEROUS
from lifeline.assess.folder import files_of
from lifeline.assess.survey import Survey, assess, later
from lifeline.assess.tables import default_tables
from rules.levels import RiskLevel
from rules.risk import default_matrix
from sensors.load import DEMO_CITY, read_city
from sensors.model import Consequence, Registry

CITY = read_city(DEMO_CITY)
DAY = date(2026, 1, 31)


def survey(registry: Registry = CITY) -> Survey:
    return assess(registry, default_tables(), default_matrix(), DAY)


FOUND = survey()
FILES = files_of(FOUND, Language)
BY_ID = {risk.asset.id: risk for risk in FOUND.risks}

each_language = pytest.mark.parametrize("language", list(Language))


def sheet(name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(FILES[name].decode("utf-8-sig"), newline="")))


def page(language: Language) -> ET.Element:
    text = FILES[f"report.{language}.html"].decode().removeprefix("<!DOCTYPE html>\n")
    return ET.fromstring(text)


def words(element: ET.Element) -> str:
    return "".join(element.itertext())


def with_name(asset_id: str, name: str) -> Registry:
    return replace(
        CITY,
        assets=tuple(
            replace(asset, name=name, name_en=name) if asset.id == asset_id else asset
            for asset in CITY.assets
        ),
    )


def test_every_asset_has_a_level_and_the_demo_city_has_all_four() -> None:
    assert BY_ID.keys() == {asset.id for asset in CITY.assets}
    assert all(FOUND.levels.values())
    assert sum(FOUND.levels.values()) == len(CITY.assets)


def test_the_demo_city_gives_the_likelihood_that_its_assessment_found() -> None:
    assessed = assess(CITY, default_tables(), default_matrix(), date(2025, 11, 21))
    assert {risk.asset.id: risk.estimate.likelihood for risk in assessed.risks} == {
        asset.id: asset.inherent_likelihood for asset in CITY.assets
    }


def test_a_level_is_the_matrix_of_likelihood_and_consequence() -> None:
    for risk in FOUND.risks:
        assert risk.level == default_matrix().level(risk.estimate.likelihood, risk.consequence)


def test_the_worst_come_first() -> None:
    assert [risk.level for risk in FOUND.risks] == sorted(risk.level for risk in FOUND.risks)


def test_the_consequence_is_that_of_the_hazard_where_the_hazard_has_one() -> None:
    gauge = next(asset for asset in CITY.assets if asset.kind == "rain-gauge")
    worst = replace(gauge, consequence=Consequence(people=5))
    found = survey(replace(CITY, assets=(worst,), edges=(), sensors=()))
    assert (found.risks[0].consequence, found.risks[0].factors) == (1, ())


def test_the_consequence_takes_in_what_the_citys_scale_makes_of_tags_and_neighbours() -> None:
    chamber = replace(CITY.assets[0], consequence=Consequence(), tags=("hospital",))
    found = survey(replace(CITY, assets=(chamber,), edges=(), sensors=()))
    assert (found.risks[0].consequence, found.risks[0].factors) == (5, ("critical_users",))


def test_the_same_input_gives_the_same_bytes() -> None:
    shuffled = replace(CITY, assets=CITY.assets[::-1], edges=CITY.edges[::-1], sensors=CITY.sensors[::-1])
    assert files_of(survey(shuffled), Language) == FILES


def test_the_map_has_a_point_an_asset_in_its_colour_the_worst_last() -> None:
    found = json.loads(FILES["map.geojson"])
    assert found["type"] == "FeatureCollection"
    assert {feature["id"] for feature in found["features"]} == BY_ID.keys()
    for feature in found["features"]:
        risk = BY_ID[feature["id"]]
        assert feature["type"] == "Feature"
        assert feature["geometry"] == {
            "type": "Point",
            "coordinates": [risk.asset.longitude, risk.asset.latitude],
        }
        assert feature["properties"]["colour"] == risk.level.colour
    levels = [feature["properties"]["level"] for feature in found["features"]]
    assert levels == sorted(levels, reverse=True)


@each_language
def test_the_risk_list_opens_in_a_spreadsheet_and_names_who_does_what_until_when(language: Language) -> None:
    assert FILES[f"risks.{language}.csv"].startswith(b"\xef\xbb\xbf")
    head, *rows = sheet(f"risks.{language}.csv")
    assert len(rows) == len(CITY.assets)
    assert all(len(row) == len(head) for row in rows)
    first = dict(zip(head, rows[0], strict=True))
    named = language.say("责任单位", "responsible unit")
    assert first[named] in {language.say(u.name, u.name_en) for u in CITY.utilities}
    assert first[language.say("下次评估", "review date")] == "2026-04-30"
    assert first[language.say("风险等级", "level")] == language.say("重大风险", "major")


@each_language
def test_why_says_what_is_not_known(language: Language) -> None:
    head, *rows = sheet(f"risks.{language}.csv")
    why, unknown = (
        head.index(name) for name in (language.say("依据", "why"), language.say("未知属性", "unknown"))
    )
    assert any(row[unknown] for row in rows)
    for row in rows:
        assert bool(row[unknown]) == (language.say("未知", "unknown") in row[why])


def test_a_name_that_looks_like_a_formula_is_text_in_a_spreadsheet() -> None:
    text = files_of(survey(with_name("RS-101", "=1+1")), [Language.EN])["risks.en.csv"].decode("utf-8-sig")
    assert ",'=1+1," in text
    assert ",=1+1," not in text


def test_gaps_are_what_is_missing_at_red_and_orange_assets() -> None:
    _, *rows = sheet("gaps.en.csv")
    expected = [risk.asset.id for risk in FOUND.risks if risk.level in DANGEROUS for _ in risk.watch.missing]
    assert [row[0] for row in rows] == expected != []


def test_a_sensor_closes_its_gap_whichever_of_the_choice_it_measures() -> None:
    asset = next(risk.asset for risk in FOUND.risks if risk.watch.missing == (("methane", "methane_lel"),))
    sensor = next(each for each in CITY.sensors if each.quantity == "methane_lel")
    added = replace(sensor, key="added", asset=asset.id)
    found = survey(replace(CITY, sensors=(*CITY.sensors, added)))
    assert next(risk for risk in found.risks if risk.asset.id == asset.id).watch.missing == ()


def test_coverage_adds_up() -> None:
    rows = FOUND.coverage
    assert sum(row.assets for row in rows) == len(CITY.assets)
    assert (
        sum(row.dangerous for row in rows) == FOUND.levels[RiskLevel.MAJOR] + FOUND.levels[RiskLevel.SERIOUS]
    )
    assert all(0 <= row.present <= row.wanted and row.watched <= row.assets for row in rows)
    none = survey(replace(CITY, sensors=()))
    assert {row.present for row in none.coverage} == {0}


@each_language
def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(language: Language) -> None:
    text = FILES[f"report.{language}.html"].decode()
    assert words(page(language)).count(language.say("风险矩阵", "risk matrix"))
    elsewhere = set(re.findall(r"(?:src|href|url)\s*[=(]", text)) | set(
        re.findall(r"https?://[^\"\s]+", text)
    )
    assert elsewhere == {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"}
    assert "<script" not in text
    assert "default-src 'none'" in text


@each_language
def test_the_figures_show_every_asset(language: Language) -> None:
    svg = "{http://www.w3.org/2000/svg}"
    matrix, bars, city_map = page(language).iter(f"{svg}svg")
    counted = [int(words(each)) for each in matrix.iter(f"{svg}text") if each.get("class") == "count"]
    assert sum(counted) == len(CITY.assets)
    totals = [int(words(each)) for each in bars.iter(f"{svg}text") if each.get("class") == "total"]
    assert sum(totals) == len(CITY.assets)
    assert len(list(city_map.iter(f"{svg}circle"))) == len(CITY.assets)


@each_language
def test_the_report_lists_all_red_and_orange_assets(language: Language) -> None:
    text = FILES[f"report.{language}.md"].decode()
    for risk in FOUND.risks:
        assert (f"({risk.asset.id})" in text) == (risk.level in DANGEROUS)
    assert text.startswith(
        language.say("# 云澜市城市生命线风险评估报告", "# Risk assessment of Yunlan's lifelines")
    )


@pytest.mark.parametrize("name", ["<b>&\"'", "a|b", "*_`[x](y)"])
def test_a_name_full_of_markup_stays_a_name(name: str) -> None:
    worst = FOUND.risks[0].asset.id
    files = files_of(survey(with_name(worst, name)), [Language.EN])
    found = ET.fromstring(files["report.en.html"].decode().removeprefix("<!DOCTYPE html>\n"))
    assert f"{name} ({worst})" in words(found)
    rows = [line for line in files["report.en.md"].decode().splitlines() if f"({worst})" in line]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {9, 7}


def test_a_city_without_assets_is_assessed_too() -> None:
    empty = survey(replace(CITY, assets=(), edges=(), sensors=(), devices=()))
    assert set(files_of(empty, Language)) == set(FILES)


def test_a_city_of_one_asset_has_a_map() -> None:
    one = survey(replace(CITY, assets=CITY.assets[:1], edges=(), sensors=()))
    assert b"<circle" in files_of(one, [Language.EN])["report.en.html"]


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 24, date(2028, 12, 15)),
    ],
)
def test_a_review_is_on_a_day_that_there_is(day: date, months: int, then: date) -> None:
    assert later(day, months) == then


def test_a_kind_that_no_table_knows_is_named_by_itself_and_keeps_its_likelihood() -> None:
    strange = replace(
        CITY.assets[0], kind="windmill", inherent_likelihood=5, consequence=Consequence(people=5)
    )
    found = survey(replace(CITY, assets=(strange,), edges=(), sensors=()))
    assert found.risks[0].level is RiskLevel.MAJOR
    text = files_of(found, [Language.EN])["risks.en.csv"].decode()
    assert "likelihood 5 as the city's files give it: its kind has no table" in text
