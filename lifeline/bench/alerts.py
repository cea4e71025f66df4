"""``lifeline bench alerts``: one function a figure, each with a real ``lifeline alerts`` and its receiver."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg

from lifeline.bench.console import first_paint
from lifeline.bench.figures import Figure
from lifeline.bench.listing import listing
from lifeline.children import Child
from lifeline.settings import Settings
from lifeline.stage import INBOX, Stage, connect, desk, stage
from sensors.errors import UnavailableError

RATE = 100
SECONDS = 60
QUEUED = 10_000
MAJORS, LATER = 50, 10
PATIENCE_S = 600

_CHANGE = """
insert into risk_changes
    (asset_id, hazard, time, level, likelihood, consequence, inputs, rules_version, partition, seq)
values (%s, 'burst', %s, 2, 4, 3, '{"evidence": []}', 'bench', 'bench', 1)
"""
_GRADED = """
insert into risk_changes
    (asset_id, hazard, time, level, likelihood, consequence, inputs, rules_version, partition, seq)
values (%s, %s, %s, %s, 4, 3, '{"evidence": []}', 'bench', 'bench', 1)
"""
_TOOK = """
select r.asset_id, extract(epoch from d.finished_at)::float8 as finished
from deliveries d join alert_events e using (event_id) join risk_changes r using (risk_change_id)
where d.state = 'receipted'
"""


def latency(settings: Settings, rate: int = RATE, seconds: int = SECONDS) -> Iterator[Figure]:
    """From just before a transition is committed to its receipt written down, at a steady rate."""
    with _alerts(settings) as (at, connection, receiver), receiver:
        begun: dict[str, float] = {}
        start = time.time()
        for n in range(rate * seconds):
            time.sleep(max(0.0, start + n / rate - time.time()))
            begun[asset := f"asset-{n}"] = time.time()
            connection.execute(_CHANGE, [asset, datetime.now(UTC)])
            connection.execute("notify lifeline_risk")
        spent = time.time() - start
        _until(connection, "receipted", len(begun))
        rows = connection.execute(_TOOK).fetchall()
        took = [_number(finished) - begun[str(asset)] for asset, finished in rows]
        p50, p95, p99 = np.percentile(took, [50, 95, 99])
        yield Figure(
            bench="alerts",
            case="latency",
            value=float(p99),
            unit="s, committed to receipt, p99",
            goal="1 or less at 100 transitions/s",
            beside={
                "p50_s": float(p50),
                "p95_s": float(p95),
                "largest_s": max(took),
                "transitions": len(took),
                "per_s": len(took) / spent,
                "received_once": _received(at),
            },
        )


def outage(settings: Settings, queued: int = QUEUED) -> Iterator[Figure]:
    """All queued while the receiver is away, and tried in vain as they come; it acts once on each."""
    with _alerts(settings) as (at, connection, receiver):
        with connection.transaction(), connection.cursor() as cursor:
            now = datetime.now(UTC)
            cursor.executemany(_CHANGE, [(f"asset-{n}", now) for n in range(queued)])
            cursor.execute("notify lifeline_risk")
        _until(connection, "queued or failed", queued)
        with receiver:
            back = time.time()
            _until(connection, "receipted", queued)
            spent = time.time() - back
            acted = _received(at)
        yield Figure(
            bench="alerts",
            case="outage",
            value=acted,
            unit="messages acted on once",
            goal=f"{queued}",
            beside={"queued": queued, "seconds_after_return": spent, "per_s": queued / spent},
        )


def storm(settings: Settings, queued: int = QUEUED) -> Iterator[Figure]:
    """Major alerts among ten thousand others, and unrelated ones that come while those are on their way."""
    with _alerts(settings) as (_, connection, receiver), receiver:
        begun = {f"asset-{n}": 0.0 for n in range(0, queued, queued // MAJORS)}
        now = datetime.now(UTC)
        rows = [(f"asset-{n}", "overflow", now, 1 if f"asset-{n}" in begun else 3) for n in range(queued)]
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(_GRADED, rows)
            cursor.execute("notify lifeline_risk")
            begun = dict.fromkeys(begun, time.time())
        for n in range(LATER):
            time.sleep(1)
            begun[f"later-{n}"] = time.time()
            connection.execute(_GRADED, [f"later-{n}", "gas-leak", datetime.now(UTC), 1])
            connection.execute("notify lifeline_risk")
        left = connection.execute("select count(*) from deliveries where finished_at is null").fetchone()
        _until(connection, "receipted", queued + LATER)
        took = {
            str(asset): _number(finished) - begun[str(asset)]
            for asset, finished in connection.execute(_TOOK).fetchall()
            if asset in begun
        }
        at_once = [took[asset] for asset in took if asset.startswith("asset")]
        yield Figure(
            bench="alerts",
            case="storm",
            value=max(took.values()),
            unit="s, committed to receipt, the slowest major alert of a storm",
            goal="1 or less",
            beside={
                "storm": queued,
                "majors_at_once": len(at_once),
                "slowest_at_once_s": max(at_once),
                "majors_later": LATER,
                "slowest_later_s": max(took[f"later-{n}"] for n in range(LATER)),
                "others_still_on_their_way_after_the_last": _number(left and left[0]),
            },
        )


CASES: Mapping[str, Callable[[Settings], Iterator[Figure]]] = {
    "latency": latency,
    "outage": outage,
    "storm": storm,
    "list": listing,
    "console": first_paint,
}


@contextmanager
def _alerts(settings: Settings) -> Iterator[tuple[Stage, "psycopg.Connection[tuple[object, ...]]", Child]]:
    """``lifeline alerts`` on a database of its own, and the receiver that it calls, not started yet."""
    with stage(settings) as at:
        receivers, command = desk(at.folder)
        api = {"receivers": receivers, "api_host": "127.0.0.1", "api_port": 0}
        receiver = Child("receiver", command, at.folder / "receiver.log", {})
        with (
            Child.lifeline(at.folder, "alerts", dsn=at.dsn, mqtt_url=at.mqtt_url, **api) as alerts,
            connect(at.dsn) as connection,
        ):
            alerts.until("claiming")
            yield at, connection, receiver


def _until(connection: "psycopg.Connection[Any]", state: str, wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    query = "select count(*) from deliveries where state = any(%s)"
    while (row := connection.execute(query, [state.split(" or ")]).fetchone()) is None or row[0] < wanted:
        if time.monotonic() > deadline:
            raise UnavailableError(f"{row and row[0]} of {wanted} deliveries {state} within {PATIENCE_S} s")
        time.sleep(0.2)


def _received(at: Stage) -> int:
    """How many messages the receiver has acted on, each once.

    Raises:
        UnavailableError: it has acted on one twice.
    """
    lines = (at.folder / INBOX).read_text(encoding="utf-8").splitlines()
    ids = {json.loads(line)["delivery_id"] for line in lines}
    if len(ids) < len(lines):
        raise UnavailableError(f"{len(lines) - len(ids)} messages were acted on twice")
    return len(ids)


def _number(value: object) -> float:
    assert isinstance(value, float | int)
    return value
