"""What `lifeline env` makes, keeps and refuses."""

import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lifeline.provision.authority import LIFE_OF_SERVER
from lifeline.provision.plan import PASSWORDS
from lifeline.provision.run import FOLDER, provide
from sensors.errors import ConfigurationError

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder with a docker-compose.yml, whose owner lets nobody read what they make."""
    (tmp_path / "docker-compose.yml").touch()
    before = os.umask(0o077)
    yield tmp_path
    os.umask(before)


def contents(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in [*(home / FOLDER).iterdir(), home / ".env"]}


def test_what_is_there_stays(home: Path) -> None:
    first = provide(home, (), NOW)
    made = contents(home)
    second = provide(home, (), NOW + timedelta(days=30))
    assert (second.made, second.kept) == ([], first.made)
    assert contents(home) == made


def test_only_what_was_removed_is_made_anew_and_what_follows_from_it(home: Path) -> None:
    provide(home, (), NOW)
    before = contents(home)
    for name in ("database-worker", "api.crt"):
        (home / FOLDER / name).unlink()
    assert provide(home, (), NOW).made == ["api", "database-worker", "dsn-worker"]
    after = contents(home)
    assert {name for name in before if before[name] != after[name]} == {
        "api.crt",
        "api.key",
        "database-worker",
        "dsn-worker",
    }
    assert after["database-worker"] in after["dsn-worker"]


def test_no_secret_is_like_another_or_short(home: Path) -> None:
    provide(home, (), NOW)
    secrets = [contents(home)[name] for name in PASSWORDS]
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) == 48 and secret.isalnum() for secret in secrets)


def test_the_folder_keeps_everybody_out_and_containers_read_single_files(home: Path) -> None:
    provide(home, (), NOW)
    assert (home / FOLDER).stat().st_mode & 0o777 == 0o700
    for path in (home / FOLDER).iterdir():
        assert path.stat().st_mode & 0o777 == (0o600 if path.name == "ca.key" else 0o644), path
    assert (home / ".env").stat().st_mode & 0o777 == 0o600


def test_lines_of_others_stay_in_the_environment_file(home: Path) -> None:
    (home / ".env").write_text("COMPOSE_PROFILES=demo\nLIFELINE_BIND=10.0.0.7", encoding="ascii")
    provide(home, (), NOW)
    assert (home / ".env").read_text(encoding="ascii").splitlines() == [
        "COMPOSE_PROFILES=demo",
        "LIFELINE_BIND=10.0.0.7",
        f"LIFELINE_SECRETS=./{FOLDER}",
    ]


def test_another_name_or_a_certificate_that_ran_out_is_told_and_nothing_changed(home: Path) -> None:
    provide(home, ["broker.city.example"], NOW)
    made = contents(home)
    with pytest.raises(ConfigurationError, match=r"broker\.crt: is not for 10\.0\.0\.7; remove it"):
        provide(home, ["broker.city.example", "10.0.0.7"], NOW)
    with pytest.raises(ConfigurationError, match=r"broker\.crt: ran out on 2028-06-06; remove it"):
        provide(home, (), NOW + LIFE_OF_SERVER)
    assert contents(home) == made


def test_a_foreign_certificate_or_half_an_authority_is_told(home: Path, tmp_path: Path) -> None:
    provide(home, (), NOW)
    (home / FOLDER / "broker.crt").write_bytes((home / FOLDER / "ca.crt").read_bytes())
    with pytest.raises(ConfigurationError, match=r"broker\.crt: is none of a server by ca\.crt"):
        provide(home, (), NOW)
    (home / FOLDER / "ca.key").unlink()
    with pytest.raises(ConfigurationError, match=r"ca\.key: .*bring both back"):
        provide(home, (), NOW)


def test_elsewhere_than_beside_docker_compose_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"expected the folder of docker-compose\.yml"):
        provide(tmp_path, (), NOW)
    assert [*tmp_path.iterdir()] == []


def test_the_authority_passes_the_strictest_check(home: Path) -> None:
    provide(home, (), NOW)
    context = ssl.create_default_context(cafile=str(home / FOLDER / "ca.crt"))
    assert [each["subject"] for each in context.get_ca_certs()] == [((("commonName", "lifeline CA"),),)]
