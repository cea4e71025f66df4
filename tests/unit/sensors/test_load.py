import csv
import re
from pathlib import Path

import pytest

from sensors.errors import Mistakes
from sensors.load import DEMO_CITY, read_city
from sensors.model import Asset, Consequence, Domain, Registry
from sensors.registry import version

CITIES = Path(__file__).parents[2] / "data" / "city"
GOOD = CITIES / "good.toml"
BROKEN = sorted(path for path in CITIES.glob("*.toml") if path != GOOD)
MARK = "  # MISTAKE "


def mistakes(path: Path) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        read_city(path)
    return [str(mistake).removeprefix(f"{path}") for mistake in caught.value.mistakes]


def marked(path: Path) -> list[str]:
    """The mistakes that a file's own comments confess."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return [f":{number}: {line.partition(MARK)[2]}" for number, line in lines if MARK in line]


def test_a_good_city_is_read_as_it_is_written() -> None:
    registry = read_city(GOOD)

    assert registry.city.timezone == "Asia/Shanghai"
    assert [asset.id for asset in registry.assets] == ["VC-1", "VC-2"]
    assert registry.assets[0].consequence == Consequence(people=5, cost=2)
    assert registry.assets[0].attributes == {"volume_m3": 3.0, "cover": "round"}
    assert [sensor.name for sensor in registry.sensors] == ["rtu-1/ch4", "rtu-1/o2"]
    assert registry.devices[1].topic == "lifeline/gas/north/rtu-1"
    assert all(sensor.id == 0 for sensor in registry.sensors)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_mistake_is_found_on_its_line_and_blamed_on_nothing_else(path: Path) -> None:
    assert mistakes(path) == marked(path)
    assert len(marked(path)) == 1


def test_all_mistakes_of_all_files_are_told_at_once() -> None:
    assert mistakes(CITIES / "many-mistakes") == [
        r"/assets.csv:2: name: expected a name without control characters, not '雨污水井\n(旧)'",
        "/assets.csv:5: domain: expected one of gas, water, drainage, bridge, heating, tunnel, not 'drain'",
        "/assets.csv:5: longitude: expected `float`, got `str`",
        "/assets.geojson:10: features[0].geometry.coordinates[1]: expected degrees of -90 to 90, not 131.91",
        "/assets.geojson:22: features[0].properties.consequence.people: expected a score of 1 to 5, not 9",
        "/city.toml:5: city.timezone: expected a time zone such as \"Asia/Shanghai\", not 'Asia/Yunlan'",
        "/city.toml:19: device_type[0].upload_s: expected at least the sample_s of 60 seconds, not 30",
        "/devices.csv:2: colour: expected one of id, type, domain, district, gateway",
        "/devices.csv:4: district: expected letters, digits, '_', '.' and '-' only, not 'north 2'",
        "/edges.csv:4: target: expected the id of a known asset, there is no 'MH-9'",
        "/sensors.csv:3: unit: expected one of m, cm, mm, um, not 'inch'",
        "/sensors.csv:4: low: expected `float | null`, got `str`",
    ]


def test_a_city_without_a_city_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text(re.sub(r"\[city\].*?\n\n", "", GOOD.read_text(encoding="utf-8"), flags=re.DOTALL))

    assert mistakes(path) == [": city: expected to be given"]


def test_a_city_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text('city = "Tiny"\n')

    assert mistakes(path) == [":1: city: expected `object`, got `str`"]


def test_a_section_that_is_no_array_is_told_how_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text(GOOD.read_text(encoding="utf-8").replace("[[device_type]]", "[device_type]"))

    assert mistakes(path) == [":47: device_type: expected tables headed [[device_type]]"]


def test_a_folder_without_city_toml_is_refused(tmp_path: Path) -> None:
    assert mistakes(tmp_path) == [
        "/city.toml: file: expected a file that can be read: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "edges.csv",
            "source,relation,target\nVC-1,beside\n",
            ":2: row: expected 3 cells as in the first line, not 2",
        ),
        ("edges.csv", 'source,relation,target\nVC-1,"beside,VC-2\n', ":2: syntax: unexpected end of data"),
        (
            "edges.csv",
            'source,relation,target\n\n"VC"-1,beside,VC-2\n',
            ":3: syntax: ',' expected after '\"'",
        ),
        ("edges.csv", "source,target,relation,target\n", ":1: target: expected only one such column"),
        ("assets.csv", "id,tags,tags.a\n", ":1: tags: expected only one such column"),
        (
            "assets.geojson",
            '{"features": [\n{]}',
            ":2: syntax: expecting property name enclosed in double quotes",
        ),
        ("assets.geojson", '{"type": "Feature"}', ":1: features: expected a FeatureCollection"),
        (
            "assets.geojson",
            '{"features": [\n{"geometry": {"type": "Point", "coordinates": [1]},\n"properties": {}}]}',
            ":2: features[0]: expected a feature with properties and a Point",
        ),
    ],
)
def test_a_file_of_another_form_is_a_mistake_with_its_line(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    (tmp_path / "city.toml").write_bytes(GOOD.read_bytes())
    (tmp_path / name).write_text(content)

    assert mistakes(tmp_path) == [f"/{name}{expected}"]


def test_a_spreadsheets_own_encoding_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_bytes(GOOD.read_bytes())
    (tmp_path / "assets.csv").write_bytes("id,name\nMH-1,井\n".encode("gbk"))

    assert mistakes(tmp_path) == ["/assets.csv:2: file: expected UTF-8"]


def csv_of(registry: Registry, folder: Path) -> None:
    """The same assets, edges, devices and sensors as spreadsheets save them."""
    factors = Consequence.__struct_fields__
    attributes = sorted({name for asset in registry.assets for name in asset.attributes})
    plain = [name for name in Asset.__struct_fields__ if name not in {"consequence", "tags", "attributes"}]
    heads = [
        *plain,
        "tags",
        *(f"consequence.{name}" for name in factors),
        *(f"attributes.{name}" for name in attributes),
    ]
    rows = [
        [*(getattr(asset, name) for name in plain), ";".join(asset.tags)]
        + [getattr(asset.consequence, name) for name in factors]
        + [asset.attributes.get(name, "") for name in attributes]
        for asset in registry.assets
    ]
    write(folder / "assets.csv", heads, rows)
    for name, items in (
        ("edges", registry.edges),
        ("devices", registry.devices),
        ("sensors", registry.sensors),
    ):
        fields = [field for field in items[0].__struct_fields__ if (name, field) != ("sensors", "id")]
        write(folder / f"{name}.csv", fields, [[getattr(item, field) for field in fields] for item in items])


def write(path: Path, heads: list[str], rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([heads, *rows])


def test_a_city_is_the_same_from_spreadsheets_as_from_toml(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8")
    kinds = text[text.index("[[device_type]]") : text.index("[[device]]")]
    (tmp_path / "city.toml").write_text(text[: text.index("[[asset]]")] + kinds, encoding="utf-8")
    csv_of(read_city(GOOD), tmp_path)

    assert read_city(tmp_path) == read_city(GOOD)


def test_a_city_is_the_same_from_spreadsheets_as_from_geojson(tmp_path: Path) -> None:
    demo = read_city(DEMO_CITY)
    (tmp_path / "city.toml").write_bytes((DEMO_CITY / "city.toml").read_bytes())
    csv_of(demo, tmp_path)

    assert version(read_city(tmp_path)) == version(demo)
    assert {asset.domain for asset in demo.assets} == set(Domain)
