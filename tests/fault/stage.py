"""A worker on the feed's clock, and how many devices report to it."""

from pathlib import Path

from lifeline.runtime.services import TemporaryServices
from tests.support.processes import Lifeline

DEVICES = 20


def worker(folder: Path, dsn: str, services: TemporaryServices, **settings: object) -> Lifeline:
    return Lifeline(
        folder,
        "worker",
        "--clock",
        "feed",
        dsn=dsn,
        mqtt_url=services.mosquitto.url,
        snapshot_s=1,
        linger_ms=5,
        **settings,
    )
