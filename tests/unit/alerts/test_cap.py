"""A message as CAP 1.2 has it, held to the standard's own schema."""

import os
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from alerts import cap
from tests.unit.alerts.letters import FIRST, HEARTBEAT, letter

SCHEMA = Path(os.environ.get("LIFELINE_DATA", "../shared/data")) / "cap" / "cap12.xsd"
NAMES = {"cap": cap.NAMESPACE}


def said(document: bytes, path: str) -> list[str]:
    return [str(each.text) for each in etree.fromstring(document).findall(path, NAMES)]


@pytest.mark.data
@pytest.mark.parametrize(
    "document",
    [
        cap.document(letter(), "lifeline@city.example"),
        cap.document(letter(FIRST, kind="cleared", level=None, state="returned"), "lifeline"),
        cap.document(letter(FIRST, kind="acknowledged", purpose="replay"), "lifeline"),
        cap.document(letter(FIRST, longitude=None, latitude=None, utility_id=None), "lifeline"),
        cap.document(letter(why="<b>&\x07\x00 ]]> 井盖"), "lifeline"),
        cap.heartbeat(HEARTBEAT, "lifeline"),
    ],
)
def test_every_document_is_valid(document: bytes) -> None:
    if not SCHEMA.exists():
        pytest.skip(f"there is no {SCHEMA} (LIFELINE_DATA)")
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(etree.fromstring(document))


@pytest.mark.parametrize(
    ("earlier", "changed", "kind"),
    [
        ((), {"kind": "raised"}, "Alert"),
        ((), {"kind": "risen"}, "Alert"),  # it had not heard of it before
        ((FIRST,), {"kind": "risen"}, "Update"),
        ((FIRST,), {"kind": "acknowledged"}, "Ack"),
        ((FIRST,), {"kind": "cleared", "level": None}, "Update"),
    ],
)
def test_what_follows_refers_to_what_was_said(earlier: Any, changed: Any, kind: str) -> None:
    document = cap.document(letter(*earlier, **changed), "lifeline")
    assert said(document, "cap:msgType") == [kind]
    refers = [f"lifeline,{each.event_id},2026-01-02T03:04:05+00:00" for each in earlier]
    assert said(document, "cap:references") == refers


def test_a_drill_is_an_exercise_and_a_heartbeat_is_the_systems() -> None:
    assert said(cap.document(letter(), "lifeline"), "cap:status") == ["Actual"]
    assert said(cap.document(letter(purpose="replay"), "lifeline"), "cap:status") == ["Exercise"]
    assert said(cap.heartbeat(HEARTBEAT, "lifeline"), "cap:status") == ["System"]


def test_how_bad_it_is_follows_from_the_case() -> None:
    document = cap.document(letter(), "lifeline")
    for name, value in (("urgency", "Immediate"), ("severity", "Severe"), ("certainty", "Observed")):
        assert said(document, f"cap:info/cap:{name}") == [value, value]
    over = cap.document(letter(FIRST, kind="cleared", level=None), "lifeline")
    assert said(over, "cap:info/cap:responseType") == ["AllClear", "AllClear"]
    assert said(over, "cap:info/cap:urgency") == ["Past", "Past"]


def test_a_repeated_try_is_the_same_document() -> None:
    assert cap.document(letter(), "lifeline") == cap.document(letter(), "lifeline")
    assert said(cap.document(letter(), "lifeline"), "cap:sent") == ["2026-01-02T03:04:06+00:00"]
