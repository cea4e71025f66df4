"""``lifeline replay --journal``: what entered a worker, played again, against what is on record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeline.evaluate.passage import play_through
from lifeline.migrate import migrate
from lifeline.replay.log import encoded, of_engine
from lifeline.replay.play import read
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.postgres import Postgres
from tests.support.performed import perform
from tests.support.replaying import CHAMBERS, FEEDS, Ran, rows, run

GIVEN_UP = (
    "lifeline: --journal: that of 1-of-1 begins with entry {}, and no snapshot is left"
    " that it could go on from\n"
)


@pytest.fixture(scope="module")
def played(postgres: Postgres, broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of a database whose worker heard the chambers."""
    dsn = postgres.create_database("journal-played-again")
    migrate(dsn)
    perform(read(CHAMBERS, FEEDS), dsn, broker.url, tmp_path_factory.mktemp("performed"))
    yield dsn
    postgres.drop_database("journal-played-again")


def again(folder: Path, dsn: str, *options: str) -> Ran:
    return run(folder, "replay", "--journal", "--json", *options, dsn=dsn)


def test_it_says_what_was_said_and_is_on_record(played: str, tmp_path: Path) -> None:
    figures = again(tmp_path, played, "--log", str(tmp_path / "log")).figures

    passage = play_through(read(CHAMBERS, FEEDS))
    assert (tmp_path / "log").read_bytes() == encoded(of_engine(passage.transitions, passage.risk_changes))
    assert figures["same"]
    assert figures["begun"] == {"1-of-1": 1}
    assert (figures["readings"], figures["late"]) == (350, 0)
    assert figures["said"] == figures["on_record"] > 0


def test_where_its_beginning_is_gone_it_goes_on_from_a_snapshot(played: str, tmp_path: Path) -> None:
    ((kept,),) = rows(played, "select min(seq) from snapshots where seq > 1")
    rows(played, f"delete from journal where seq < {kept} returning 1")

    figures = again(tmp_path, played).figures

    assert figures["same"]
    assert figures["begun"] == {"1-of-1": kept + 1}


def test_what_is_not_said_again_is_told_by_the_exit_code(played: str, tmp_path: Path) -> None:
    rows(
        played,
        "update transitions set reason = 'otherwise' where seq = (select max(seq) from transitions)"
        " returning 1",
    )

    other = again(tmp_path, played)

    assert other.code == 1
    assert '"same":false' in other.text


def test_where_its_beginning_is_gone_and_no_snapshot_is_left_it_is_refused(
    played: str, tmp_path: Path
) -> None:
    rows(played, "delete from snapshots returning 1")
    ((left,),) = rows(played, "select min(seq) from journal")

    refused = again(tmp_path, played)

    assert (refused.code, refused.text) == (
        2,
        GIVEN_UP.format(left),
    )


def test_a_stretch_of_what_is_stored_says_what_its_readings_said(played: str, tmp_path: Path) -> None:
    options = ["--from", "2025-11-20T23:00:00Z", "--to", "2025-11-22T00:00:00Z", "--engine", "--json"]
    whole = run(tmp_path, "replay", *options, "--log", str(tmp_path / "log"), dsn=played).figures
    none = run(tmp_path, "replay", *options, "--domain", "water", dsn=played)

    assert whole["published"] == 350
    assert whole["alerts"]["gas-leak"] == {"major": 1, "serious": 0, "general": 0, "low": 0}
    mine, theirs = (
        [line for line in text.splitlines() if b'"gas-leak"' in line]
        for text in ((tmp_path / "log").read_bytes(), straight())
    )
    assert mine == theirs != []
    assert (none.code, none.text) == (
        2, "lifeline: --domain, --district: expected some sensors, there are none\n",
    )  # fmt: skip


def straight() -> bytes:
    passage = play_through(read(CHAMBERS, FEEDS))
    return encoded(of_engine(passage.transitions, passage.risk_changes))


def test_a_stretch_without_readings_is_told(played: str, tmp_path: Path) -> None:
    early = ["--from", "2024-01-01T00:00:00Z", "--to", "2024-01-02T00:00:00Z", "--engine"]
    refused = run(tmp_path, "replay", *early, dsn=played)

    assert (refused.code, refused.text) == (
        2, "lifeline: --from, --to: expected some readings, none are stored of that time\n",
    )  # fmt: skip


def test_a_database_without_a_journal_is_told_in_one_line(database: str, tmp_path: Path) -> None:
    refused = again(tmp_path, database)

    assert (refused.code, refused.text) == (
        2, "lifeline: --journal: this database has none; it is kept for 7 days\n",
    )  # fmt: skip


def test_a_feed_beside_it_is_refused(database: str, tmp_path: Path) -> None:
    refused = run(tmp_path, "replay", str(CHAMBERS), "--journal", dsn=database)

    assert (refused.code, refused.text) == (
        2, "lifeline: FEED: expected nothing of the kind beside --journal\n",
    )  # fmt: skip
