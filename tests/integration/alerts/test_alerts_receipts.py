"""Deliveries as people see them, a try by hand, and a utility's own signed call."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from alerts.signature import HEADER, signature
from tests.alerting import SECRET, START, Alerts, World, alerts, reference_receiver, table, token, until
from tests.support.hearing import Whims, listening


@pytest.fixture
def process(world: World, tmp_path: Path) -> Iterator[Alerts]:
    """Alerts of which one delivery is taken without a receipt, and one is dead."""
    whims = Whims((200, b""), (404, b""))
    with (
        listening(whims) as url,
        alerts(world.dsn, tmp_path, {"water-co": url, "gas-co": url}) as process,
    ):
        world.change("dma-1", 2)
        until(lambda: world.delivered() == {"delivered": 1})
        world.change("chamber-1", 1, hazard="gas-leak")
        until(lambda: world.delivered() == {"delivered": 1, "dead": 1})
        yield process


def delivery(world: World, receiver: str = "water-co-desk") -> Any:
    return world.value("select delivery_id from deliveries where receiver = %s", receiver)


def call(
    process: Alerts, of: Any, body: object, *, secret: str = SECRET, at: float = 0, header: str | None = None
) -> httpx.Response:
    content = json.dumps(body).encode()
    signed = signature(secret.encode(), int(time.time() + at), content) if header is None else header
    return httpx.post(f"{process.url}/receipts/{of}", content=content, headers={HEADER: signed})


def test_a_utility_closes_a_delivery_and_acknowledges(world: World, process: Alerts) -> None:
    of, said = delivery(world), {"who": "王工", "why": "crew 3 is on its way"}
    answer = call(process, of, {"receipt": "W-1", "acknowledge": said})
    assert (answer.status_code, answer.json()["receipt"], answer.json()["state"]) == (200, "W-1", "receipted")
    (event,) = world.rows("select who, why from alert_events where kind = 'acknowledged'")
    assert event == {"who": "王工 (water-co-desk)", "why": "crew 3 is on its way"}
    assert world.value("select receipt from deliveries where delivery_id = %s", of) == "W-1"


def test_each_call_counts_once_and_a_receipt_stays(world: World, process: Alerts) -> None:
    of = delivery(world)
    content, now = json.dumps({"receipt": "W-1"}).encode(), int(time.time())
    signed = {HEADER: signature(SECRET.encode(), now, content)}
    codes = [
        httpx.post(f"{process.url}/receipts/{of}", content=content, headers=signed).status_code for _ in "ab"
    ]
    assert codes == [200, 409]
    assert call(process, of, {"receipt": "W-1"}, at=1).status_code == 200
    assert call(process, of, {"receipt": "W-2"}).status_code == 409
    assert world.value("select receipt from deliveries where delivery_id = %s", of) == "W-1"


@pytest.mark.parametrize(
    "how",
    [
        {"header": ""},
        {"header": "t=1,v1=00"},
        {"header": "t=²,v1=00"},
        {"secret": "another key of 16 bytes or more"},
        {"at": -301},
        {"at": 302},
    ],
)
def test_a_call_that_is_not_signed_by_it_and_now_changes_nothing(
    world: World, process: Alerts, how: dict[str, Any]
) -> None:
    if not how.get("header", "").isascii():
        how = {"header": how["header"].encode("latin-1")}
    answer = call(process, delivery(world), {"receipt": "W-1"}, **how)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.delivered() == {"delivered": 1, "dead": 1}


GAS = "the gas company's own key"


@contextmanager
def apart(world: World, folder: Path, *, gas_hears_all: bool = False) -> Iterator[Alerts]:
    """Two receivers in one file, each with a key of its own."""
    (folder / "gas.key").write_text(GAS)
    route = '\n[[route]]\nto = ["gas-co-desk"]\n'
    shared = f'secret_file = "receiver.key"\ndrill = false\nutility = "gas-co"{route}utility = ["gas-co"]\n'
    own = shared.replace("receiver.key", "gas.key")
    own = own.replace('utility = ["gas-co"]\n', "") if gas_hears_all else own
    with listening(Whims(*[(200, b"")] * 9)) as url:
        to = {"water-co": url, "gas-co": url}
        with alerts(world.dsn, folder, to, change=(shared, own)) as process:
            world.change("dma-1", 2)
            world.change("chamber-1", 2, hazard="gas-leak")
            until(lambda: world.delivered() == {"delivered": 3 if gas_hears_all else 2})
            yield process


def test_each_receiver_signs_with_its_own_key_and_for_its_own_delivery(world: World, tmp_path: Path) -> None:
    with apart(world, tmp_path) as process:
        water, gas = delivery(world), delivery(world, "gas-co-desk")
        assert call(process, water, {"receipt": "G-1"}, secret=GAS).status_code == 401
        assert call(process, gas, {"receipt": "W-1"}).status_code == 401
        assert world.delivered() == {"delivered": 2}
        assert call(process, gas, {"receipt": "G-1"}, secret=GAS).status_code == 200
        assert call(process, water, {"receipt": "W-1"}).status_code == 200
        assert world.delivered() == {"receipted": 2}


def test_who_hears_of_anothers_alert_acknowledges_it_by_no_signed_call(world: World, tmp_path: Path) -> None:
    with apart(world, tmp_path, gas_hears_all=True) as process:
        of = world.value(
            "select delivery_id from deliveries join alert_events using (event_id)"
            " join alerts using (alert_id) where receiver = 'gas-co-desk' and asset_id = 'dma-1'"
        )
        said = {"receipt": "G-1", "acknowledge": {"who": "a", "why": "b"}}
        answer = call(process, of, said, secret=GAS)
        assert answer.status_code == 403
        assert "not one of gas-co" in answer.json()["detail"]
        assert call(process, "00000000-0000-4000-8000-000000000000", said, secret=GAS).status_code == 401
    assert world.delivered() == {"delivered": 3}
    assert world.value("select count(*) from alert_events where kind = 'acknowledged'") == 0
    audited = world.rows("select status from api_audit order by audit_id")
    assert [row["status"] for row in audited] == [403, 401]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 422),
        ({"receipt": ""}, 422),
        ({"receipt": "x" * 201}, 422),
        ({"receipt": "W", "more": 1}, 422),
        ({"receipt": "W", "acknowledge": {"who": "", "why": "x"}}, 422),
        ({"receipt": "x" * 70_000}, 413),
    ],
)
def test_a_signed_call_that_says_nothing_sensible_changes_nothing(
    world: World, process: Alerts, body: object, code: int
) -> None:
    assert call(process, delivery(world), body).status_code == code
    assert world.delivered() == {"delivered": 1, "dead": 1}


def test_a_receiver_without_a_utility_acknowledges_nothing(world: World, tmp_path: Path) -> None:
    with listening(Whims((200, b""))) as url, alerts(world.dsn, tmp_path, {"*": url}) as process:
        world.change("dma-1", 2)
        until(lambda: world.delivered() == {"delivered": 1})
        said = {"receipt": "W", "acknowledge": {"who": "a", "why": "b"}}
        assert call(process, delivery(world, "all-desk"), said).status_code == 403
        assert world.delivered() == {"delivered": 1}


def test_deliveries_are_listed_by_whose_they_are(world: World, process: Alerts) -> None:
    viewer = token(world.dsn, "v", "viewer")
    gas = token(world.dsn, "g", "utility", "gas-co")

    def listed(who: dict[str, str], **wanted: str) -> list[str]:
        answer = httpx.get(f"{process.url}/api/deliveries", params=wanted, headers=who)
        return [each["receiver"] for each in answer.json()["deliveries"]]

    assert listed(viewer) == ["gas-co-desk", "water-co-desk"]
    assert listed(viewer, state="dead") == ["gas-co-desk"]
    assert listed(viewer, receiver="water-co-desk") == ["water-co-desk"]
    assert listed(gas) == ["gas-co-desk"]
    first = httpx.get(f"{process.url}/api/deliveries?limit=1", headers=viewer).json()
    assert listed(viewer, cursor=first["next"]) == ["water-co-desk"]
    assert httpx.get(f"{process.url}/api/deliveries?cursor=x", headers=viewer).status_code == 422
    assert httpx.get(f"{process.url}/api/deliveries").status_code == 401


def test_a_dead_letter_is_tried_again_by_hand(world: World, process: Alerts, tmp_path: Path) -> None:
    operator, viewer = token(world.dsn, "o", "operator"), token(world.dsn, "v", "viewer")
    dead, taken = delivery(world, "gas-co-desk"), delivery(world)
    post = f"{process.url}/api/deliveries/{{}}/retry".format
    assert httpx.post(post(dead), headers=viewer).status_code == 403
    assert httpx.post(post(taken), headers=operator).status_code == 409
    assert httpx.post(post("00000000-0000-0000-0000-000000000000"), headers=operator).status_code == 404
    assert httpx.post(post(dead), headers=operator).json()["state"] == "queued"
    until(lambda: world.value("select attempts from deliveries where delivery_id = %s", dead) == 1)
    until(lambda: world.delivered() == {"delivered": 1, "dead": 1})


def lifeline(world: World, *words: str, **given: str) -> subprocess.CompletedProcess[str]:
    import os  # noqa: PLC0415

    settings = {**os.environ, "LIFELINE_DSN": world.dsn, "COLUMNS": "200", **given}
    command = [sys.executable, "-m", "lifeline", *words]
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=False)


def test_the_command_line_lists_and_tries_again(world: World, process: Alerts) -> None:
    dead = delivery(world, "gas-co-desk")
    shown = lifeline(world, "deliveries", "list", "--state", "dead").stdout
    assert str(dead) in shown
    assert "HTTP 404" in shown
    assert lifeline(world, "deliveries", "retry", str(dead)).returncode == 0
    again = lifeline(world, "deliveries", "retry", str(delivery(world)))
    assert (again.returncode, "the receiver has taken it" in again.stderr) == (2, True)


def test_routes_are_tested_with_a_drill_and_its_receipt(world: World, tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as desk:
        file = tmp_path / "receivers.toml"
        file.write_text(
            table("water-co", desk.url, drill=False) + table("gas-co", "http://127.0.0.1:9/", drill=False)
        )
        asked = ["routes", "test", "--asset", "dma-1", "--hazard", "burst", "--level", "major"]
        shown = lifeline(world, *asked, LIFELINE_RECEIVERS=str(file))
        assert shown.stdout.splitlines() == [
            "-> water-co-desk: a route leads to it",
            "     route[0] matches",
            "   gas-co-desk: no route leads to it",
            "     route[1] wants utility gas-co, not water-co",
        ]
        sent = lifeline(world, *asked, "--send", LIFELINE_RECEIVERS=str(file))
        (message,) = desk.messages()
        assert f"drill taken, receipt R-{message['delivery_id']}" in sent.stdout
        assert message["drill"] is True
        world.become_a_replay()
        lifeline(world, *asked, "--send", LIFELINE_RECEIVERS=str(file))
        assert len(desk.messages()) == 1
    assert world.delivered() == {}
    unsent = lifeline(world, "routes", "check", str(tmp_path / "none.toml"))
    assert (unsent.returncode, "expected a file that can be read" in unsent.stderr) == (2, True)


def test_cap_documents_are_in_a_feed_by_whose_they_are(world: World, process: Alerts) -> None:
    viewer, water = token(world.dsn, "v", "viewer"), token(world.dsn, "w", "utility", "water-co")
    world.change("dma-1", 1, at=START + timedelta(seconds=9))
    until(lambda: len(world.rows("select from deliveries")) == 3)
    names = {"a": "http://www.w3.org/2005/Atom", "c": "urn:oasis:names:tc:emergency:cap:1.2"}

    def links(who: dict[str, str]) -> list[str]:
        answer = httpx.get(f"{process.url}/cap/feed.xml", headers=who)
        assert answer.headers["content-type"].startswith("application/atom+xml")
        found = ET.fromstring(answer.content).findall("a:entry/a:link", names)
        return [each.attrib["href"] for each in found]

    assert len(links(viewer)) == 3
    risen, raised = links(water)
    answer = httpx.get(f"{process.url}/cap/{risen}", headers=water)
    document = ET.fromstring(answer.content)
    assert document.findtext("c:msgType", namespaces=names) == "Update"
    assert raised.removesuffix(".xml") in str(document.findtext("c:references", namespaces=names))
    (gas,) = set(links(viewer)) - {risen, raised}
    assert httpx.get(f"{process.url}/cap/{gas}", headers=water).status_code == 404
    assert httpx.get(f"{process.url}/cap/feed.xml").status_code == 401
