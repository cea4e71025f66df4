"""``lifeline maintain``."""

from typing import Annotated

import typer

from lifeline.settings import Settings


def maintain(
    every: Annotated[
        float | None, typer.Option(min=0.01, help="Minutes: go on, a round each so many, until Ctrl-C.")
    ] = None,
) -> None:
    """Roll up what came, drop what is old enough, compress: one round, a line a thing.

    Where the system runs, so does `lifeline maintain --every 10`. How long what is kept: docs/operations.md.

    Example: `LIFELINE_KEEP_READINGS_DAYS=90 lifeline maintain`
    """
    import asyncio  # noqa: PLC0415

    from lifeline.process import run_until_stopped  # noqa: PLC0415

    settings = Settings.load()
    asyncio.run(_show(settings) if every is None else run_until_stopped(_go_on(settings, every * 60)))


async def _show(settings: Settings) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    import asyncpg  # noqa: PLC0415

    from lifeline.maintain.keep import Keep  # noqa: PLC0415
    from lifeline.maintain.run import one_round  # noqa: PLC0415
    from sensors.errors import ConfigurationError, UnavailableError  # noqa: PLC0415

    try:
        async for line in one_round(settings.database(), Keep.of(settings), datetime.now(UTC)):
            typer.echo(line)
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError):
        raise ConfigurationError(
            "the database is not at the newest version: call `lifeline migrate`"
        ) from None
    except asyncpg.LockNotAvailableError:
        raise UnavailableError("somebody reads what is to be dropped: call again later") from None
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        raise UnavailableError(f"the database does not answer: {error}") from None


async def _go_on(settings: Settings, every_s: float) -> None:
    import asyncio  # noqa: PLC0415

    from prometheus_client import CollectorRegistry  # noqa: PLC0415

    from lifeline import logs  # noqa: PLC0415
    from lifeline.health import Health, serve  # noqa: PLC0415
    from lifeline.maintain.keep import Keep  # noqa: PLC0415
    from lifeline.maintain.metrics import Metrics  # noqa: PLC0415
    from lifeline.maintain.run import on_schedule  # noqa: PLC0415

    logs.configure()
    dsn, registry, health = settings.database(), CollectorRegistry(), Health()
    metrics = Metrics(registry)
    serve(registry, health, settings.metrics_port)
    async with asyncio.TaskGroup() as group:
        group.create_task(health.beat())
        group.create_task(on_schedule(dsn, Keep.of(settings), every_s, metrics, health))
