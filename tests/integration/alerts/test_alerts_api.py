"""The API: what it shows to whom, what people do with cases, and how it says no."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.alerting import START, Alerts, World, alerts, reference_receiver, token, until

ACTS = (
    "acknowledge", "shelve", "unshelve", "reset", "dispatch", "receive", "arrive", "verify", "dismiss",
    "resolve", "close", "note",
)  # fmt: skip
ACKNOWLEDGED = {"why": "crew 3 is on its way"}


@pytest.fixture(scope="module")
def process(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alerts]:
    World(module_database)
    with alerts(module_database, tmp_path_factory.mktemp("process")) as process:
        until(lambda: process.standing() == "claiming")
        yield process


@pytest.fixture
def operator(process: Alerts, world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=process.url, headers=token(world.dsn, "night-desk", "operator")) as client:
        yield client


def raised(world: World, asset: str = "dma-1", *levels: int | None) -> str:
    """The id of a case."""
    before = world.value("select count(*) from risk_changes where claimed_at is not null")
    world.change(asset, *(levels or (2,)))
    count = before + len(levels or (2,))
    until(lambda: world.value("select count(*) from risk_changes where claimed_at is not null") == count)
    return str(world.value("select alert_id from alerts where asset_id = %s", asset))


def is_problem(answer: httpx.Response, status: int, words: str) -> bool:
    content = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, content["status"]) == (status, status), content
    assert words in content["detail"], content
    return content.keys() == {"type", "title", "status", "detail"}


def test_a_case_is_acknowledged_once_by_name_and_with_its_reason(
    operator: httpx.Client, world: World
) -> None:
    alert = raised(world)
    answer = operator.post(f"/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "acknowledged"
    event = answer.json()["history"][-1]
    assert (event["kind"], event["who"], event["why"]) == ("acknowledged", "night-desk", ACKNOWLEDGED["why"])
    before = world.rows("select * from alert_events")
    again = operator.post(f"/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED)
    assert is_problem(again, 409, "it has been acknowledged already")
    assert world.rows("select * from alert_events") == before


def test_of_two_who_acknowledge_at_once_one_wins(operator: httpx.Client, world: World) -> None:
    alert = raised(world)
    with ThreadPoolExecutor(8) as crowd:
        answers = list(
            crowd.map(
                lambda _: operator.post(f"/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED), range(8)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert world.value("select count(*) from alert_events where kind = 'acknowledged'") == 1


def test_acknowledging_what_has_returned_closes_it_and_what_is_closed_stays(
    operator: httpx.Client, world: World
) -> None:
    alert = raised(world, "dma-1", 2, None)
    answer = operator.post(f"/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED)
    assert (answer.json()["state"], answer.json()["level"]) == ("closed", None)
    again = operator.post(f"/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED)
    assert is_problem(again, 409, "it is closed")


def test_the_receiver_is_told_who_has_acknowledged(database: str, tmp_path: Path) -> None:
    world = World(database)
    with reference_receiver(tmp_path) as desk, alerts(world.dsn, tmp_path, {"water-co": desk.url}) as process:
        alert = raised(world)
        header = token(world.dsn, "night-desk", "operator")
        httpx.post(f"{process.url}/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED, headers=header)
        until(lambda: world.delivered() == {"receipted": 2})
        shown = httpx.get(f"{process.url}/api/alerts/{alert}", headers=header).json()
        message = desk.messages()[-1]
    assert (message["kind"], message["who"], message["why"]) == (
        "acknowledged",
        "night-desk",
        ACKNOWLEDGED["why"],
    )
    assert [each["receipt"] for each in shown["deliveries"]] == [
        f"R-{each['delivery_id']}" for each in desk.messages()
    ]


def test_the_event_time_of_an_acknowledgement_in_a_replay_is_the_feeds(
    operator: httpx.Client, world: World
) -> None:
    world.become_a_replay()
    alert = raised(world, "dma-1", 3, 2)
    answer = operator.post(f"/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED)
    assert answer.json()["history"][-1]["event_time"] == "2026-01-02T03:04:06.000000Z"


def test_pages_follow_one_another_newest_first_without_gap_or_repeat(
    operator: httpx.Client, world: World
) -> None:
    world.changes((f"dma-{n}", "burst", START + timedelta(seconds=n // 3), 2) for n in range(25))
    until(lambda: world.value("select count(*) from alerts") == 25)
    seen, cursor = [], None
    while True:
        page = operator.get(
            "/api/alerts", params={"limit": 7, **({"cursor": cursor} if cursor else {})}
        ).json()
        seen += page["alerts"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len({alert["id"] for alert in seen}) == len(seen) == 25
    opened = [alert["opened_at"] for alert in seen]
    assert opened == sorted(opened, reverse=True)


@pytest.mark.parametrize("sort", ["time", "level", "priority"])
def test_pages_follow_one_another_in_each_order(operator: httpx.Client, world: World, sort: str) -> None:
    """Some of it seen, some over, and several of each level and moment."""
    rows = [(f"dma-{n}", "burst", START + timedelta(seconds=n // 3), 1 + n % 4) for n in range(25)]
    world.changes(
        iter(
            [*rows, *((asset, hazard, at + timedelta(minutes=1), None) for asset, hazard, at, _ in rows[::6])]
        )
    )
    until(lambda: world.value("select count(*) from risk_changes where claimed_at is null") == 0)
    for each in rows[1::5]:
        alert = world.value("select alert_id from alerts where asset_id = %s", each[0])
        assert operator.post(f"/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED).status_code == 200
    whole = operator.get("/api/alerts").json()["alerts"]
    seen, cursor = [], None
    while cursor is not None or not seen:
        given = {"limit": 4, "sort": sort, **({"cursor": cursor} if cursor else {})}
        page = operator.get("/api/alerts", params=given).json()
        seen += page["alerts"]
        cursor = page["next"]
    assert [each["id"] for each in seen] == [each["id"] for each in sorted(whole, key=ORDER[sort])]
    assert len({each["state"] for each in seen}) > 2


ORDER: dict[str, Callable[[dict[str, Any]], Any]] = {
    "time": lambda _: 0,
    "level": lambda each: (each["level"] or each["worst_level"])["value"],
    "priority": lambda each: (
        each["state"] not in {"unacknowledged", "returned"},
        (each["level"] or each["worst_level"])["value"],
    ),
}
"""What comes before the time, by which the whole list is sorted already."""


def test_a_cursor_of_one_order_is_none_of_another(operator: httpx.Client, world: World) -> None:
    world.changes((f"dma-{n}", "burst", START, 2) for n in range(3))
    until(lambda: world.value("select count(*) from alerts") == 3)
    cursor = operator.get("/api/alerts", params={"limit": 1, "sort": "level"}).json()["next"]
    answer = operator.get("/api/alerts", params={"sort": "priority", "cursor": cursor})
    assert is_problem(answer, 422, "for a list by priority, not by level")
    assert is_problem(operator.get("/api/alerts", params={"cursor": cursor}), 422, "by time, not by level")
    assert is_problem(operator.get("/api/alerts", params={"sort": "asset"}), 422, "sort")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"dma-1", "dma-2", "chamber-1", "chamber-2"}),
        ({"q": "DMA-1"}, {"dma-1"}),
        ({"q": "main burst"}, {"dma-1", "dma-2", "chamber-1", "chamber-2"}),
        ({"q": "爆管 chamber"}, {"chamber-1", "chamber-2"}),
        ({"q": "gas-co", "level": 1}, {"chamber-1"}),
        ({"q": "设施 water-co"}, {"dma-1", "dma-2"}),
        ({"q": "burst overflow"}, set()),
        ({"q": "%"}, set()),
        ({"state": "returned"}, {"dma-2"}),
        ({"state": ["returned", "unacknowledged"]}, {"dma-1", "dma-2", "chamber-1", "chamber-2"}),
        ({"level": 1}, {"chamber-1"}),
        ({"level": [1, 2]}, {"chamber-1", "dma-1", "dma-2"}),
        ({"domain": "water"}, {"dma-1", "dma-2"}),
        ({"utility": "gas-co", "level": 4}, {"chamber-2"}),
        ({"utility": "nobody"}, set()),
    ],
)
def test_the_list_is_what_was_asked_for(
    operator: httpx.Client, world: World, query: dict[str, object], found: set[str]
) -> None:
    for asset, levels in {"dma-1": (2,), "dma-2": (2, None), "chamber-1": (1,), "chamber-2": (4,)}.items():
        raised(world, asset, *levels)
    shown = operator.get("/api/alerts", params=query).json()["alerts"]
    assert {alert["asset"]["id"] for alert in shown} == found


def test_a_utility_sees_and_acknowledges_its_own_and_nothing_else(process: Alerts, world: World) -> None:
    own, other = raised(world, "dma-1"), raised(world, "chamber-1")
    with httpx.Client(
        base_url=process.url, headers=token(world.dsn, "water", "utility", "water-co")
    ) as client:
        assert [alert["id"] for alert in client.get("/api/alerts").json()["alerts"]] == [own]
        assert client.get("/api/alerts", params={"utility": "gas-co"}).json()["alerts"] == []
        assert client.get("/api/alerts", params={"q": "chamber"}).json()["alerts"] == []
        assert is_problem(client.get(f"/api/alerts/{other}"), 404, other)
        assert is_problem(client.post(f"/api/alerts/{other}/acknowledge", json=ACKNOWLEDGED), 404, other)
        assert client.post(f"/api/alerts/{own}/acknowledge", json=ACKNOWLEDGED).status_code == 200
    assert world.value("select state from alerts where alert_id = %s", other) == "unacknowledged"


def test_a_viewer_may_look_and_not_acknowledge(process: Alerts, world: World) -> None:
    alert = raised(world)
    with httpx.Client(base_url=process.url, headers=token(world.dsn, "screen", "viewer")) as client:
        assert client.get(f"/api/alerts/{alert}").json()["id"] == alert
        answer = client.post(f"/api/alerts/{alert}/acknowledge", json=ACKNOWLEDGED)
        assert is_problem(answer, 403, "not for one of this role")
    assert world.value("select state from alerts") == "unacknowledged"


def test_nobody_is_heard_without_a_live_token(process: Alerts, world: World) -> None:
    from alerts import tokens  # noqa: PLC0415

    header = token(world.dsn, "leaver", "admin")
    url = f"{process.url}/api/alerts"
    assert httpx.get(url, headers=header).status_code == 200
    tokens.revoke(world.dsn, "leaver")
    for headers in (header, {}, {"Authorization": "Bearer x\u00e9"}, {"Authorization": "Basic eDp5"}):
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = httpx.get(url, headers=encoded)
        assert is_problem(answer, 401, "token")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "words"),
    [
        ("GET", "/api/alerts?cursor=nonsense", None, 422, "cursor"),
        ("GET", "/api/alerts?cursor=MjAyNi0wMS0wMiB4", None, 422, "cursor"),
        ("GET", "/api/alerts?level=5", None, 422, "level"),
        ("GET", "/api/alerts?state=open", None, 422, "state"),
        ("GET", "/api/alerts?limit=100000", None, 422, "limit"),
        ("GET", "/api/alerts?utility=%00", None, 422, "utility"),
        ("GET", "/api/alerts/7", None, 422, "alert_id"),
        ("GET", "/api/assets/%00", None, 422, "asset_id"),
        (
            "GET",
            "/api/kpi?since=0001-01-01T00:00:00Z",
            None,
            422,
            "since: Value error, expected a time between",
        ),
        ("GET", "/api/kpi?until=1767323045", None, 422, "until: Value error, expected a time such as"),
        ("POST", "/api/alerts/{alert}/acknowledge", b"{\xff\xff", 400, "body"),
        (
            "POST",
            "/api/alerts/{alert}/shelve",
            b'{"why": "pump", "until": "9999-12-31T23:59:59-14:00"}',
            422,
            "until",
        ),
        ("GET", "/api/alerts/00000000-0000-4000-8000-000000000000", None, 404, "no alert"),
        ("GET", "/api/nothing", None, 404, "Not Found"),
        ("DELETE", "/api/alerts", None, 405, "Method Not Allowed"),
        (
            "POST",
            "/api/alerts/00000000-0000-4000-8000-000000000000/acknowledge",
            b'{"why": "seen"}',
            404,
            "no alert",
        ),
        ("POST", "/api/alerts/{alert}/acknowledge", b"{", 422, "JSON"),
        ("POST", "/api/alerts/{alert}/acknowledge", b"{}", 422, "why"),
        ("POST", "/api/alerts/{alert}/acknowledge", b'{"why": "  "}', 422, "why"),
        ("POST", "/api/alerts/{alert}/acknowledge", b'{"why": "\\u0000"}', 422, "why"),
        ("POST", "/api/alerts/{alert}/acknowledge", b'{"why": "\\ud800"}', 422, "why"),
        ("POST", "/api/alerts/{alert}/acknowledge", b'{"why": "seen", "who": "me"}', 422, "who"),
        ("POST", "/api/alerts/{alert}/acknowledge", b'{"why": "' + b"x" * 2001 + b'"}', 422, "why"),
        ("POST", "/api/alerts/{alert}/acknowledge", b"x" * 10_000_000, 413, "65536 bytes"),
    ],
)
def test_what_cannot_be_is_told_as_a_problem_and_changes_nothing(
    operator: httpx.Client,
    world: World,
    method: str,
    path: str,
    content: bytes | None,
    status: int,
    words: str,
) -> None:
    alert = raised(world)
    headers = {"Content-Type": "application/json"}
    answer = operator.request(method, path.format(alert=alert), content=content, headers=headers)
    assert is_problem(answer, status, words)
    assert world.value("select count(*) from alert_events") == 1


def test_a_body_that_hides_its_size_is_cut_off(operator: httpx.Client, world: World) -> None:
    alert = raised(world)
    parts = (b"x" * 10_000 for _ in range(100))
    answer = operator.post(
        f"/api/alerts/{alert}/acknowledge", content=parts, headers={"Content-Type": "application/json"}
    )
    assert is_problem(answer, 413, "65536 bytes")


def test_html_in_a_reason_stays_text(operator: httpx.Client, world: World) -> None:
    alert = raised(world)
    why = "<script>alert('预警')</script>"
    answer = operator.post(f"/api/alerts/{alert}/acknowledge", json={"why": why})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["history"][-1]["why"] == why


def test_health_and_figures_are_open(process: Alerts, world: World) -> None:
    raised(world, "dma-1", 2)
    raised(world, "dma-2", 4)
    assert httpx.get(f"{process.url}/healthz").json() == {"status": "alive"}
    assert httpx.get(f"{process.url}/readyz").json() == {"status": "ready", "claimer": "claiming"}
    figures = httpx.get(f"{process.url}/metrics").text
    for line in (
        'lifeline_alerts_open{level="serious"} 1.0',
        'lifeline_alerts_open{level="low"} 1.0',
        "lifeline_alerts_outbox_age_seconds 0.0",
        "lifeline_alerts_claiming 1.0",
    ):
        assert line in figures.splitlines()
    assert 'lifeline_alerts_changes_total{result="raised"}' in figures


def test_the_description_names_what_people_do_and_see(process: Alerts) -> None:
    paths = httpx.get(f"{process.url}/openapi.json").json()["paths"]
    assert paths.keys() >= {
        "/api/alerts",
        "/api/alerts/acknowledge",
        "/api/alerts/{alert_id}",
        *(f"/api/alerts/{{alert_id}}/{act}" for act in ACTS),
        "/api/deliveries",
        "/api/deliveries/{delivery_id}/retry",
        "/api/policy",
        "/api/incidents",
        "/api/incidents/{incident_id}",
        "/api/incidents/{incident_id}/merge",
        "/api/incidents/{incident_id}/split",
        "/api/windows",
        "/api/windows/{window_id}",
        "/cap/feed.xml",
        "/cap/{event_id}.xml",
        "/healthz",
        "/readyz",
        "/receipts/{delivery_id}",
    }
