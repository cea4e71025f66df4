"""What can be said of the dashboards without a database."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

import grafana
from grafana.build import FOLDER, built
from grafana.language import Language
from tests.support.grafana import FILES, boards, shown

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


@every_file
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
    everything = board(file)
    asked = [query["datasource"] for panel in everything["panels"] for query in panel["targets"]]
    asked += [panel["datasource"] for panel in everything["panels"]]
    asked += [variable["datasource"] for variable in everything["templating"]["list"]]
    assert {(source["type"], source["uid"]) for source in asked} <= known


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
