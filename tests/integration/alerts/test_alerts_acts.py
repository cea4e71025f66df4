"""The whole life of cases over HTTP: shelves, maintenance, the closed loop, incidents, refusals."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import httpx
import psycopg
import pytest

from tests.alerting import Alerts, World, alerts, token, until
from tests.integration.alerts.test_alerts_api import is_problem

WHY = {"why": "crew 3 is on it"}


@pytest.fixture(scope="module")
def process(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alerts]:
    World(module_database)
    with alerts(module_database, tmp_path_factory.mktemp("process")) as process:
        until(lambda: process.standing() == "claiming")
        yield process


class Desk:
    """Somebody at the API, and one case."""

    def __init__(self, client: httpx.Client, alert: str) -> None:
        self.client, self.alert = client, alert

    def does(self, act: str, **said: Any) -> httpx.Response:
        return self.client.post(f"/api/alerts/{self.alert}/{act}", json={**WHY, **said})

    def sees(self) -> dict[str, Any]:
        seen: dict[str, Any] = self.client.get(f"/api/alerts/{self.alert}").json()
        return seen

    def state(self) -> tuple[str, str]:
        seen = self.sees()
        return seen["state"], seen["stage"]


@pytest.fixture
def desks(process: Alerts, world: World) -> Iterator[dict[str, httpx.Client]]:
    """A client for each role; the utility's is of water-co."""
    with ExitStack() as stack:
        yield {
            role: stack.enter_context(
                httpx.Client(
                    base_url=process.url,
                    headers=token(world.dsn, role, role, "water-co" if role == "utility" else None),
                )
            )
            for role in ("viewer", "utility", "operator", "engineer")
        }


def raised(world: World, asset: str = "dma-1", level: int = 2, hazard: str = "burst") -> str:
    now = datetime.now(UTC)
    world.change(asset, level, at=now, hazard=hazard)
    until(lambda: world.rows("select from alerts where asset_id = %s and state <> 'closed'", asset) != [])
    return str(world.value("select alert_id from alerts where asset_id = %s and state <> 'closed'", asset))


def cleared(world: World, asset: str = "dma-1", hazard: str = "burst") -> None:
    world.change(asset, None, at=datetime.now(UTC), hazard=hazard)
    until(lambda: world.value("select count(*) from risk_changes where claimed_at is null") == 0)


def test_the_closed_loop_from_alarm_to_closing(desks: dict[str, httpx.Client], world: World) -> None:
    alert = raised(world)
    operator, crew = Desk(desks["operator"], alert), Desk(desks["utility"], alert)
    assert operator.sees()["awaits"] == "acknowledgement"
    for desk, act, said, expected in (
        (operator, "acknowledge", {}, ("acknowledged", "none")),
        (operator, "dispatch", {"to": "crew 3"}, ("acknowledged", "dispatched")),
        (crew, "receive", {}, ("acknowledged", "received")),
        (crew, "arrive", {}, ("acknowledged", "on_site")),
        (crew, "verify", {}, ("acknowledged", "verified")),
        (crew, "resolve", {}, ("acknowledged", "resolved")),
    ):
        answer = desk.does(act, **said)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["state"], answer.json()["stage"]) == expected
    assert is_problem(operator.does("close"), 409, "its evidence is live")
    cleared(world)
    assert operator.state() == ("normal", "resolved")
    assert operator.does("close").json()["state"] == "closed"
    kinds = [event["kind"] for event in operator.sees()["history"]]
    done = ["acknowledged", "dispatched", "received", "arrived", "verified", "resolved"]
    assert kinds == ["raised", *done, "cleared", "closed"]


def test_a_false_alarm_names_its_cause_and_is_closed_when_its_evidence_is_gone(
    desks: dict[str, httpx.Client], world: World
) -> None:
    desk = Desk(desks["operator"], raised(world))
    desk.does("acknowledge")
    assert is_problem(desk.does("dismiss"), 422, "cause")
    assert is_problem(desk.does("dismiss", cause="bad luck"), 422, "cause")
    dismissed = desk.does("dismiss", cause="sensor-fault").json()
    assert (dismissed["stage"], dismissed["history"][-1]["cause"]) == ("false_alarm", "sensor-fault")
    cleared(world)
    assert desk.does("close").json()["state"] == "closed"


def test_a_shelf_has_a_reason_a_limit_and_an_end(desks: dict[str, httpx.Client], world: World) -> None:
    desk = Desk(desks["operator"], raised(world))
    soon = datetime.now(UTC) + timedelta(seconds=2)
    assert is_problem(desk.does("shelve", until=(soon + timedelta(days=2)).isoformat()), 422, "that long")
    assert is_problem(desk.does("shelve", until="2020-01-01T00:00:00Z"), 422, "before it begins")
    assert is_problem(Desk(desks["utility"], desk.alert).does("shelve"), 403, "not for one of this role")
    assert desk.does("shelve", until=soon.isoformat()).json()["state"] == "shelved"
    assert is_problem(desk.does("acknowledge"), 409, "shelved, suppressed or out of service")
    until(lambda: desk.state()[0] == "unacknowledged")
    last = desk.sees()["history"][-1]
    assert (last["kind"], last["who"]) == ("unshelved", "rules")


def test_a_major_case_is_shelved_by_an_engineer_only(desks: dict[str, httpx.Client], world: World) -> None:
    alert = raised(world, level=1)
    assert is_problem(Desk(desks["operator"], alert).does("shelve", once=True), 403, "role")
    assert Desk(desks["engineer"], alert).does("shelve", once=True).json()["state"] == "shelved"


def test_the_acts_that_are_offered_are_those_of_the_role(
    desks: dict[str, httpx.Client], world: World
) -> None:
    alert = raised(world)
    offered = {role: set(Desk(client, alert).sees()["acts"]) for role, client in desks.items()}
    assert offered == {
        "viewer": set(),
        "utility": {"acknowledged", "dismissed"},
        "operator": {"acknowledged", "dismissed", "dispatched", "shelved"},
        "engineer": {"acknowledged", "dismissed", "dispatched", "shelved"},
    }


def test_a_case_is_opened_by_hand_once(desks: dict[str, httpx.Client], world: World) -> None:
    said = {"asset_id": "dma-3", "hazard": "burst", "why": "a neighbour called"}
    operator = desks["operator"]
    answer = operator.post("/api/alerts", json=said)
    assert answer.status_code == 201, answer.text
    opened = answer.json()
    assert (opened["state"], opened["history"][0]["kind"], opened["likelihood"]) == (
        "acknowledged",
        "opened",
        5,
    )
    assert is_problem(operator.post("/api/alerts", json=said), 409, "open already")
    assert is_problem(operator.post("/api/alerts", json={**said, "asset_id": "nowhere"}), 404, "no asset")
    assert is_problem(operator.post("/api/alerts", json={**said, "hazard": "ghosts"}), 422, "hazard")
    assert is_problem(desks["utility"].post("/api/alerts", json=said), 403, "not for one of this role")
    world.change("dma-3", 1, at=datetime.now(UTC))
    until(lambda: Desk(operator, opened["id"]).sees()["level"]["value"] == 1)
    assert world.value("select count(*) from alerts where asset_id = 'dma-3'") == 1


def test_who_saw_another_version_is_told_so(desks: dict[str, httpx.Client], world: World) -> None:
    alert = raised(world)
    operator = desks["operator"]
    seen = operator.get(f"/api/alerts/{alert}").headers["ETag"]
    path = f"/api/alerts/{alert}/acknowledge"
    assert operator.post(path, json=WHY, headers={"If-Match": seen}).status_code == 200
    late = operator.post(path, json=WHY, headers={"If-Match": seen})
    assert is_problem(late, 412, "somebody else was faster: it is at version 2, acknowledged by operator")
    assert world.value("select count(*) from alert_events where kind = 'acknowledged'") == 1


def test_of_two_operators_who_saw_the_same_one_wins_and_the_other_hears_who(
    process: Alerts, world: World
) -> None:
    """At once, again and again, for in one try both may come one after the other."""
    people = {name: token(world.dsn, name, "operator") for name in ("li.wei", "wang.fang")}
    for n in range(8):
        path = f"{process.url}/api/alerts/{raised(world, f'dma-{n}')}/acknowledge"
        together = Barrier(len(people))

        def acknowledge(name: str, path: str = path, together: Barrier = together) -> httpx.Response:
            with httpx.Client(headers=people[name] | {"If-Match": '"1"'}) as client:
                together.wait(10)
                return client.post(path, json=WHY)

        with ThreadPoolExecutor(len(people)) as both:
            answers = dict(zip(people, both.map(acknowledge, people), strict=True))
        (winner,) = [name for name, answer in answers.items() if answer.status_code == 200]
        (late,) = [answer for name, answer in answers.items() if name != winner]
        assert is_problem(late, 412, f"it is at version 2, acknowledged by {winner}")
    assert world.value("select count(*) from alert_events where kind = 'acknowledged'") == 8


def test_nothing_is_annunciated_during_maintenance_and_what_is_live_sounds_after_it(
    desks: dict[str, httpx.Client], world: World
) -> None:
    engineer = desks["engineer"]
    before = Desk(desks["operator"], raised(world, "dma-5"))
    now = datetime.now(UTC)
    window = {"asset_id": "dma-5", "starts_at": now.isoformat(), "why": "new valve"}
    window["ends_at"] = (now + timedelta(hours=1)).isoformat()
    assert is_problem(desks["operator"].post("/api/windows", json=window), 403, "engineer")
    planned = engineer.post("/api/windows", json=window)
    assert (planned.status_code, planned.json()["state"]) == (201, "open")
    until(lambda: before.state()[0] == "out_of_service")
    cleared(world, "dma-5")
    assert before.state()[0] == "closed"
    again = Desk(desks["operator"], raised(world, "dma-5"))
    assert again.state()[0] == "out_of_service"
    window_id = planned.json()["window_id"]
    assert engineer.delete(f"/api/windows/{window_id}").status_code == 204
    until(lambda: again.state()[0] == "unacknowledged")
    assert is_problem(engineer.delete(f"/api/windows/{window_id}"), 404, "that is not over")
    listed = engineer.get("/api/windows", params={"past": True}).json()
    assert [(each["state"], each["ended_by"]) for each in listed] == [("over", "engineer")]


def test_a_window_of_a_device_covers_what_only_it_says(desks: dict[str, httpx.Client], world: World) -> None:
    with psycopg.connect(world.dsn) as connection:
        connection.execute(
            "insert into device_types values ('t', 't', 't', 60, 60, true, true) on conflict do nothing"
        )
        connection.execute(
            "insert into devices (device_id, device_type_id, domain, district)"
            " values ('pt-3', 't', 'water', 'east') on conflict do nothing"
        )
    now = datetime.now(UTC)
    window = {"device_id": "pt-3", "starts_at": now.isoformat(), "why": "battery"}
    window["ends_at"] = (now + timedelta(hours=1)).isoformat()
    assert desks["engineer"].post("/api/windows", json=window).status_code == 201
    assert Desk(desks["operator"], raised(world, "dma-7")).state()[0] == "out_of_service"


def test_incidents_are_merged_and_split_by_hand(desks: dict[str, httpx.Client], world: World) -> None:
    operator = desks["operator"]
    burst, leak = raised(world, "dma-8"), raised(world, "chamber-8", hazard="gas-leak")
    listed = operator.get("/api/incidents").json()
    assert {each["cause"]["id"]: each["alerts"] for each in listed} == {"burst": 1, "gas-leak": 1}
    ids = {each["cause"]["id"]: each["id"] for each in listed}
    merged = operator.post(f"/api/incidents/{ids['gas-leak']}/merge", json={**WHY, "into": ids["burst"]})
    assert merged.status_code == 200, merged.text
    assert (merged.json()["alerts"], merged.json()["history"][-1]["kind"]) == (2, "merged")
    inside = operator.get("/api/alerts", params={"incident": ids["burst"]}).json()["alerts"]
    assert {each["id"] for each in inside} == {burst, leak}
    own = desks["utility"].get(f"/api/incidents/{ids['burst']}").json()
    assert own["alerts"] == 1
    split = operator.post(f"/api/incidents/{ids['burst']}/split", json={**WHY, "ids": [leak]})
    assert (split.status_code, split.json()["alerts"]) == (200, 1)
    again = operator.post(f"/api/incidents/{ids['burst']}/split", json={**WHY, "ids": [leak]})
    assert is_problem(again, 409, "not all of them are cases")
    gone = operator.post(f"/api/incidents/{ids['gas-leak']}/merge", json={**WHY, "into": ids["burst"]})
    assert is_problem(gone, 409, "two open incidents")


def test_several_are_acknowledged_together_and_each_says_what_was_refused(
    desks: dict[str, httpx.Client], world: World
) -> None:
    first, second = raised(world, "dma-1"), raised(world, "chamber-1", hazard="gas-leak")
    utility = desks["utility"]
    answers = utility.post("/api/alerts/acknowledge", json={**WHY, "ids": [first, second]}).json()
    assert [each["refusal"] for each in answers] == [None, f"no alert {second}"]


def test_the_figures_count_what_sounded(desks: dict[str, httpx.Client], world: World) -> None:
    desk = Desk(desks["operator"], raised(world))
    desk.does("acknowledge")
    raised(world, "chamber-1", level=1, hazard="gas-leak")
    raised(world, "dma-2", level=4)
    world.change("dma-4", 4, 3, at=datetime.now(UTC))
    until(lambda: world.value("select count(*) from risk_changes where claimed_at is null") == 0)
    end = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    for role, alarms in (("operator", 3), ("utility", 2)):
        found = desks[role].get("/api/kpi", params={"until": end}).json()
        named = {each["name"]: each["value"] for each in found["figures"]}
        assert (named["alarms"], found["sound"], found["positions"]) == (alarms, True, 2)
        assert named["mean time to acknowledge"] is not None
    none = desks["operator"].get("/api/kpi", params={"since": end, "until": end})
    assert is_problem(none, 422, "since")
