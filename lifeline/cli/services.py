"""``lifeline services``."""

import typer

from lifeline.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="""The local TimescaleDB and Mosquitto, for a machine without Docker.

They live in the folder LIFELINE_RUNTIME (default `.runtime`) and go on until stopped. They are not needed
where LIFELINE_DSN and LIFELINE_MQTT_URL name a database and a broker, as in `docker compose up`.

Example: `lifeline services start`
""",
)


@app.command()
def setup() -> None:
    """Fetch and unpack them, without starting: 50 MB, once.

    Example: `LIFELINE_RUNTIME=/var/lib/lifeline lifeline services setup`
    """
    from lifeline.runtime.packages import Prefix  # noqa: PLC0415, heavy, and needed here only

    prefix = Prefix(Settings.load().runtime / "prefix")
    typer.echo(f"set up in {prefix.path}" if prefix.ensure() else f"already set up in {prefix.path}")


@app.command()
def start() -> None:
    """Start what does not run yet, setting up before if need be, and say where it is reached.

    Example: `lifeline services start && lifeline migrate`
    """
    from lifeline.runtime import services  # noqa: PLC0415, heavy, and needed here only

    running = services.start(Settings.load().runtime)
    typer.echo(f"database: {running.dsn}\nbroker:   {running.mqtt_url}")


@app.command()
def stop() -> None:
    """End both; what they hold stays.

    Example: `lifeline services stop`
    """
    from lifeline.runtime import services  # noqa: PLC0415, heavy, and needed here only

    services.stop(Settings.load().runtime)
    typer.echo("stopped")


@app.command()
def status() -> None:
    """Say which of them runs; the exit code is 0 if both do, else 1.

    Example: `lifeline services status || lifeline services start`
    """
    from lifeline.runtime import services  # noqa: PLC0415, heavy, and needed here only

    runs = services.status(Settings.load().runtime)
    for name, up in runs.items():
        typer.echo(f"{name}: {'running' if up else 'not running'}")
    raise typer.Exit(0 if all(runs.values()) else 1)
