"""What can be said of the dashboards without a database."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import CollectorRegistry, Metric

import alerts.metrics as alerting
import grafana
import ingest.metrics as ingesting
import lifeline.maintain.metrics as maintaining
from grafana.build import FOLDER, built
from grafana.language import Language
from tests.support.grafana import FILES, boards, expressions, shown

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PROVISIONING = Path(grafana.__file__).parent / "provisioning"

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")


def board(file: Path) -> dict[str, Any]:
    return boards()[file]


def test_the_files_are_those_that_the_code_builds() -> None:
    expected = dict(built())
    assert sorted(expected) == FILES, "call `python -m grafana.build`, and remove what no code builds"
    for file, text in expected.items():
        assert file.read_text(encoding="utf-8") == text, (
            f"{file.relative_to(FOLDER)}: call `python -m grafana.build`"
        )


def kept(before: object, after: object) -> bool:
    """Whether all that was there still is; defaults may have been added."""
    match before, after:
        case dict(), dict():
            return all(key in after and kept(value, after[key]) for key, value in before.items())
        case list(), list():
            return len(before) == len(after) and all(map(kept, before, after))
    return before == after


@every_file
def test_a_file_survives_the_sdk(file: Path) -> None:
    register_default_plugins()
    text = JSONEncoder(ensure_ascii=False).encode(Dashboard.from_json(board(file)))
    assert kept(board(file), json.loads(text))


@every_file
def test_panels_lie_on_the_grid_and_cover_it_without_overlap(file: Path) -> None:
    cells: dict[tuple[int, int], str] = {}
    for panel in board(file)["panels"]:
        place = panel["gridPos"]
        assert min(place["w"], place["h"]) >= 4, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert cells.setdefault((x, y), panel["title"]) == panel["title"]
    assert {x for x, _ in cells} == set(range(24))
    assert len(cells) == 24 * (1 + max(y for _, y in cells)), "a hole in the board"


@pytest.mark.parametrize("file", [file for file in FILES if file.stem == "city"], ids=lambda f: f.parent.name)
def test_what_a_wall_must_show_is_on_its_first_screen(file: Path) -> None:
    """1080 lines hold 28 rows of 38 pixels."""
    first = {
        panel["type"]
        for panel in board(file)["panels"]
        if panel["gridPos"]["y"] + panel["gridPos"]["h"] <= 28
    }
    assert {"stat", "geomap", "table"} <= first


@every_file
def test_ids_are_unique(file: Path) -> None:
    ids = [panel["id"] for panel in board(file)["panels"]]
    assert len(set(ids)) == len(ids)
    assert len({each["uid"] for each in boards().values()}) == len(FILES)
    for panel in board(file)["panels"]:
        references = [query["refId"] for query in panel["targets"]]
        assert len(set(references)) == len(references)


@every_file
def test_a_board_speaks_one_language(file: Path) -> None:
    everything = board(file)
    titles = [everything["title"], *(panel["title"] for panel in everything["panels"])]
    texts = titles + [text for panel in everything["panels"] for text in shown(panel).values()]
    assert all(texts)
    if file.parent.name == Language.ZH:
        assert all(CHINESE.search(text) for text in texts)
    else:
        assert not CHINESE.search(file.read_text(encoding="utf-8"))


def test_both_languages_show_the_same() -> None:
    def bones(language: Language) -> list[object]:
        found = [file for file in FILES if file.parent.name == language]
        return [
            (
                file.stem,
                [(panel["type"], panel["gridPos"], list(shown(panel))) for panel in board(file)["panels"]],
            )
            for file in found
        ]

    assert bones(Language.ZH) == bones(Language.EN)


@every_file
def test_queries_go_to_a_provisioned_data_source(file: Path) -> None:
    sources = yaml.safe_load((PROVISIONING / "datasources" / "lifeline.yml").read_text(encoding="utf-8"))
    known = {(source["type"], source["uid"]) for source in sources["datasources"]}
    known.add((None, "-- Mixed --"))
    everything = board(file)
    asked = [query["datasource"] for panel in everything["panels"] for query in panel["targets"]]
    asked += [panel["datasource"] for panel in everything["panels"]]
    asked += [
        variable["datasource"] for variable in everything["templating"]["list"] if variable["type"] == "query"
    ]
    asked += [each["datasource"] for each in everything["annotations"]["list"]]
    assert {(source.get("type"), source["uid"]) for source in asked} <= known


@every_file
def test_a_series_that_fills_down_to_another_names_one_that_is_there(file: Path) -> None:
    for panel in board(file)["panels"]:
        for override in panel["fieldConfig"]["overrides"]:
            for property_ in override["properties"]:
                if property_["id"] == "custom.fillBelowTo":
                    assert property_["value"] in shown(panel).values()


def test_each_language_has_its_folder() -> None:
    providers = yaml.safe_load((PROVISIONING / "dashboards" / "lifeline.yml").read_text(encoding="utf-8"))[
        "providers"
    ]
    folders = {Path(provider["options"]["path"]).name: provider["folder"] for provider in providers}
    assert folders == {Language.ZH: "中文", Language.EN: "English"}
    assert {file.parent.name for file in FILES} == set(folders)


def links(board: dict[str, Any]) -> list[str]:
    """Every address that a board leads to."""
    found = [each["url"] for each in board["links"] if each["type"] == "link"]
    for panel in board["panels"]:
        for override in panel["fieldConfig"]["overrides"]:
            for property_ in override["properties"]:
                if property_["id"] == "links":
                    found += [each["url"] for each in property_["value"]]
    return found


@every_file
def test_a_link_leads_to_a_board_that_is_there_or_to_the_console(file: Path) -> None:
    known = {each["uid"]: each for each in boards().values()}
    for url in links(board(file)):
        where = urlsplit(url)
        if url.startswith("${console:raw}/"):
            assert url.removeprefix("${console:raw}") in {"/", "/alerts/${__data.fields.alert_id}"}
            continue
        target = known[where.path.removeprefix("/d/")]
        assert target["tags"] == board(file)["tags"], "another language"
        variables = {f"var-{each['name']}" for each in target["templating"]["list"]}
        assert set(parse_qs(where.query)) <= variables


@every_file
def test_a_row_that_leads_somewhere_has_what_the_link_names(file: Path) -> None:
    for panel in board(file)["panels"]:
        named = set(re.findall(r"__data\.fields\.(\w+)", json.dumps(panel["fieldConfig"])))
        assert named <= set(shown(panel)), panel["title"]


@every_file
def test_a_board_leads_to_all_others_of_its_language(file: Path) -> None:
    (menu,) = (each for each in board(file)["links"] if each["type"] == "dashboards")
    assert set(menu["tags"]) <= set(board(file)["tags"])


def families() -> list[Metric]:
    """All that the processes count, the broker's own counter with it."""
    registry = CollectorRegistry()
    ingesting.Metrics(registry).broker_dropped(b"1")
    alerting.Metrics(registry)
    maintaining.Metrics(registry)
    return list(registry.collect())


def test_every_metric_that_is_asked_for_is_counted() -> None:
    asked = set(re.findall(r"\blifeline_\w+", " ".join(expressions())))
    assert asked
    assert asked <= {sample for family in families() for sample in names(family)}


def test_every_metric_that_is_counted_is_on_the_operations_board() -> None:
    (file,) = (file for file in FILES if (file.parent.name, file.stem) == ("en", "operations"))
    text = file.read_text(encoding="utf-8")
    assert [family.name for family in families() if not any(name in text for name in names(family))] == []


def names(family: Metric) -> set[str]:
    """As Prometheus stores them."""
    match family.type:
        case "counter":
            return {f"{family.name}_total"}
        case "histogram":
            return {f"{family.name}_{end}" for end in ("bucket", "sum", "count")}
    return {family.name}


@pytest.mark.parametrize("file", [file for file in FILES if file.stem == "city"], ids=lambda f: f.parent.name)
def test_a_figure_on_the_wall_can_be_read_from_three_metres(file: Path) -> None:
    """At 1920 pixels a column is 80 wide: each figure at least 100, and four rows of 38 high."""
    for panel in board(file)["panels"]:
        if panel["type"] == "stat":
            assert panel["gridPos"]["w"] * 80 / len(shown(panel)) >= 100
            assert panel["gridPos"]["h"] >= 4


@every_file
def test_a_title_fits_its_panel(file: Path) -> None:
    """14 pixels a Chinese character, 8 a Latin letter, 80 a column less the frame."""
    for panel in board(file)["panels"]:
        width = sum(14 if CHINESE.match(letter) else 8 for letter in re.sub(r"\$\{.*\}", "", panel["title"]))
        assert width <= panel["gridPos"]["w"] * 80 - 40, panel["title"]
