"""``lifeline alerts`` and ``lifeline token``."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from lifeline.settings import Settings

app = typer.Typer()
token = typer.Typer(help="Who may call the API.", no_args_is_help=True)


@app.callback(invoke_without_command=True)
def alerts(context: typer.Context) -> None:
    """Turn changes of risk into alerts, deliver them to the utilities, serve the API; until Ctrl-C.

    A second one, elsewhere or on another port, stands by and takes over when the first is gone.

    Example: `LIFELINE_RECEIVERS=receivers.toml lifeline alerts`
    """
    if context.invoked_subcommand is not None:
        return
    import asyncio  # noqa: PLC0415

    from alerts import policy, receivers, routing, service  # noqa: PLC0415, heavy, and needed here only
    from lifeline import logs  # noqa: PLC0415

    logs.configure()
    settings = Settings.load()
    plan = receivers.load(settings.receivers) if settings.receivers is not None else routing.Plan()
    by = policy.load(settings.alert_policy) if settings.alert_policy is not None else policy.default()
    tls = service.Tls(*files) if (files := settings.api_tls()) else None
    asyncio.run(service.run(settings.database(), plan, by, settings.api_host, settings.api_port, tls))


@app.command()
def kpi(
    since: Annotated[datetime | None, typer.Option(help="first moment, UTC; default: 30 days ago")] = None,
    until: Annotated[datetime | None, typer.Option(help="moment after the last; default: now")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """How the alarm system does by the figures of ISA-18.2, per operator position.

    Example: `lifeline alerts kpi --since 2026-01-01 --until 2026-02-01`
    """
    import asyncio  # noqa: PLC0415

    from lifeline import alarm_figures  # noqa: PLC0415, heavy, and needed here only

    begin, end = (each and each.replace(tzinfo=UTC) for each in (since, until))
    found = asyncio.run(alarm_figures.read(Settings.load(), begin, end))
    alarm_figures.show(found, as_json=as_json)


@token.command()
def add(
    name: Annotated[str, typer.Argument(help="whose it is; stands in the audit of all that is done with it")],
    role: Annotated[str, typer.Option(help="viewer, utility, operator, engineer or admin")],
    utility: Annotated[str | None, typer.Option(help="of role utility: whose assets it may see")] = None,
) -> None:
    """Make a token and print it; it is shown this once and kept nowhere.

    Example: `lifeline token add night-desk --role operator`
    """
    from alerts import tokens  # noqa: PLC0415

    typer.echo(tokens.add(Settings.load().database(), name, role, utility))


@token.command("list")
def list_() -> None:
    """Show all tokens that ever were.

    Example: `lifeline token list`
    """
    from alerts import tokens  # noqa: PLC0415

    for each in tokens.tokens(Settings.load().database()):
        whose = f" of {each.utility_id}" if each.utility_id else ""
        until = f", revoked {each.revoked_at:%Y-%m-%d %H:%M}" if each.revoked_at else ""
        typer.echo(f"{each.name}: {each.role}{whose}, since {each.created_at:%Y-%m-%d %H:%M}{until}")


@token.command()
def revoke(name: str) -> None:
    """End a token's life at once.

    Example: `lifeline token revoke night-desk`
    """
    from alerts import tokens  # noqa: PLC0415

    tokens.revoke(Settings.load().database(), name)
