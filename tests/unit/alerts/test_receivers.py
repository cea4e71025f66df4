"""The receivers file: what it says, and each mistake in it by its line."""

from pathlib import Path

import pytest

from alerts import receivers
from sensors.errors import ConfigurationError

GOOD = """\
[[receiver]]
id = "water-desk"
utility = "water-co"
url = "https://water.example/alerts"
secret_file = "water.key"
drill = false
"""


def written(folder: Path, text: str) -> Path:
    (folder / "water.key").write_text("0123456789abcdef0123456789abcdef\n")
    (folder / "short.key").write_text("guessed\n")
    path = folder / "receivers.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_receiver_has_its_key_from_a_file_beside(tmp_path: Path) -> None:
    (receiver,) = receivers.load(written(tmp_path, GOOD))
    assert receiver.secret == b"0123456789abcdef0123456789abcdef"
    assert (receiver.id, receiver.utility, receiver.drill) == ("water-desk", "water-co", False)


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('id = "water-desk"\n', "", ":1: receiver[0].id: expected to be given"),
        ('"water-co"', "7", ":3: receiver[0].utility: expected `str`, got `int`"),
        ('"water-co"', '""', ":3: receiver[0].utility: expected `str` of length >= 1"),
        (
            "https://water.example/alerts",
            "water.example",
            ":4: receiver[0].url: expected an http:// or https://",
        ),
        ("https://water.example/alerts", "https://[", ":4: receiver[0].url: expected an http:// or https://"),
        (
            "water.key",
            "none.key",
            ":5: receiver[0].secret_file: expected a file that can be read, not 'none.key'",
        ),
        (
            "water.key",
            "short.key",
            ":5: receiver[0].secret_file: expected a key of 16 bytes or more, not of 7",
        ),
        ("drill = false", "drill = false\ncolour = 1", ":7: receiver[0].colour: expected no such field"),
        ("[[receiver]]", "[receiver]", ":1: receiver: expected [[receiver]] tables and nothing else"),
        ("drill = false", "drill =", ":6: syntax: "),
    ],
)
def test_a_mistake_is_named_by_file_line_and_field(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        receivers.load(path)
    assert str(caught.value).startswith(f"{path}{mistake}")


def test_two_receivers_of_one_name_are_a_mistake_and_all_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + GOOD + GOOD.replace("https", "ftp").replace("desk", "hall"))
    with pytest.raises(ConfigurationError) as caught:
        receivers.load(path)
    assert str(caught.value).splitlines() == [
        f"{path}:8: receiver[1].id: expected an id of its own, 'water-desk' is taken",
        f"{path}:16: receiver[2].url: expected an http:// or https:// address, not 'ftp://water.example/alerts'",
    ]


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: file: expected a file that can be read"):
        receivers.load(tmp_path / "none.toml")
