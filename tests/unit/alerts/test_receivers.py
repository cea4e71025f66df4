"""The receivers file: what it says, and each mistake in it by its line."""

import tomllib
from pathlib import Path

import jsonschema
import pytest

from alerts import receivers
from alerts.receivers_schema import FILE, schema, text
from sensors.errors import ConfigurationError

GOOD = """\
[[receiver]]
id = "water-desk"
channel = "webhook"
url = "https://water.example/alerts"
secret_file = "water.key"
[[route]]
to = ["water-desk"]
utility = ["water-co"]
"""
EVERY = """\
timezone = "Europe/Zurich"
sender = "lifeline@city.example"
[[receiver]]
id = "platform"
channel = "cap"
url = "http://platform.example/cap"
secret_file = "water.key"
[[receiver]]
id = "scada"
channel = "mqtt"
url = "mqtts://scada.example:8883"
user = "lifeline"
password_file = "short.key"
[[receiver]]
id = "post"
channel = "mail"
host = "mail.example"
sender = "lifeline@city.example"
to = ["duty@water.example"]
language = "en"
[[receiver]]
id = "wecom"
channel = "wecom"
address_file = "robot"
[[receiver]]
id = "dingtalk"
channel = "dingtalk"
address_file = "robot"
secret_file = "short.key"
[[receiver]]
id = "feishu"
channel = "feishu"
address_file = "robot"
heartbeat = "1d"
[[receiver]]
id = "prometheus"
channel = "alertmanager"
url = "http://alertmanager.example:9093"
drill = true
[[route]]
to = ["platform", "scada", "post", "wecom", "dingtalk", "feishu", "prometheus"]
domain = ["water"]
district = ["east"]
hazard = ["burst"]
least = "serious"
kinds = ["raised", "cleared"]
days = ["sat", "sun"]
hours = "18:00-08:00"
[[route]]
to = ["post"]
escalation = 2
"""


def written(folder: Path, text: str) -> Path:
    (folder / "water.key").write_text("0123456789abcdef0123456789abcdef\n")
    (folder / "short.key").write_text("guessed\n")
    (folder / "robot").write_text("https://robot.example/send?key=secret\n")
    path = folder / "receivers.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_receiver_has_its_key_from_a_file_beside(tmp_path: Path) -> None:
    plan = receivers.load(written(tmp_path, GOOD))
    (receiver,), (route,) = plan.receivers, plan.routes
    assert receiver.secrets == {"secret": b"0123456789abcdef0123456789abcdef"}
    assert (receiver.id, receiver.drill, plan.zone.key) == ("water-desk", False, "Asia/Shanghai")
    assert route.table.utility == ("water-co",)
    assert "0123456789abcdef" not in repr(plan)


def test_a_file_may_use_every_channel(tmp_path: Path) -> None:
    plan = receivers.load(written(tmp_path, EVERY))
    assert len({type(receiver.table) for receiver in plan.receivers}) == 7
    assert plan.zone.key == "Europe/Zurich"
    assert plan.receivers[1].secrets == {"password": b"guessed"}


@pytest.mark.parametrize("text", [GOOD, EVERY, ""])
def test_the_schema_takes_what_the_reader_takes(text: str) -> None:
    jsonschema.validate(tomllib.loads(text), schema())


def test_the_schema_beside_the_types_is_theirs() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "python -m alerts.receivers_schema"


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('id = "water-desk"\n', "", ":1: receiver[0].id: expected to be given"),
        ('"webhook"', '"pigeon"', ":3: receiver[0].channel: invalid value 'pigeon'"),
        ('"https://water.example/alerts"', "7", ":4: receiver[0].url: expected `str`, got `int`"),
        ("https://water", "ftp://water", ":4: receiver[0].url: expected `str` matching regex"),
        ("https://water.example/alerts", "https://[", ":4: receiver[0].url: expected an address"),
        (
            "water.key",
            "none.key",
            ":5: receiver[0].secret_file: expected a file that can be read",
        ),
        (
            "water.key",
            "short.key",
            ":5: receiver[0].secret_file: expected a key of 16 bytes or more",
        ),
        ("[[route]]", "colour = 1\n[[route]]", ":6: receiver[0].colour: expected no such field"),
        ("[[receiver]]", "[receiver]", ":1: receiver: expected [[receiver]] tables"),
        (
            'to = ["water-desk"]',
            'to = ["water-desk", "hall"]',
            ":7: route[0].to: expected the ids of",
        ),
        ('to = ["water-desk"]', "to = []", ":7: route[0].to: expected `array` of length >= 1"),
        ("utility = [", "utilty = [", ":8: route[0].utilty: expected no such field"),
        (
            'utility = ["water-co"]',
            'hazard = ["bust"]',
            ":8: route[0].hazard: expected hazards",
        ),
        ('utility = ["water-co"]', 'kinds = ["rose"]', ":8: route[0].kinds: expected some of acknowledged, "),
        (
            'utility = ["water-co"]',
            'worst = "general"\nleast = "major"',
            ":9: route[0].least: expected",
        ),
        ('utility = ["water-co"]', 'hours = "8-18"', ":8: route[0].hours: expected `str` matching regex"),
        ('utility = ["water-co"]', 'days = ["monday"]', ":8: route[0].days[0]: invalid enum value 'monday'"),
        ("[[receiver]]", 'timezone = "Mars"\n[[receiver]]', ":1: timezone: expected a time zone"),
        ("[[receiver]]", 'tz = "UTC"\n[[receiver]]', ":1: tz: expected no such field"),
        ('"water-co"]', '"water-co"', ":8: syntax: "),
    ],
)
def test_a_mistake_is_named_by_file_line_and_field(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        receivers.load(path)
    assert str(caught.value).startswith(f"{path}{mistake}")


def test_two_receivers_of_one_name_are_a_mistake_and_all_are_told_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path, GOOD + GOOD + GOOD.replace('"water-desk"', '"hall"', 1).replace("water.key", "none")
    )
    with pytest.raises(ConfigurationError) as caught:
        receivers.load(path)
    assert str(caught.value).splitlines() == [
        f"{path}:10: receiver[1].id: expected an id of its own, 'water-desk' is taken",
        f"{path}:21: receiver[2].secret_file: expected a file that can be read, not 'none'",
    ]


def test_a_receiver_that_no_route_leads_to_is_a_mistake(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + GOOD.partition("[[route]]")[0].replace('"water-desk"', '"hall"', 1))
    with pytest.raises(
        ConfigurationError, match=r":10: receiver\[1\]\.id: expected a route that leads to it$"
    ):
        receivers.load(path)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: file: expected a file that can be read"):
        receivers.load(tmp_path / "none.toml")
