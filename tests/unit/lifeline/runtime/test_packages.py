import json
import platform
from pathlib import Path

import pytest

from lifeline.runtime import apt, packages
from lifeline.runtime.packages import Prefix
from sensors.errors import ConfigurationError, UnavailableError


def stamp(prefix: Path, **changed: object) -> Prefix:
    prefix.mkdir()
    content = {"recipe": packages._RECIPE_HASH, "path": str(prefix.resolve()), "versions": {"mosquitto": "2"}}
    (prefix / "stamp.json").write_text(json.dumps(content | changed))
    return Prefix(prefix)


def test_a_stamped_prefix_is_taken_as_it_is(tmp_path: Path) -> None:
    prefix = stamp(tmp_path / "prefix")
    assert prefix.versions() == {"mosquitto": "2"}
    assert prefix.ensure() is False


@pytest.mark.parametrize("changed", [{"recipe": "of an older version"}, {"path": "/moved/from/here"}])
def test_a_prefix_of_another_recipe_or_place_is_not_taken(tmp_path: Path, changed: dict[str, str]) -> None:
    assert stamp(tmp_path / "prefix", **changed).versions() is None


def test_a_half_written_stamp_is_none(tmp_path: Path) -> None:
    (tmp_path / "stamp.json").write_text('{"recipe": ')
    assert Prefix(tmp_path).versions() is None


def test_another_machine_is_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(ConfigurationError, match=r"Debian on x86-64; .*docker-compose\.yml"):
        Prefix(tmp_path).ensure()


def test_a_mirror_that_is_away_is_told_in_apts_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources.list").write_text("deb http://127.0.0.1:9/debian stable main\n")
    monkeypatch.setattr(apt, "ETC", tmp_path)
    monkeypatch.setattr(apt, "_CONFIGURATION", apt._CONFIGURATION.replace('Retries "3"', 'Retries "0"'))
    with pytest.raises(UnavailableError, match=r"could not be fetched: .*127\.0\.0\.1.*docker-compose\.yml"):
        Prefix(tmp_path / "prefix").ensure()
    assert Prefix(tmp_path / "prefix").versions() is None
