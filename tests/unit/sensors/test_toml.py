import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors import toml
from sensors.errors import Mistake
from sensors.lines import Keys, dotted, locate_json, locate_toml

RULES = '''\
title = "rules" # [not] = "a table"

[defaults]
on_delay = "1min"
"quoted.key".inner = 1

[[rule]]
id = "first"
bands = [
    { above = 1, until = [2,
        3] },

    # a comment, with ] and }
    { above = 5 },
]
text = """
[[rule]]
id = "not a rule\\""""

[rule.parameters]
k = 2

[[rule]]
id = "second"

[[rule.override]]
tag = 'school'

[[rule.override]]
tag = "hospital"
[a.b.c]
d = 1979-05-27T07:32:00Z
quotes = """two at the end"""""
#
last = ["}", '[[rule]] = "',
  5]
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("title",), 1),
        (("defaults",), 3),
        (("defaults", "on_delay"), 4),
        (("defaults", "quoted.key", "inner"), 5),
        (("rule",), 7),
        (("rule", 0), 7),
        (("rule", 0, "id"), 8),
        (("rule", 0, "bands"), 9),
        (("rule", 0, "bands", 0), 10),
        (("rule", 0, "bands", 0, "above"), 10),
        (("rule", 0, "bands", 0, "until", 1), 11),
        (("rule", 0, "bands", 1, "above"), 14),
        (("rule", 0, "text"), 16),
        (("rule", 0, "parameters"), 20),
        (("rule", 0, "parameters", "k"), 21),
        (("rule", 1), 23),
        (("rule", 1, "id"), 24),
        (("rule", 1, "override", 0, "tag"), 27),
        (("rule", 1, "override", 1, "tag"), 30),
        (("a", "b"), 31),
        (("a", "b", "c", "d"), 32),
        (("a", "b", "c", "quotes"), 33),
        (("a", "b", "c", "last", 2), 36),
    ],
)
def test_a_value_is_found_on_its_line(keys: Keys, line: int) -> None:
    assert locate_toml(RULES)(keys) == line


def test_what_is_not_there_is_found_where_it_should_have_been() -> None:
    locate = locate_toml(RULES)

    assert locate(("rule", 1, "bands", 0, "above")) == 23
    assert locate(("nothing",)) == 1


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def leaves(value: object, keys: Keys = ()) -> list[tuple[Keys, object]]:
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*keys, key))]
    if isinstance(value, list) and value:
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, (*keys, index))]
    return [(keys, value)]


@given(document=st.dictionaries(st.text(), Json))
def test_every_leaf_of_any_json_text_is_found_on_its_line(document: dict[str, object]) -> None:
    text = json.dumps(document, indent=1)
    lines, locate = text.split("\n"), locate_json(text)

    # Laid out so, each leaf has a line of its own, in the order in which they are walked.
    found = [locate(keys) for keys, _ in leaves(document) if keys]
    assert found == sorted(set(found))
    for keys, value in leaves(document):
        assert json.dumps(value) in lines[locate(keys) - 1]


Name = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=6)


@given(tables=st.lists(st.dictionaries(Name, st.integers() | st.text(), max_size=4), max_size=4))
def test_every_key_of_any_array_of_tables_is_found_on_its_line(tables: list[dict[str, object]]) -> None:
    lines, expected = [], {}
    for index, table in enumerate(tables):
        lines += ["# [[rule]]", "[[rule]]"]
        expected[("rule", index)] = len(lines)
        for key, value in table.items():
            lines.append(f"{quoted(key)} = {quoted(value)}")
            expected[("rule", index, key)] = len(lines)
    locate = locate_toml("\n".join(lines))

    assert {keys: locate(keys) for keys in expected} == expected


def quoted(value: object) -> str:
    """A TOML value: its basic strings are JSON's, but for the delete character and paired surrogates."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"a = 1\nb = \nc = 3\n", 2, "syntax: invalid value"),
        (b"a = 1\n\nb = [1,\n2", 4, "syntax: unclosed array"),
        (b'a = 1\nb = """\nnever closed\n\n', 3, "syntax: unterminated string"),
        (b"a = 1\na = 2\n", 2, "syntax: cannot overwrite a value"),
        ("a = '中'\nb = '文'".encode("gbk"), 1, "file: expected UTF-8"),
    ],
)
def test_what_is_no_toml_is_a_mistake_with_its_line(
    tmp_path: Path, content: bytes, line: int, words: str
) -> None:
    path = written(tmp_path / "x.toml", content)

    with pytest.raises(Mistake) as caught:
        toml.read(path)

    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}:{line}: {words}")


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"none\.toml: file: expected a file that can be read: No such file"):
        toml.read(tmp_path / "none.toml")


def test_a_byte_order_mark_and_windows_lines_are_no_mistake(tmp_path: Path) -> None:
    content, locate = toml.read(written(tmp_path / "x.toml", b"\xef\xbb\xbfa = 1\r\nb = 2\r\n"))

    assert content == {"a": 1, "b": 2}
    assert locate(("b",)) == 2


class Band(msgspec.Struct, forbid_unknown_fields=True):
    above: float
    tags: dict[str, int] = {}


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    bands: list[Band]


class Rules(msgspec.Struct, forbid_unknown_fields=True):
    rule: list[Rule]


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        (
            ["bands = [{above = 1},", ' {above = "1"}]'],
            4,
            "rule[0].bands[1].above: expected `float`, got `str`",
        ),
        (["bands = [{above = 1},", " {}]"], 4, "rule[0].bands[1].above: expected to be given"),
        (["bands = []", "band = []"], 4, "rule[0].band: expected no such field"),
        (["bands = 1"], 3, "rule[0].bands: expected `array`, got `int`"),
        (
            ["bands = [", "{above = 1, tags = {a = 1.5}}]"],
            4,
            "rule[0].bands[0].tags: expected `int`, got `float`",
        ),
        ([], 1, "rule[0].bands: expected to be given"),
    ],
)
def test_what_msgspec_refuses_is_a_mistake_with_its_line(
    tmp_path: Path, lines: list[str], line: int, words: str
) -> None:
    path = written(tmp_path / "x.toml", "\n".join(["[[rule]]", 'id = "x"', *lines]).encode())
    content, locate = toml.read(path)

    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(content, Rules)

    assert str(toml.mistake(path, locate, caught.value)) == f"{path}:{line}: {words}"


def test_a_part_that_was_converted_by_itself_is_found_in_the_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "x.toml", b'[[rule]]\nid = "x"\nbands = []\n[[rule]]\nid = 1\nbands = []\n')
    content, locate = toml.read(path)
    assert isinstance(content["rule"], list)

    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(content["rule"][1], Rule)

    mistake = toml.mistake(path, locate, caught.value, ("rule", 1))
    assert (mistake.line, mistake.field) == (5, "rule[1].id")


def test_keys_are_written_as_people_write_them() -> None:
    assert dotted(("rule", 3, "bands", 0, "above")) == "rule[3].bands[0].above"
