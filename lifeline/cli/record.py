"""``lifeline record``."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from lifeline.settings import Settings


def record(
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC", help="What to listen to, as MQTT filters are written.")
    ] = "lifeline/#",
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.jsonl", help="A line a message; .jsonl.gz is compressed.")
    ],
    minutes: Annotated[float | None, typer.Option(min=0, help="End after so many minutes.")] = None,
    messages: Annotated[int | None, typer.Option(min=1, help="End after so many messages.")] = None,
) -> None:
    """Write what is said at the configured broker into a file that `lifeline replay` plays again.

    Ctrl-C ends it, and what came until then is in the file. If the broker goes away there is no file, for
    nobody knows what was said meanwhile.

    Example: `lifeline record 'lifeline/gas/#' --out gas.jsonl.gz --minutes 30` and then
    `lifeline replay gas.jsonl.gz --city mycity/ --rules rules.toml`
    """
    import threading  # noqa: PLC0415, needed here only

    from ingest.mqtt import Broker  # noqa: PLC0415, heavy, as above
    from lifeline.replay.capture import Bounds  # noqa: PLC0415, as above
    from lifeline.replay.capture import record as write  # noqa: PLC0415, as above

    settings = Settings.load()
    password = settings.mqtt_password.get_secret_value() if settings.mqtt_password else None
    broker = Broker.at(settings.broker(), settings.mqtt_user, password, settings.mqtt_ca)
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    seconds = None if minutes is None else minutes * 60
    told = f"recording {topic} at {broker.host}:{broker.port}; Ctrl-C ends it"
    count = write(broker, topic, out, Bounds(seconds, messages), stop, lambda: typer.echo(told, err=True))
    typer.echo(f"{count:,} messages in {out}")
