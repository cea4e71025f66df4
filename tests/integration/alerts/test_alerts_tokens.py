"""``lifeline token``: made, listed, revoked from the command line, and never kept."""

import pytest
from typer.testing import CliRunner, Result

from alerts.tokens import PREFIX
from lifeline.cli import app
from sensors.errors import ConfigurationError, UnavailableError
from tests.alerting import World


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("LIFELINE_DSN", world.dsn)
    return world


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["token", *arguments])


def test_a_token_is_shown_once_and_kept_as_a_hash(world: World) -> None:
    token = call("add", "night-desk", "--role", "operator").output.strip()
    assert token.startswith(PREFIX)
    assert len(token) == len(PREFIX) + 43
    (kept,) = world.rows("select name, role, hash from api_tokens")
    assert (kept["name"], kept["role"], len(kept["hash"])) == ("night-desk", "operator", 32)
    assert token.encode() not in kept["hash"]
    listed = call("list").output
    assert "night-desk: operator, since " in listed
    assert token not in listed


def test_a_revoked_token_stays_in_the_list(world: World) -> None:
    call("add", "water", "--role", "utility", "--utility", "water-co")
    assert call("revoke", "water").exit_code == 0
    assert "water: utility of water-co, since " in call("list").output
    assert ", revoked " in call("list").output
    assert world.value("select count(*) from api_tokens where revoked_at is not null") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "x", "--role", "king"), "--role: expected viewer, utility, operator, engineer, admin, not"),
        (("add", "x", "--role", "utility"), "--utility: expected with --role utility, and with no other"),
        (("add", "x", "--role", "admin", "--utility", "gas-co"), "--utility: expected with --role utility"),
        (("add", "x", "--role", "utility", "--utility", "no"), "--utility: the registry knows no utility"),
        (("add", "rules", "--role", "admin"), "NAME: expected the name of a person or a desk, not 'rules'"),
        (("add", "taken", "--role", "viewer"), "NAME: 'taken' is or was another token's"),
        (("revoke", "x"), "NAME: no live token is called 'x'"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("world")
def test_a_mistake_is_told_in_one_line(arguments: tuple[str, ...], words: str) -> None:
    call("add", "taken", "--role", "viewer")
    error = call(*arguments).exception
    assert isinstance(error, ConfigurationError)
    assert str(error).startswith(words)


def test_a_database_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFELINE_DSN", "postgresql://postgres@127.0.0.1:9/none")
    error = call("list").exception
    assert isinstance(error, UnavailableError)
