"""``lifeline dead-letter``: messages that could not be taken as they came."""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.reason import Reason
from lifeline.settings import Settings
from sensors.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from psycopg import Connection

    from ingest.mqtt import Broker

app = typer.Typer(
    help="Messages that could not be taken as they came, kept with the reason.", no_args_is_help=True
)

_PREVIEW = 60


@app.command("list")
def list_(
    reason: Annotated[Reason | None, typer.Option(help="Only those kept for this reason.")] = None,
    device: Annotated[str | None, typer.Option(help="Only those of this device.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
) -> None:
    """List what was kept, the newest first.

    Example: `lifeline dead-letter list --reason unknown-sensor --device rtu-17`
    """
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from lifeline.dead_letters import newest  # noqa: PLC0415

    with _database() as connection:
        letters = newest(connection, reason, device, limit)
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "received (UTC)", "topic", "reason", "detail", "bytes", "payload", "retried"):
        table.add_column(heading, overflow="fold")
    for letter in letters:
        cells = (
            str(letter.id),
            f"{letter.received_at:%Y-%m-%d %H:%M:%S}",
            letter.topic,
            letter.reason,
            letter.detail,
            str(letter.size),
            preview(letter.payload),
            f"{letter.retried_at:%Y-%m-%d %H:%M:%S}" if letter.retried_at else "",
        )
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Which ones, as listed.")] = None,
    reason: Annotated[
        Reason | None, typer.Option(help="All of this reason that were not retried yet.")
    ] = None,
) -> None:
    """Publish messages again as they came, once what was wrong with them has been mended.

    The exit code is 1 if one of them could not be.

    Example: `lifeline dead-letter retry 17 18` or `lifeline dead-letter retry --reason unknown-sensor`
    """
    from lifeline import dead_letters  # noqa: PLC0415, heavy, and needed here only

    if bool(ids) == (reason is not None):
        raise ConfigurationError("dead-letter retry: expected IDs or --reason, one of the two")
    failed = 0
    with _database() as connection:
        wanted = ids or (dead_letters.not_retried(connection, reason) if reason else [])
        for each in dead_letters.retry(connection, _broker(), wanted):
            failed += each.why_not is not None
            typer.echo(f"{each.id}: {each.why_not or 'published again'}")
    typer.echo(f"{len(wanted) - failed} of {len(wanted)} published again")
    raise typer.Exit(1 if failed else 0)


def preview(payload: bytes) -> str:
    """The beginning of a payload on one line: as text if it is some, else in hexadecimal digits."""
    try:
        text = getincrementaldecoder("utf-8")().decode(payload[: 4 * _PREVIEW])  # may end within a character
    except UnicodeDecodeError:
        text = ""
    if not text or any(not (each.isprintable() or each.isspace()) for each in text):
        text = payload[:_PREVIEW].hex(" ")
    text = " ".join(text.split())
    return text if len(text) <= _PREVIEW else f"{text[: _PREVIEW - 1]}…"


def _broker() -> "Broker":
    from ingest.mqtt import Broker  # noqa: PLC0415, heavy, and needed here only

    settings = Settings.load()
    password = settings.mqtt_password.get_secret_value() if settings.mqtt_password else None
    return Broker.at(settings.broker(), settings.mqtt_user, password, settings.mqtt_ca)


@contextmanager
def _database() -> Iterator["Connection[tuple[object, ...]]"]:
    import psycopg  # noqa: PLC0415, heavy, and needed here only

    try:
        with psycopg.connect(Settings.load().database(), autocommit=True) as connection:
            connection.execute("set timezone to 'UTC'")
            yield connection
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).splitlines()[0]}") from None
    except psycopg.errors.UndefinedTable:
        raise ConfigurationError("the database is not prepared: call `lifeline migrate`") from None
