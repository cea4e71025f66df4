"""What tests of alerts need: changes of risk as a worker writes them, real receivers, the real process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

import rules.write
from alerts import tables
from alerts.routing import Plan, Route
from alerts.routing import Receiver as Told
from lifeline.runtime.ports import kept_port
from rules.model import RiskChange
from rules.risk import Evidence, Strength
from tests.support.roles import acting

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef"
_EMPTIED = (
    "alert_stream",
    "deliveries",
    "alert_events",
    "alerts",
    "incident_events",
    "incidents",
    "maintenance_windows",
    "risk_changes",
    "procrastinate_jobs",
    "api_tokens",
    "sessions",
    "users",
    "api_audit",
    "receipt_calls",
)
_CHANGE = """
insert into risk_changes
    (asset_id, hazard, time, level, likelihood, consequence, inputs, rules_version, partition, seq)
values (%s, %s, %s, %s, 4, 3, %s, 'v1', 'p', 1)
"""


class World:
    """The database from the worker's side: a city of two utilities, and whatever the rules find in it."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        with self._connect() as connection:
            for utility in ("gas-co", "water-co"):
                connection.execute(
                    "insert into utilities values (%s, '公司', 'company') on conflict do nothing", [utility]
                )
            for asset, domain in (("chamber", "gas"), ("dma", "water")):
                connection.execute(
                    "insert into assets (asset_id, name, name_en, kind, domain, utility_id, district, grid,"
                    " longitude, latitude, people, critical_users, cascade, cost, inherent_likelihood)"
                    " select %s || '-' || n, '设施', 'asset', %s, %s, %s || '-co', 'east', 'g1',"
                    " 117.2, 31.8, 3, 3, 3, 3, 2 from generate_series(0, 249) n on conflict do nothing",
                    [asset, asset, domain, domain],
                )

    def forget(self) -> None:
        """Make all undone, as no role of the system could."""
        with self._connect() as connection:
            connection.execute("set session_replication_role = replica")
            for emptied in _EMPTIED:
                connection.execute(f"delete from {emptied}".encode())
            connection.execute("update deployment set purpose = 'production', run_id = null")

    def become_a_replay(self) -> None:
        with self._connect() as connection:
            connection.execute("update deployment set purpose = 'replay', run_id = 'drill-1'")

    def change(self, asset: str, *levels: int | None, hazard: str = "burst", at: datetime = START) -> None:
        """The risk of an asset takes these levels, a second apart, in one transaction of the worker."""
        self.changes((asset, hazard, at + timedelta(seconds=n), level) for n, level in enumerate(levels))

    def changes(self, rows: Iterator[tuple[str, str, datetime, int | None]]) -> None:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.executemany(
                _CHANGE,
                [(asset, hazard, at, level, Jsonb(inputs(at))) for asset, hazard, at, level in rows],
            )
            connection.execute("notify lifeline_risk")

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def value(self, query: str, *parameters: object) -> Any:
        (row,) = self.rows(query, *parameters)
        return next(iter(row.values()))

    def delivered(self) -> dict[str, int]:
        """How many deliveries there are in each state."""
        rows = self.rows("select state, count(*) as n from deliveries group by state")
        return {row["state"]: row["n"] for row in rows}

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.dsn)


def inputs(at: datetime) -> dict[str, object]:
    """What the worker says of the evidence at a time."""
    micros = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    piece = Evidence(
        rule="low-pressure", subject="pt-3/p", group="pressure", state=1, strength=Strength(llr=2.0),
        quality=1.0, value=0.11, time=micros, reason="0.11 is at or below 0.14",
    )  # fmt: skip
    change = RiskChange(
        asset="dma-1", hazard="burst", time=micros, level=2, previous=None, likelihood=4, consequence=3,
        probability=0.5, evidence=(piece,), weights=(1.2,), cause=None,
    )  # fmt: skip
    made: dict[str, object] = json.loads(rules.write.inputs(change))
    return made


@dataclass
class Receiver:
    """A running reference receiver."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def messages(self) -> list[dict[str, Any]]:
        if not self.log.exists():
            return []
        whole, _, _ = self.log.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]


@contextmanager
def reference_receiver(folder: Path, name: str = "desk") -> Iterator[Receiver]:
    """The reference receiver as its own process; started again under the same name it keeps port and log."""
    secret, log, port = folder / "receiver.key", folder / f"{name}.jsonl", kept_port(folder / f"{name}.port")
    secret.write_text(SECRET)
    command = [sys.executable, "-m", "alerts.reference_receiver", "--port", str(port)]
    with running([*command, "--secret-file", str(secret), "--log", str(log)]) as process:
        receiver = Receiver(port, log, process)
        until(lambda: answers(receiver.url))
        yield receiver


@dataclass
class Alerts:
    """A running ``lifeline alerts``."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path

    def standing(self) -> str | None:
        """What it says of itself, or None while it does not answer."""
        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=6)
        except httpx.TransportError:
            return None
        return str(answer.json().get("claimer", answer.json().get("detail")))


@contextmanager
def alerts(
    dsn: str,
    folder: Path,
    receivers: Mapping[str, str] | None = None,
    *,
    drill: bool = False,
    name: str = "alerts",
    change: tuple[str, str] = ("", ""),
) -> Iterator[Alerts]:
    """The real process with the rights it has; receivers: URL by utility. change: in their file.

    It may not be ready yet.
    """
    (folder / "receiver.key").write_text(SECRET)
    file = folder / "receivers.toml"
    written = "".join(table(utility, url, drill=drill) for utility, url in (receivers or {}).items())
    file.write_text(written.replace(*change) if change[0] else written)
    port = kept_port(folder / f"{name}.port")
    dsn = acting(dsn, "lifeline_application")
    given = {"LIFELINE_DSN": dsn, "LIFELINE_API_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    if receivers:
        given["LIFELINE_RECEIVERS"] = str(file)
    output = folder / f"{name}.log"
    with running([sys.executable, "-m", "lifeline", "alerts"], given, output) as process:
        yield Alerts(f"http://127.0.0.1:{port}", process, output)


def table(utility: str, url: str, *, drill: bool) -> str:
    name = "all" if utility == "*" else utility
    owner = "" if utility == "*" else f'utility = ["{utility}"]\n'
    acknowledges = "" if utility == "*" else f'utility = "{utility}"\n'
    return (
        f'[[receiver]]\nid = "{name}-desk"\nchannel = "webhook"\nurl = "{url}"\n'
        f'secret_file = "receiver.key"\ndrill = {str(drill).lower()}\n{acknowledges}'
        f'[[route]]\nto = ["{name}-desk"]\n{owner}'
    )


def webhook(
    name: str, url: str = "http://127.0.0.1:9/", secret: str = SECRET, *, drill: bool = False
) -> Told:
    """A receiver by webhook as the receivers file makes it."""
    made = tables.Webhook(id=name, url=url, secret_file="receiver.key", drill=drill)
    return Told(name, drill, made, {"secret": secret.encode()})


def plan(*receivers: Told, **conditions: Any) -> Plan:
    """A plan with one route, to all of them."""
    to = tuple(receiver.id for receiver in receivers)
    return Plan(receivers, (Route(0, tables.Route(to=to, **conditions)),))


def token(dsn: str, name: str, role: str, utility: str | None = None) -> dict[str, str]:
    """The header that a new token's holder sends."""
    from alerts.tokens import add  # noqa: PLC0415

    return {"Authorization": f"Bearer {add(dsn, name, role, utility)}"}


@contextmanager
def running(
    command: Sequence[str], given: Mapping[str, str] | None = None, output: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive its test."""
    with (output or Path(os.devnull)).open("ab") as into:
        process = subprocess.Popen(
            command, env={**os.environ, **(given or {})}, stdout=into, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=1)
    except httpx.TransportError:
        return False
    return True


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a condition, and fail if it does not come to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
