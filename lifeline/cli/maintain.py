"""``lifeline maintain``."""

import typer

from lifeline.settings import Settings


def maintain() -> None:
    """Roll up what came, drop what is old enough, compress: one round, a line a thing.

    `lifeline alerts` does this every ten minutes by itself. How long what is kept: docs/operations.md.

    Example: `LIFELINE_KEEP_READINGS_DAYS=90 lifeline maintain`
    """
    import asyncio  # noqa: PLC0415

    asyncio.run(_show(Settings.load()))


async def _show(settings: Settings) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    import asyncpg  # noqa: PLC0415

    from lifeline.maintain.keep import Keep  # noqa: PLC0415
    from lifeline.maintain.run import one_round  # noqa: PLC0415
    from sensors.errors import ConfigurationError, UnavailableError  # noqa: PLC0415

    try:
        async for line in one_round(settings.database(), Keep.of(settings), datetime.now(UTC)):
            typer.echo(line)
    except asyncpg.UndefinedTableError:
        raise ConfigurationError("the database is not prepared: call `lifeline migrate`") from None
    except asyncpg.LockNotAvailableError:
        raise UnavailableError("somebody reads what is to be dropped: call again later") from None
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        raise UnavailableError(f"the database does not answer: {error}") from None
