"""Rule files: every mistake is named with its file, line and key; a set is taken whole or not at all."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.duration import LONGEST, Duration
from rules.load import DEMO_RULES, load
from rules.model import RuleSet
from rules.risk import default_matrix
from sensors.errors import Mistakes
from sensors.load import DEMO_CITY, read_city
from sensors.readings import DAY, HOUR, MINUTE, SECOND
from tests.unit.rules.town import town

BROKEN = sorted((Path(__file__).parents[2] / "data" / "rules").glob("*.toml"))
"""One mistake a file, named after it; the first line says what is to be said of it: line, key, words."""

GOOD = """
[[rule]]
name = "{name}"
kind = "limit"
hazard = "gas-leak"
title = "甲烷"
title_en = "Methane"
source = "a test"
select = {{ quantity = "methane_lel" }}
parameters = {{ bands = [{{ above = {above} }}] }}
evidence = [{{ llr = 2.0 }}]
"""


def said_of(path: Path) -> str:
    return path.read_bytes().split(b"\n")[0].decode().removeprefix("# ")


def rule(name: str = "methane", above: str = "10.0") -> str:
    return GOOD.format(name=name, above=above)


def mistakes(*paths: Path, registry: object = None) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        load(paths, registry)
    return [str(mistake).replace(f"{mistake.file}:", "", 1).strip() for mistake in caught.value.mistakes]


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_mistake_is_named_with_its_line_and_key(path: Path) -> None:
    (said,) = mistakes(path)
    assert said.startswith(said_of(path))


def test_all_mistakes_of_all_files_are_told_at_once() -> None:
    alone = [path for path in BROKEN if not path.stem.startswith(("vote-", "matrix-"))]
    with pytest.raises(Mistakes) as caught:
        load(alone)
    told = {(Path(mistake.file), mistake.line, mistake.field) for mistake in caught.value.mistakes}
    for path in alone:
        line, field, _ = said_of(path).split(": ", 2)
        assert (path, int(line), field) in told


def test_a_file_that_is_not_there_is_a_mistake_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(rule(above="nan"), encoding="utf-8")
    told = mistakes(tmp_path / "none.toml", tmp_path)
    assert told == [
        "file: expected a file that can be read: No such file or directory",
        "10: rule[0].parameters.bands[0].above: expected a number, not nan",
    ]


def test_a_folder_without_rules_is_a_mistake_and_not_an_empty_set(tmp_path: Path) -> None:
    assert mistakes(tmp_path) == ["file: expected a folder with *.toml files"]


def test_a_name_or_a_matrix_in_two_files_is_told_where_it_is_the_second(tmp_path: Path) -> None:
    levels = "[[4,4,4,4,3],[4,4,4,3,3],[4,4,3,3,2],[4,3,3,2,1],[3,3,2,1,1]]"
    matrix = f'[matrix]\nversion = "x"\nsource = "x"\nlevels = {levels}\n'
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(rule() + matrix, encoding="utf-8")
    with pytest.raises(Mistakes) as caught:
        load([tmp_path])
    assert sorted((Path(m.file).name, m.line, m.field) for m in caught.value.mistakes) == [
        ("b.toml", 3, "rule[0].name"),
        ("b.toml", 12, "matrix"),
    ]


def test_files_of_a_folder_are_one_set(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(rule("one"), encoding="utf-8")
    (tmp_path / "b.toml").write_text(
        '[[group]]\nname = "g"\n' + rule("two") + 'group = "g"\n', encoding="utf-8"
    )
    found = load([tmp_path])
    assert [rule.name for rule in found.rules] == ["one", "two"]
    assert found.matrix == default_matrix()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ('quantity = "methane_lel"', 'quantity = "rain_intensity"'),
            "9: rule[0].select: expected to find a sensor in this city",
        ),
        (
            ("bands", 'relative_to = "depth_m", bands'),
            "10: rule[0].parameters: chamber has no number 'depth_m' among its attributes",
        ),
    ],
)
def test_with_a_city_a_rule_that_cannot_speak_there_is_a_mistake(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    (tmp_path / "a.toml").write_text(rule().replace(*change), encoding="utf-8")
    load([tmp_path])
    assert mistakes(tmp_path, registry=town()) == [said]


def test_with_a_city_an_override_for_none_of_the_rule_s_sensors_is_a_mistake(tmp_path: Path) -> None:
    override = '[[rule.override]]\nselect = { district = "nowhere" }\nparameters = { deadband = 2.0 }\n'
    (tmp_path / "a.toml").write_text(rule() + override, encoding="utf-8")
    assert mistakes(tmp_path, registry=town()) == [
        "13: rule[0].override[0].select: expected to find one of the rule's sensors in this city"
    ]


def test_with_a_city_a_threshold_that_an_asset_makes_impossible_is_a_mistake(tmp_path: Path) -> None:
    city = town()
    assets = tuple(msgspec.structs.replace(each, attributes={"depth_m": 500.0}) for each in city.assets)
    text = rule().replace("bands", 'relative_to = "depth_m", bands')
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    (said,) = mistakes(tmp_path, registry=msgspec.structs.replace(city, assets=assets))
    assert said.startswith("10: rule[0].parameters.bands[0].above: expected -2 to 2000 %LEL")
    assert said.endswith("not 5000 at chamber")


def test_with_a_city_all_rules_that_cannot_be_bound_are_told_at_once(tmp_path: Path) -> None:
    relative = [rule(name).replace("bands", 'relative_to = "depth_m", bands') for name in ("one", "two")]
    (tmp_path / "a.toml").write_text("".join(relative), encoding="utf-8")
    assert [each.split(": ")[1] for each in mistakes(tmp_path, registry=town())] == [
        "rule[0].parameters",
        "rule[1].parameters",
    ]


def test_with_a_city_a_vote_that_finds_too_few_is_a_mistake(tmp_path: Path) -> None:
    vote = rule("vote").replace('"limit"', '"k_of_n"').replace('select = { quantity = "methane_lel" }\n', "")
    vote = vote.replace("{ bands = [{ above = 10.0 }] }", '{ of = "methane", k = 5 }')
    (tmp_path / "a.toml").write_text(rule() + vote, encoding="utf-8")
    assert mistakes(tmp_path, registry=town(4)) == [
        "20: rule[1].parameters: expected to find a group of so many sensors in this city"
    ]
    assert load([tmp_path], town(5)).rules


def test_the_demo_city_s_rules_have_no_mistakes() -> None:
    assert len(load([DEMO_RULES], read_city(DEMO_CITY)).rules) >= 20


def test_a_rule_set_comes_back_from_its_bytes_with_the_same_version() -> None:
    rules = load([DEMO_RULES])
    again = RuleSet.decode(rules.encode())
    assert again.version == rules.version
    assert again.encode() == rules.encode()


def test_the_version_tells_one_threshold_from_another(tmp_path: Path) -> None:
    versions = set()
    for above in ("10.0", "10.0", "10.000001"):
        (tmp_path / "a.toml").write_text(rule(above=above), encoding="utf-8")
        versions.add(load([tmp_path]).version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("90s", 90 * SECOND),
        ("1.5min", 90 * SECOND),
        ("2h", 2 * HOUR),
        ("1d", DAY),
        ("5ms", 5000),
        (" 3min ", 3 * MINUTE),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, us: int) -> None:
    assert Duration.parse(text) == us


@given(st.integers(0, LONGEST // SECOND))
def test_a_duration_is_written_as_it_can_be_read(seconds: int) -> None:
    duration = Duration(seconds * SECOND)
    assert abs(Duration.parse(str(duration)) - duration) <= duration * 1e-5
