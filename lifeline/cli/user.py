"""``lifeline user``: who may sign in to the console."""

import sys
from typing import Annotated

import typer

from lifeline.settings import Settings

app = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="who it is; stands in the audit of all that they do")],
    role: Annotated[str, typer.Option(help="viewer, utility, operator, engineer or admin")],
    utility: Annotated[str | None, typer.Option(help="of role utility: whose assets they may see")] = None,
) -> None:
    """Let somebody sign in; asks for the password, or takes it from standard input.

    Example: `lifeline user add li.wei --role operator`
    """
    from alerts.access import users  # noqa: PLC0415

    users.add(Settings.load().database(), name, role, utility, _password())


@app.command()
def password(name: str) -> None:
    """Give somebody another password, which signs them out everywhere.

    Example: `lifeline user password li.wei`
    """
    from alerts.access import users  # noqa: PLC0415

    users.change(Settings.load().database(), name, _password())


@app.command()
def remove(name: str) -> None:
    """Let somebody sign in no more, at once; the name stays theirs.

    Example: `lifeline user remove li.wei`
    """
    from alerts.access import users  # noqa: PLC0415

    users.remove(Settings.load().database(), name)


@app.command("list")
def list_() -> None:
    """Show all who ever could sign in.

    Example: `lifeline user list`
    """
    from alerts.access import users  # noqa: PLC0415

    for each in users.listed(Settings.load().database()):
        whose = f" of {each.utility_id}" if each.utility_id else ""
        until = f", removed {each.removed_at:%Y-%m-%d %H:%M}" if each.removed_at else ""
        typer.echo(f"{each.name}: {each.role}{whose}, since {each.created_at:%Y-%m-%d %H:%M}{until}")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    given: str = typer.prompt("password", hide_input=True, confirmation_prompt=True)
    return given
