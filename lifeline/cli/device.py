"""``lifeline device``: accounts of devices and gateways at the broker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifeline.cli.connection import connected
from lifeline.settings import Settings
from sensors.errors import ConfigurationError

if TYPE_CHECKING:
    from lifeline.devices.accounts import Book, Issued
    from sensors.model import Device

app = typer.Typer(
    no_args_is_help=True,
    help="""Accounts of devices and gateways at the broker.

They are files in the folder LIFELINE_BROKER_FILES; the broker reads them again when LIFELINE_BROKER_PID names
the file with its process's number. The access list is made of the registry at each change.
""",
)

Some = Annotated[list[str] | None, typer.Argument(metavar="DEVICE...")]
Everyone = Annotated[bool, typer.Option("--all", help="every device that it applies to")]
Into = Annotated[
    Path | None,
    typer.Option(help="a new file for users and passwords, which only you may read; else they are printed"),
]


@app.command()
def add(devices: Some = None, everyone: Everyone = False, into: Into = None) -> None:
    """Give devices of the registry an account, and show each password this once.

    --all: every device that has none.

    Example: `lifeline device add rtu-vc-101` or `lifeline device add --all --into passwords.csv`
    """
    from lifeline.devices import accounts  # noqa: PLC0415, as all below: needed here only

    with _open() as files:
        chosen = files.chosen(devices, everyone, lambda held: not held)
        files.issue(*accounts.add(files.book, chosen), into)


@app.command()
def rotate(
    devices: Some = None,
    everyone: Everyone = False,
    into: Into = None,
    finish: Annotated[bool, typer.Option(help="end the old ones: the devices have moved")] = False,
) -> None:
    """Give devices a new user and password; the old ones are valid until --finish.

    Example: `lifeline device rotate rtu-101`, and when it has moved `lifeline device rotate rtu-101 --finish`
    """
    from lifeline.devices import accounts  # noqa: PLC0415

    with _open() as files:
        if finish:
            chosen = files.chosen(devices, everyone, lambda held: len(held) > 1)
            files.keep(accounts.finish(files.book, [device.id for device in chosen]))
        else:
            chosen = files.chosen(devices, everyone, lambda held: len(held) == 1)
            files.issue(*accounts.rotate(files.book, chosen), into)


@app.command()
def revoke(devices: Annotated[list[str], typer.Argument(metavar="DEVICE...")]) -> None:
    """Take every account from devices; those that are connected are disconnected.

    Example: `lifeline device revoke rtu-vc-101`
    """
    from lifeline.devices import accounts  # noqa: PLC0415

    with _open() as files:
        files.keep(accounts.revoke(files.book, devices))


@app.command()
def sync() -> None:
    """Follow the registry after `lifeline city load`: gateways' members, accounts of devices that are gone.

    Example: `lifeline city load mycity/ && lifeline device sync`
    """
    from lifeline.devices import accounts  # noqa: PLC0415

    with _open() as files:
        gone = [name for name in accounts.holders(files.book) if name not in files.registered]
        files.keep(accounts.revoke(files.book, gone))
    typer.echo(f"no longer registered: {', '.join(gone)}" if gone else "every account is a device's")


@app.command("list")
def list_() -> None:
    """Show who has an account, and under which user; two while it moves from the first to the second.

    Example: `lifeline device list`
    """
    from lifeline.devices import accounts  # noqa: PLC0415

    with _open() as files:
        for device, held in sorted(accounts.holders(files.book).items()):
            known = "" if device in files.registered else "; not registered"
            typer.echo(f"{device}: {' -> '.join(held)}{known}")


@dataclass(frozen=True)
class _Files:
    """The broker's files, held, with the registry that they follow."""

    folder: Path
    pid: Path | None
    book: "Book"
    registered: "dict[str, Device]"

    def chosen(
        self, named: Sequence[str] | None, everyone: bool, applies: Callable[[list[str]], bool]
    ) -> "list[Device]":
        from lifeline.devices import accounts  # noqa: PLC0415

        if bool(named) == everyone:
            raise ConfigurationError("expected devices, or --all")
        if everyone:
            held = accounts.holders(self.book)
            return [device for id_, device in self.registered.items() if applies(held.get(id_, []))]
        for name in named or ():
            if name not in self.registered:
                raise ConfigurationError(f"{name}: no device of the registry")
        return [self.registered[name] for name in dict.fromkeys(named or ())]

    def issue(self, book: "Book", issued: "Sequence[Issued]", into: Path | None) -> None:
        """Let the passwords be known before they are valid: what is lost after that is lost for good."""
        text = "user,password\n" + "".join(f"{each.user},{each.password}\n" for each in issued)
        if into is None:
            self.keep(book)
            typer.echo(text, nl=False)
            return
        from sensors.whole import whole  # noqa: PLC0415

        if into.exists():
            raise ConfigurationError(f"{into}: is there already; name a new file")
        with whole(into, 0o600) as file:
            file.write(text.encode())
        self.keep(book)
        typer.echo(f"{len(issued)} passwords in {into}")

    def keep(self, book: "Book") -> None:
        from lifeline.devices import broker  # noqa: PLC0415
        from lifeline.devices.allowed import access_list  # noqa: PLC0415

        broker.write(self.folder, book, access_list(self.registered.values()))
        if self.pid is None:
            typer.echo("written; the broker reads it at SIGHUP, or when it starts", err=True)
        elif not broker.tell(self.pid):
            typer.echo("written; the broker does not run, and reads it when it starts", err=True)


@contextmanager
def _open() -> Iterator[_Files]:
    from lifeline.devices import broker  # noqa: PLC0415
    from sensors import store  # noqa: PLC0415

    settings = Settings.load()
    if (folder := settings.broker_files) is None:
        raise ConfigurationError("LIFELINE_BROKER_FILES: expected the folder of the broker's password file")
    with connected() as connection:
        registered = {device.id: device for device in store.read(connection).devices}
    with broker.held(folder):
        yield _Files(folder, settings.broker_pid, broker.read(folder), registered)
