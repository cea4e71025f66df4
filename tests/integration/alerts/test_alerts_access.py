"""Signing in, sessions, what other sites cannot do, live changes, and what is written down of all of it."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from alerts.access import stream, users
from tests.alerting import START, Alerts, World, alerts, token, until
from tests.integration.alerts.test_alerts_acts import raised
from tests.integration.alerts.test_alerts_api import is_problem

PASSWORD = "a long walk by the river"
WHY = {"why": "on it"}


@pytest.fixture(scope="module")
def process(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alerts]:
    World(module_database)
    with alerts(module_database, tmp_path_factory.mktemp("process")) as process:
        until(lambda: process.standing() == "claiming")
        yield process


@contextmanager
def browser(process: Alerts, name: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
    """Somebody who has signed in, with the page's own header."""
    with httpx.Client(base_url=process.url) as client:
        answer = client.post("/api/session", json={"name": name, "password": password})
        assert answer.status_code == 201, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield client


def test_who_signs_in_acts_under_their_name_until_they_sign_out(process: Alerts, world: World) -> None:
    users.add(world.dsn, "li.wei", "operator", None, PASSWORD)
    alert = raised(world)
    with browser(process, "li.wei") as client:
        cookie = client.cookies.jar.__iter__().__next__()
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert client.get("/api/me").json()["csrf"] == client.headers["X-CSRF-Token"]
        done = client.post(f"/api/alerts/{alert}/acknowledge", json=WHY)
        assert done.json()["history"][-1]["who"] == "li.wei"
        assert client.delete("/api/session").status_code == 204
        client.cookies.set("lifeline_session", str(cookie.value))
        assert is_problem(client.get("/api/me"), 401, "sign in again")


def test_another_sites_write_is_refused(process: Alerts, world: World) -> None:
    users.add(world.dsn, "li.wei", "operator", None, PASSWORD)
    alert = raised(world)
    with browser(process, "li.wei") as client:
        for forged in ("", "0" * 64):
            client.headers["X-CSRF-Token"] = forged
            answer = client.post(f"/api/alerts/{alert}/acknowledge", json=WHY)
            assert is_problem(answer, 403, "X-CSRF-Token")
    assert world.value("select state from alerts") == "unacknowledged"


def test_a_wrong_password_and_a_wrong_name_are_told_alike_and_not_for_ever(
    process: Alerts, world: World
) -> None:
    users.add(world.dsn, "wang.fang", "viewer", None, PASSWORD)
    for name in ("wang.fang", "nobody.at.all"):
        answer = httpx.post(f"{process.url}/api/session", json={"name": name, "password": "guess"})
        assert is_problem(answer, 401, "the name or the password is wrong")
    audited = world.rows("select who, tried, status from api_audit order by audit_id")
    assert audited == [
        {"who": None, "tried": "wang.fang", "status": 401},
        {"who": None, "tried": None, "status": 401},
    ]
    answers = [
        httpx.post(f"{process.url}/api/session", json={"name": "wang.fang", "password": f"guess {n}"})
        for n in range(12)
    ]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_removing_somebody_or_changing_their_password_ends_their_sessions(
    process: Alerts, world: World
) -> None:
    with psycopg.connect(world.dsn) as connection:
        for name in ("a", "b"):
            users.add(world.dsn, name, "viewer", None, PASSWORD)
            connection.execute(
                "insert into sessions (hash, name) values (sha256(%s::bytea), %s)", [name, name]
            )
    for cookie in ("a", "b"):
        with httpx.Client(base_url=process.url, cookies={"lifeline_session": cookie}) as client:
            assert client.get("/api/me").status_code == 200
            users.remove(world.dsn, "a") if cookie == "a" else users.change(world.dsn, "b", PASSWORD + "!")
            assert client.get("/api/me").status_code == 401


def test_a_session_that_was_idle_for_a_shift_is_over(process: Alerts, world: World) -> None:
    users.add(world.dsn, "a", "viewer", None, PASSWORD)
    with psycopg.connect(world.dsn) as connection:
        connection.execute(
            "insert into sessions (hash, name, used_at)"
            " values (sha256('a'), 'a', now() - interval '13 hours')"
        )
    with httpx.Client(base_url=process.url, cookies={"lifeline_session": "a"}) as client:
        assert client.get("/api/me").status_code == 401


def test_every_write_is_written_down_also_what_was_refused(process: Alerts, world: World) -> None:
    alert = raised(world)
    admin, viewer = token(world.dsn, "root", "admin"), token(world.dsn, "screen", "viewer")
    path = f"/api/alerts/{alert}/acknowledge"
    with httpx.Client(base_url=process.url) as client:
        assert client.post(path, json=WHY).status_code == 401
        assert client.post(path, json=WHY, headers=viewer).status_code == 403
        assert client.post(path, json=WHY, headers=admin).status_code == 200
        assert client.post(path, json=WHY, headers=admin).status_code == 409
        assert client.post(path, json={"why": ""}, headers=admin).status_code == 422
        assert client.post(path, content=b"x" * 10_000_000, headers=admin).status_code == 413
        assert is_problem(client.get("/api/audit", headers=viewer), 403, "admin")
        audit = client.get("/api/audit", headers=admin).json()
        older = client.get("/api/audit", params={"before": audit[0]["audit_id"], "limit": 1}, headers=admin)
    said = [(each["who"], each["path"], each["status"]) for each in reversed(audit)]
    who = [None, "screen", "root", "root", "root", None]
    statuses = [401, 403, 200, 409, 422, 413]
    assert said == [(name, path, status) for name, status in zip(who, statuses, strict=True)]
    assert older.json() == audit[1:2]
    with psycopg.connect(world.dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("delete from api_audit")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"why": "\\u0000"}', "application/json", 422),
        (b'{"why": "x", "more": 1}', "application/json", 422),
        (b"why=x", "application/x-www-form-urlencoded", 422),
        (b"{", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
    ],
)
def test_what_is_no_reason_is_refused_and_changes_nothing(
    process: Alerts, world: World, body: bytes, kind: str, status: int
) -> None:
    alert = raised(world)
    header = {**token(world.dsn, "desk", "operator"), "Content-Type": kind}
    answer = httpx.post(f"{process.url}/api/alerts/{alert}/note", content=body, headers=header)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.value("select count(*) from alert_events") == 1


def test_markup_in_a_note_is_kept_as_the_text_that_it_is(process: Alerts, world: World) -> None:
    alert = raised(world)
    said = "<script>alert('x')</script> & <b>"
    with httpx.Client(base_url=process.url, headers=token(world.dsn, "desk", "operator")) as client:
        done = client.post(f"/api/alerts/{alert}/note", json={"why": said})
    assert done.json()["history"][-1]["why"] == said
    assert done.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/login", "/api/me", "/healthz", "/nothing", "/openapi.json"])
def test_no_answer_is_without_what_keeps_a_browser_safe(process: Alerts, path: str) -> None:
    headers = httpx.get(f"{process.url}{path}").headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")


class Watcher:
    """Reads the stream in a thread of its own."""

    def __init__(self, process: Alerts, headers: dict[str, str]) -> None:
        self.events: list[dict[str, Any]] = []
        self.last = ""
        self.open, self.ended = threading.Event(), threading.Event()
        self._client = httpx.Client(base_url=process.url, headers=headers, timeout=30)
        threading.Thread(target=self._read, daemon=True).start()
        assert self.open.wait(10)

    def _read(self) -> None:
        told: list[dict[str, Any]] = []
        named = ""
        try:
            with self._client.stream("GET", "/api/stream") as answer:
                for line in answer.iter_lines():
                    self.open.set()
                    if line.startswith("data: "):
                        told.append(json.loads(line[6:]))
                    elif line.startswith("id: "):
                        named = line[4:]
                    elif not line:
                        self.events += told
                        self.last, told = named, []
        except httpx.TransportError:
            pass
        self.ended.set()

    def close(self) -> None:
        self._client.close()


def test_who_watches_hears_of_each_step_and_a_utility_of_its_own_only(process: Alerts, world: World) -> None:
    room = Watcher(process, token(world.dsn, "room", "operator"))
    gas = Watcher(process, token(world.dsn, "gas", "utility", "gas-co"))
    burst = raised(world)
    leak = raised(world, "chamber-1", hazard="gas-leak")
    until(lambda: len(room.events) == 2 and len(gas.events) == 1)
    assert room.events == [{"id": burst, "version": 1}, {"id": leak, "version": 1}]
    assert gas.events == [{"id": leak, "version": 1}]
    gone, header = room.last, token(world.dsn, "again", "operator")
    room.close()
    httpx.post(f"{process.url}/api/alerts/{burst}/acknowledge", json=WHY, headers=header)
    back = Watcher(process, {**header, "Last-Event-ID": gone})
    until(lambda: {"id": burst, "version": 2} in back.events)
    assert back.events == [{"id": burst, "version": 2}]
    back.close()
    gas.close()


def test_what_was_committed_late_is_heard_by_who_comes_back(process: Alerts, world: World) -> None:
    """Its event was written before the one that the reader heard of last, and committed after it."""
    burst, leak = raised(world), raised(world, "chamber-1", hazard="gas-leak")
    header = token(world.dsn, "room", "operator")
    note = (
        "insert into alert_events (event_id, alert_id, number, kind, who, event_time, why, state, data,"
        " wall_time) values (gen_random_uuid(), %s, 9, 'noted', 'li.wei', now(), 'late', 'unacknowledged',"
        " '{}', now() - interval '1 hour')"
    )
    room = Watcher(process, header)
    with psycopg.connect(world.dsn) as late, psycopg.connect(world.dsn) as early:
        late.execute(note, [burst])
        early.execute(note, [leak])
        early.commit()
        until(lambda: room.events == [{"id": leak, "version": 9}])
        room.close()
        late.commit()
    back = Watcher(process, {**header, "Last-Event-ID": room.last})
    until(lambda: back.events == [{"id": burst, "version": 9}])
    back.close()


def test_who_breaks_off_again_and_again_in_a_storm_hears_of_every_step(
    process: Alerts, world: World, reduced: Callable[[str, int, int], int]
) -> None:
    count, parts = reduced("steps while a stream is broken off", 600, 10_000), 6
    header = token(world.dsn, "room", "operator")
    watchers = [Watcher(process, header)]
    for part in range(parts):
        at = START + timedelta(hours=part)
        steps = (
            (f"dma-{n % 200}", at + timedelta(seconds=n), 1 + (n + part) % 3) for n in range(count // parts)
        )
        world.changes((asset, "burst", time, level) for asset, time, level in steps)
        until(lambda: watchers[-1].events != [], 60)
        watchers[-1].close()
        watchers.append(Watcher(process, {**header, "Last-Event-ID": watchers[-1].last}))
    until(lambda: world.value("select count(*) from risk_changes where claimed_at is null") == 0, 120)
    steps_taken = world.rows("select alert_id::text as id, number from alert_events")
    owed = {(row["id"], row["number"]) for row in steps_taken}
    until(lambda: {(each["id"], each["version"]) for one in watchers for each in one.events} >= owed, 60)
    assert len(owed) >= count // 2
    watchers[-1].close()


def test_who_comes_back_with_a_place_that_is_none_here_is_told_to_read_anew(
    process: Alerts, world: World
) -> None:
    header = token(world.dsn, "room", "operator")
    for strange in ("2026-01-02T03:04:05+00:00", "999999999999"):
        room = Watcher(process, {**header, "Last-Event-ID": strange})
        until(lambda room=room: room.events == [{}])
        room.close()


def test_a_user_is_added_by_command_with_a_password_from_standard_input(world: World) -> None:
    def call(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lifeline", "user", *words],
            input=given,
            capture_output=True,
            text=True,
            env={"LIFELINE_DSN": world.dsn, "PATH": ""},
            check=False,
        )

    short = call("add", "li.wei", "--role", "operator", given="short\n")
    assert (short.returncode, "12 to 200 characters" in short.stderr) == (2, True), short
    assert call("add", "li.wei", "--role", "operator", given=PASSWORD + "\n").returncode == 0
    assert "li.wei: operator" in call("list").stdout
    assert PASSWORD not in str(world.rows("select * from users"))


def test_a_stream_ends_with_the_listener_and_what_comes_after_is_heard_by_who_comes_back(
    process: Alerts, world: World
) -> None:
    header = token(world.dsn, "room", "operator")
    room = Watcher(process, header)
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        connection.execute("select pg_notify('lifeline_alerts', 'nonsense')")
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = %s",
            [stream.NAME],
        )
    until(room.ended.is_set)
    room.close()
    until(lambda: httpx.get(f"{process.url}/api/me", headers=header).status_code == 200)

    def is_heard() -> bool:
        with httpx.stream("GET", f"{process.url}/api/stream", headers=header) as answer:
            return answer.status_code == 200

    until(is_heard)
    back = Watcher(process, header)
    burst = raised(world)
    until(lambda: back.events == [{"id": burst, "version": 1}])
    back.close()
