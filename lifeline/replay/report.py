"""A replay as one HTML page that needs nothing else: no script, no font, no file beside it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.resources import files

from lifeline.assess.geojson import COLOURS
from lifeline.assess.page import CLOSED
from lifeline.assess.plots import ink
from lifeline.replay.chart import Row, chart
from lifeline.replay.log import Line, Said
from lifeline.replay.outcome import Judged
from lifeline.replay.play import Play
from lifeline.replay.series import courses
from lifeline.replay.show import figures
from lifeline.replay.source import Source
from lifeline.scoring import Alarm, concerns, delay_of
from rules.levels import RiskLevel
from sensors.model import Sensor
from sensors.quantities import QUANTITIES
from sensors.readings import MINUTE, SECOND
from simulator.feed_labels import Label

MOST_ASSETS, MOST_SENSORS, MOST_ROWS = 20, 6, 500
"""Of more than so many only the count is told: of assets, of sensors at one, of rows of a table."""


@dataclass(frozen=True, slots=True)
class Played:
    """All that a report tells. alarms: of every level; lead: how early (us) one may be."""

    source: Source
    judged: Judged
    lines: Sequence[Line]
    alarms: Sequence[Alarm]
    labels: Sequence[Label] = ()
    lead: int = 0


def played(source: Source, judged: Judged, lines: Sequence[Line], alarms: Sequence[Alarm]) -> Played:
    """What came of a source, with its labels if it has some."""
    if not isinstance(source, Play) or source.feed.labels is None:
        return Played(source, judged, lines, alarms)
    return Played(source, judged, lines, alarms, source.labels, source.feed.labels.lead)


def render(played: Played) -> bytes:
    """The page; it is well-formed XML too."""
    style = "".join(
        files(package).joinpath(name).read_text(encoding="utf-8")
        for package, name in (("lifeline.assess", "page.css"), ("lifeline.replay", "report.css"))
    )
    title = escape(played.source.title)
    lines = [
        "<!DOCTYPE html>",
        '<html xmlns="http://www.w3.org/1999/xhtml" lang="en">',
        '<head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>',
        CLOSED,
        f"<title>{title}</title><style>\n{style}</style></head><body>",
        f"<header><h1>{title}</h1><p>{_subtitle(played)}</p></header>",
        *_tiles(played.alarms),
        *_section("What came of it", _table(("", ""), figures(played.judged))),
        *(_section("What truly happened, and what was said of it", _events(played)) if played.labels else ()),
        *_section("Assets", _assets(played)),
        *_section("Alerts", _alerts(played)),
        "</body></html>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _subtitle(played: Played) -> str:
    extent, rules = played.source.extent, played.source.rules
    when = f"{_time(extent.start)} to {_time(extent.end)} UTC"
    return escape(f"{when} · {len(rules.rules)} rules, version {rules.version}")


def _tiles(alarms: Iterable[Alarm]) -> Iterator[str]:
    counts = Counter(alarm.level for alarm in alarms)
    yield '<div class="tiles">'
    for level in RiskLevel:
        style = f"background:{COLOURS[level]};color:{ink(level)}"
        yield f'<div class="tile" style="{style}"><b>{counts[level]}</b><span>{level.english}</span></div>'
    yield "</div>"


def _section(title: str, content: Iterable[str]) -> Iterator[str]:
    yield f"<section><h2>{escape(title)}</h2>"
    yield from content
    yield "</section>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    rows = list(rows)
    yield '<div class="table"><table>'
    if any(head):
        yield f"<thead><tr>{''.join(f'<th>{escape(name)}</th>' for name in head)}</tr></thead>"
    yield "<tbody>"
    for row in rows[:MOST_ROWS]:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table></div>"
    if len(rows) > MOST_ROWS:
        yield f"<p>and {len(rows) - MOST_ROWS:,} more</p>"


def _sounded(played: Played) -> list[Alarm]:
    """What is low is listed and never sounded."""
    return [alarm for alarm in played.alarms if alarm.level != RiskLevel.LOW]


def _events(played: Played) -> Iterator[str]:
    alarms = _sounded(played)

    def rows() -> Iterator[Sequence[str]]:
        for label in played.labels:
            delay = delay_of(label, [each for each in alarms if each.hazard == label.hazard], played.lead)
            seen = any(start <= label.start < end for start, end in played.source.extent.stretches)
            missed = "missed" if seen else "not observed"
            told = missed if delay is None else f"{delay / MINUTE:,.1f} min"
            yield (
                label.name,
                label.hazard,
                label.asset or "anywhere",
                _time(label.start),
                _time(label.end),
                told,
            )

    return _table(("event", "hazard", "asset", "from", "to", "found after"), rows())


def _alerts(played: Played) -> Iterator[str]:
    def rows() -> Iterator[Sequence[str]]:
        for alarm in sorted(played.alarms, key=lambda each: (each.start, each.asset)):
            of = [
                label.name
                for label in played.labels
                if label.hazard == alarm.hazard and concerns(alarm, label, played.lead)
            ]
            true = ", ".join(of) or ("low, not sounded" if alarm.level == RiskLevel.LOW else "false")
            told = (true,) if played.labels else ()
            yield _time(alarm.start), _time(alarm.end), alarm.asset, alarm.hazard, alarm.level.english, *told

    head = ("from", "to", "asset", "hazard", "worst level", *(("of",) if played.labels else ()))
    return _table(head, rows())


def _assets(played: Played) -> Iterator[str]:
    """A picture of each asset where something was said or happened, those with the worst alarms first."""
    marks: dict[str, list[int]] = defaultdict(list)
    said = Counter[str]()
    for line in played.lines:
        if isinstance(line, Said):
            marks[line.subject].append(_us(line.time))
            said[line.asset] += 1
    worst = {alarm.asset: -alarm.level for alarm in sorted(played.alarms, key=lambda each: -each.level)}
    named = {label.asset for label in played.labels if label.asset}
    assets = sorted(
        {*said, *worst, *named}, key=lambda each: (each not in named, -worst.get(each, -9), -said[each], each)
    )
    shown = {asset: _sensors(played, asset, marks) for asset in assets[:MOST_ASSETS]}
    drawn = courses(played.source, (sensor.id for mine in shown.values() for sensor in mine))
    extent = played.source.extent.start, played.source.extent.end
    yield (
        "<p>Shaded: what truly happened. Bars above: alerts in the colour of their level."
        " Below each course: where a rule's evidence changed.</p>"
    )
    for asset, sensors in shown.items():
        rows = [
            Row(f"{each.name}, {QUANTITIES[each.quantity].unit}", drawn[each.id], marks[each.name])
            for each in sensors
        ]
        truth = [(each.start, each.end) for each in played.labels if each.asset in (None, asset)]
        mine = [each for each in played.alarms if each.asset == asset]
        figure = chart(asset, extent, rows, truth, mine)
        yield f"<figure><figcaption><b>{escape(asset)}</b></figcaption>{figure}</figure>"
    if len(assets) > MOST_ASSETS:
        yield f"<p>and {len(assets) - MOST_ASSETS:,} more assets where something was said</p>"


def _sensors(played: Played, asset: str, marks: dict[str, list[int]]) -> list[Sensor]:
    """Those that a rule spoke of before the others."""
    mine = [sensor for sensor in played.source.registry.sensors if sensor.asset == asset]
    return sorted(mine, key=lambda each: -len(marks.get(each.name, ())))[:MOST_SENSORS]


def _time(time: int) -> str:
    return f"{datetime.fromtimestamp(time / SECOND, UTC):%Y-%m-%d %H:%M:%S}"


def _us(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * SECOND)
