"""``lifeline deliveries``: messages to receivers, and what became of them."""

from typing import Annotated
from uuid import UUID

import typer

from alerts.outcome import State
from lifeline.settings import Settings

app = typer.Typer(help="Messages to receivers, and what became of them.", no_args_is_help=True)


@app.command("list")
def list_(
    state: Annotated[State | None, typer.Option(help="Only those; dead = nobody got it.")] = None,
    receiver: Annotated[str | None, typer.Option(help="Only those to this receiver.")] = None,
    alert: Annotated[UUID | None, typer.Option(help="Only those about this alert.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
) -> None:
    """List deliveries, the newest first.

    Example: `lifeline deliveries list --state dead`
    """
    import asyncio  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from alerts.deliveries import Filter  # noqa: PLC0415
    from lifeline import delivering  # noqa: PLC0415

    wanted = Filter(state, alert, receiver)
    found = asyncio.run(delivering.listed(Settings.load().database(), wanted, limit))
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "queued (UTC)", "receiver", "kind", "asset", "hazard", "state", "tries", "error"):
        table.add_column(heading, overflow="fold")
    for each in found:
        cells = (
            str(each.id),
            f"{each.queued_at:%Y-%m-%d %H:%M:%S}",
            each.receiver,
            each.kind,
            each.asset_id,
            each.hazard,
            each.state,
            str(each.attempts),
            each.last_error or "",
        )
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


@app.command()
def retry(delivery: Annotated[UUID, typer.Argument(help="its id, as `list` shows it")]) -> None:
    """Try one that has failed or is dead at once, counting anew.

    Example: `lifeline deliveries retry 6f0c3a52-1f0e-5d0c-8a39-3b1f3f0f7a11`
    """
    import asyncio  # noqa: PLC0415

    from lifeline import delivering  # noqa: PLC0415

    sent = asyncio.run(delivering.again(Settings.load().database(), delivery))
    typer.echo(f"{sent.id}: {sent.state}; `lifeline alerts` sends it to {sent.receiver}")
