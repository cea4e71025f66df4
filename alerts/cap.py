"""A message as a CAP 1.2 document (OASIS Common Alerting Protocol). Pure.

certainty follows from the likelihood, severity from the consequence, urgency from whether it is live and how
bad. Raised is an Alert; what follows an Update with references to all before; an acknowledgement an Ack; a
false alarm a Cancel. Its times have neither Z nor fractions, as the standard's schema wants.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID
from xml.etree import ElementTree as ET

from alerts.channels.channel import Earlier, Letter
from alerts.message import Heartbeat, Message

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
CONTENT_TYPE = "application/cap+xml"

_RESTRICTION = "the control room and the utilities concerned"
_CERTAINTY = {5: "Observed", 4: "Likely", 3: "Possible", 2: "Unlikely", 1: "Unlikely"}
_SEVERITY = {5: "Extreme", 4: "Severe", 3: "Moderate", 2: "Minor", 1: "Minor"}
_MAJOR = 1


def document(letter: Letter, sender: str) -> bytes:
    """The document of a message, the same on every try."""
    message = letter.message
    status = "Exercise" if message.drill else "Actual"
    kind = _type(message.kind, letter.earlier)
    alert = _envelope(message.event_id, sender, letter.recorded_at, status, kind)
    if letter.earlier:
        refers = " ".join(f"{sender},{each.event_id},{_time(each.recorded_at)}" for each in letter.earlier)
        _add(alert, "references", refers)
    _add(alert, "incidents", str(message.alert_id))
    for language in ("zh-CN", "en-US"):
        alert.append(_info(message, language))
    return _bytes(alert)


def heartbeat(said: Heartbeat, sender: str) -> bytes:
    """A heartbeat as a document of status System."""
    alert = _envelope(said.id, sender, said.sent_at, "System", "Alert")
    _add(alert, "note", f"heartbeat; the next is due in {said.interval_s:g} s")
    return _bytes(alert)


def _envelope(identifier: UUID, sender: str, sent: datetime, status: str, kind: str) -> ET.Element:
    alert = _element("alert")
    for name, text in (
        ("identifier", str(identifier)),
        ("sender", sender),
        ("sent", _time(sent)),
        ("status", status),
        ("msgType", kind),
        ("scope", "Restricted"),
        ("restriction", _RESTRICTION),
    ):
        _add(alert, name, text)
    return alert


def _type(kind: str, earlier: Sequence[Earlier]) -> str:
    if not earlier:
        return "Alert"
    return {"acknowledged": "Ack", "dismissed": "Cancel"}.get(kind, "Update")


def _info(message: Message, language: Literal["zh-CN", "en-US"]) -> ET.Element:
    english = language == "en-US"
    level = message.level or message.worst_level
    hazard = message.hazard.name_en if english else message.hazard.name
    asset = message.asset.name_en if english else message.asset.name
    name = level.name_en if english else level.name
    info = _element("info")
    _add(info, "language", language)
    for category in ("Infra", "Safety"):
        _add(info, "category", category)
    _add(info, "event", hazard)
    _add(info, "responseType", "AllClear" if message.level is None else "Assess")
    _add(info, "urgency", _urgency(message))
    _add(info, "severity", _SEVERITY[message.consequence])
    _add(info, "certainty", _CERTAINTY[message.likelihood])
    _add(info, "onset", _time(message.event_time))
    _add(info, "headline", f"{name}: {hazard}, {asset}" if english else f"{name}：{asset} {hazard}")
    _add(info, "description", "\n".join((message.why, *(piece.reason for piece in message.evidence))))
    _parameter(info, "risk-level", str(level.value))
    _parameter(info, "event-kind", message.kind)
    if message.utility is not None:
        _parameter(info, "utility", message.utility.id)
    info.append(_area(message, asset))
    return info


def _urgency(message: Message) -> str:
    if message.level is None:
        return "Past"
    return "Immediate" if message.level.value == _MAJOR else "Expected"


def _area(message: Message, name: str) -> ET.Element:
    area = _element("area")
    _add(area, "areaDesc", name)
    if message.asset.latitude is not None and message.asset.longitude is not None:
        _add(area, "circle", f"{message.asset.latitude},{message.asset.longitude} 0")
    return area


def _parameter(info: ET.Element, name: str, value: str) -> None:
    parameter = _element("parameter")
    _add(parameter, "valueName", name)
    _add(parameter, "value", value)
    info.append(parameter)


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"


def _element(name: str, text: str | None = None) -> ET.Element:
    element = ET.Element(f"{{{NAMESPACE}}}{name}")
    element.text = None if text is None else "".join(c for c in text if c.isprintable() or c == "\n")
    return element


def _add(parent: ET.Element, name: str, text: str) -> None:
    parent.append(_element(name, text))


def _bytes(alert: ET.Element) -> bytes:
    written: bytes = ET.tostring(alert, "utf-8", xml_declaration=True, default_namespace=NAMESPACE)
    return written
