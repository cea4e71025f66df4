"""A message as a person reads it, in Chinese or English. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerts.message import Heartbeat, Message
from alerts.tables import Language
from alerts.words import Named

_KINDS: dict[str, tuple[str, str]] = {
    "raised": ("新预警", "new alert"),
    "risen": ("风险升级", "risk has risen"),
    "fallen": ("风险降级", "risk has fallen"),
    "cleared": ("风险解除", "cleared"),
    "acknowledged": ("已确认", "acknowledged"),
    "realarmed": ("再次报警", "alarms again"),
    "escalated": ("超时升级", "deadline missed"),
    "dispatched": ("已派单", "dispatched"),
    "received": ("已接单", "received"),
    "arrived": ("已到场", "on site"),
    "verified": ("已核实", "verified"),
    "dismissed": ("误报", "false alarm"),
    "resolved": ("已处置", "resolved"),
    "closed": ("已关闭", "closed"),
    "opened": ("人工上报", "opened by hand"),
}
_LABELS: dict[str, tuple[str, str]] = {
    "level": ("风险等级", "Level"),
    "hazard": ("隐患类型", "Hazard"),
    "asset": ("设施", "Asset"),
    "utility": ("权属单位", "Utility"),
    "district": ("区域", "District"),
    "time": ("时间", "Time"),
    "why": ("原因", "Why"),
    "evidence": ("依据", "Evidence"),
    "id": ("预警编号", "Alert"),
}
_MOST_EVIDENCE = 5


@dataclass(frozen=True, slots=True)
class Card:
    """A title, and labelled lines below it; colour: that of the level."""

    title: str
    lines: tuple[tuple[str, str], ...]
    colour: str

    @property
    def markdown(self) -> str:
        """The lines as the robots' common part of Markdown."""
        return "\n\n".join(f"**{label}**：{_escaped(text)}" for label, text in self.lines)

    @property
    def text(self) -> str:
        """The lines as plain text."""
        return "\n".join(f"{label}: {text}" for label, text in self.lines)


def card(message: Message, language: Language, zone: ZoneInfo) -> Card:
    """The card of a message; times are shown in the city's zone."""
    english = language == "en"
    level = message.level or message.worst_level
    kind = _KINDS.get(message.kind, (message.kind, message.kind))[english]
    name = level.name_en if english else level.name
    hazard, asset = _name(message.hazard, language), _name(message.asset, language)
    drill = ("【演练】", "[DRILL] ")[english] if message.drill else ""
    title = f"[{name}] {hazard} at {asset}: {kind}" if english else f"【{name}】{asset} {hazard}：{kind}"
    lines = tuple((_LABELS[key][english], text) for key, text in _lines(message, language, zone) if text)
    return Card(drill + title, lines, level.colour)


def pulse(heartbeat: Heartbeat, language: Language) -> Card:
    """The card of a heartbeat."""
    minutes = heartbeat.interval_s / 60
    if language == "en":
        return Card("lifeline is alive", (("Next", f"in {minutes:g} min"),), "green")
    return Card("lifeline 心跳正常", (("下次", f"{minutes:g} 分钟后"),), "green")


def _lines(message: Message, language: Language, zone: ZoneInfo) -> Iterator[tuple[str, str | None]]:
    level = message.level or message.worst_level
    yield "level", level.name_en if language == "en" else level.name
    yield "hazard", _name(message.hazard, language)
    yield "asset", f"{_name(message.asset, language)} ({message.asset.id})"
    yield "utility", _name(message.utility, language) if message.utility else None
    yield "district", message.asset.district
    yield "time", f"{message.event_time.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    yield "why", message.why
    for piece in message.evidence[:_MOST_EVIDENCE]:
        yield "evidence", f"{piece.rule} {piece.subject}: {piece.reason}"
    yield "id", str(message.alert_id)


def _name(named: Named, language: Language) -> str:
    return named.name_en if language == "en" else named.name


def _escaped(text: str) -> str:
    """Without what Markdown or a robot's own tags would take for more than text: a note is from anybody."""
    marks = str.maketrans({each: f"\\{each}" for each in "\\`*_[]#~|"} | {"<": "＜", ">": "＞", "\n": " "})
    return text.translate(marks)
