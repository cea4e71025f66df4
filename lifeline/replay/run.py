"""One replay from its feed file to its figures; read ``replay`` first."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp

import psycopg

from ingest.partition import Partition
from lifeline.children import Child
from lifeline.replay import place
from lifeline.replay.journal import Journal
from lifeline.replay.log import of_database
from lifeline.replay.outcome import Outcome, by_hazard, counts, episodes
from lifeline.replay.papers import Opened, Papers
from lifeline.replay.show import Show
from lifeline.replay.source import Source
from lifeline.scoring import Alarm
from lifeline.settings import Settings
from lifeline.stage import database, perform, settle
from rules.levels import RiskLevel
from sensors.errors import ConfigurationError, UnavailableError
from simulator.feed_publish import FeedPublisher
from simulator.outlets import MqttOutlet

_LONGEST_NAME = 30
"""Characters of the feed's name in a database's, which may have 63."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be replayed, and how.

    read: reads and checks it. speed: seconds of it a second, None = as fast as it goes.
    """

    read: Callable[[], Source]
    papers: Papers
    speed: float | None = None
    own_services: bool = False
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """How much went out, and how long it took until all of it was stored, judged and claimed."""

    readings: int
    messages: int
    seconds: float


def replay(request: Request, settings: Settings, show: Show) -> Outcome:
    """Play a feed through broker, worker, database and alerts, and hold what came of it against its labels.

    Raises:
        Mistake, Mistakes: what is to be played is wrong; nothing was started.
        ConfigurationError: the services that are configured serve production.
        UnavailableError: a service or process did not start, or stopped.
    """
    with request.papers.opened() as papers:
        with show.doing("reading what is to be played"):
            play = request.read()
        return _replay(play, request, settings, show, papers)


def _replay(play: Source, request: Request, settings: Settings, show: Show, papers: Opened) -> Outcome:
    run = f"{play.name[:_LONGEST_NAME]}-{secrets.token_hex(4)}"
    own = request.own_services or not place.configured(settings)
    if own and request.keep:
        raise ConfigurationError(
            "--keep: services of the replay's own end with it; call `lifeline services start` before"
        )
    with _told_plainly(), ExitStack() as stack:
        scratch = stack.enter_context(TemporaryDirectory(prefix="lifeline-replay-"))
        with show.doing("starting database, broker, worker and alerts"):
            settings = stack.enter_context(place.services(settings, Path(scratch), own=own))
            settings = stack.enter_context(database(settings, run, keep=request.keep))
            settle(settings, play.registry, play.rules)
            stack.enter_context(place.clean_session(settings))
            logs = stack.enter_context(_logs())
            children = stack.enter_context(perform(settings, logs, _nobody(logs)))
        played = _publish(play, request.speed, settings, children, show)
        dsn = settings.database()
        alarms = episodes(dsn, RiskLevel.LOW, play.extent.end)
        outcome = _outcome(play, run, played, dsn, alarms)
        papers.write(play, outcome, of_database(dsn), alarms)
        return outcome


@contextmanager
def _told_plainly() -> Iterator[None]:
    """A database that goes away is no mistake of ours."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database went away: {str(error).splitlines()[0]}") from None


@contextmanager
def _logs() -> Iterator[Path]:
    """A folder for what the processes write; it stays where something failed, for the error names it."""
    folder = Path(mkdtemp(prefix="lifeline-replay-"))
    with ExitStack() as stack:
        stack.callback(rmtree, folder)
        try:
            yield folder
        except UnavailableError:
            stack.pop_all()
            raise


def _nobody(folder: Path) -> Path:
    """The file by which nobody receives what the alerts find."""
    receivers = folder / "receivers.toml"
    receivers.write_text("", encoding="utf-8")
    return receivers


def _publish(
    play: Source, speed: float | None, settings: Settings, children: Iterable[Child], show: Show
) -> Published:
    """Publish everything, and wait until it is stored, judged and claimed."""
    password = settings.mqtt_password.get_secret_value() if settings.mqtt_password else None
    user, ca = settings.mqtt_user, settings.mqtt_ca
    begun = time.monotonic()
    with (
        psycopg.connect(settings.database(), autocommit=True) as connection,
        MqttOutlet(settings.broker(), user=user, password=password, ca=ca) as outlet,
        show.publishing(play.extent) as advance,
    ):
        journal = Journal(connection, Partition().name, lambda: _check(children))
        publisher = FeedPublisher(outlet, journal.keep_up, speed=speed)
        for instant in publisher.run(play.instants()):
            advance(instant)
        publisher.tick(play.extent.end)
        journal.until(play.extent.end)
        journal.until_claimed()
    return Published(play.extent.readings, publisher.messages, time.monotonic() - begun)


def _check(children: Iterable[Child]) -> None:
    for child in children:
        child.check()


def _outcome(play: Source, run: str, published: Published, dsn: str, alarms: list[Alarm]) -> Outcome:
    known = counts(dsn)
    return Outcome(
        feed=play.name,
        title=play.title,
        run=run,
        rows=play.extent.rows,
        messages=published.messages,
        published=published.readings,
        lost=published.readings - known["stored"],
        alerts=by_hazard(alarms),
        score=play.scored(episodes(dsn, RiskLevel.GENERAL, play.extent.end)),
        seconds=published.seconds,
        skipped=play.skipped.count,
        skipped_first=play.skipped.first,
        **known,
    )
