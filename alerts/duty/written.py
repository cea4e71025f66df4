"""The duty report as a document that ``page`` renders: its head, its summary, its sections in order. Pure."""

from collections import Counter
from datetime import timedelta

from alerts.duty import appendix, sections
from alerts.duty.counted import Figure, Report
from alerts.duty.document import Bars, Document, Section, Tile
from alerts.duty.period import Span
from alerts.duty.standing import Outcome
from alerts.duty.stories import stories
from alerts.duty.summed import at, outcomes, punctual, share, summed
from alerts.duty.words import FIGURES, Words
from alerts.lifecycle import Awaited
from rules.levels import RiskLevel


def document(report: Report, words: Words) -> Document:
    """The whole report in the words' language."""
    say, facts = words.say, report.facts
    span = {Span.DAY: say("日", "Daily"), Span.MONTH: say("月", "Monthly")}[facts.period.span]
    city = say(facts.city.name, facts.city.name_en) if facts.city else say("城市", "City")
    return Document(
        title=say(
            f"{city}生命线值班{span}报 {facts.period.name}",
            f"{span} duty report {facts.period.name}, {city} lifelines",
        ),
        subtitle=_subtitle(report, words),
        warning=say("演练：以下均为模拟，不计入真实预警", "Drill: everything here is simulated")
        if facts.drill
        else None,
        tiles=_tiles(report, words),
        sections=(
            _overview(report, words),
            sections.alerts(report, words),
            sections.loop(report, words),
            sections.utilities(report, words),
            stories(report, words),
            sections.top(report, words),
            appendix.alarms(report, words),
            appendix.data(report, words),
            appendix.leakage(report, words),
            appendix.deliveries(report, words),
            appendix.limits(report, words),
        ),
        signatures=(say("值班员", "On duty"), say("审核", "Reviewed by"), say("日期", "Date")),
    )


def _subtitle(report: Report, words: Words) -> tuple[str, ...]:
    facts, say = report.facts, words.say
    period = facts.period
    offset = f"{period.since.astimezone(words.zone):%z}"
    clock = f"{facts.zone}, UTC{offset[:3]}:{offset[3:]}"
    when = f"{words.minute(period.since)} – {words.minute(period.until)} ({clock})"
    so_far = say("（尚未结束，上期截至同一时长）", " (so far; the one before is cut to the same length)")
    written = say(f"编制于 {words.minute(facts.now)}", f"as known at {words.minute(facts.now)}")
    own = facts.utility
    of = (say(f"仅含{own.name}的设施", f"only the assets of {own.name_en}"),) if own else ()
    return (when + (so_far if period.cut else ""), written, *of)


def _tiles(report: Report, words: Words) -> tuple[Tile, ...]:
    tiles = []
    for level in RiskLevel:
        now, before = (summed(each, Figure.RAISED, at(level)) for each in (report.tally, report.before))
        risen = summed(report.tally, Figure.RISEN, at(level))
        beside = words.say(f"上期 {before}", f"before: {before}")
        beside += words.say(f"，另升级 {risen}", f"; risen: {risen}") if risen else ""
        name = words.say(f"新增{level.chinese}", f"{level.english} raised")
        tiles.append(Tile(level, str(now), name, beside))
    opened = summed(report.tally, Figure.OPEN)
    majors = summed(report.tally, Figure.OPEN, at(RiskLevel.MAJOR))
    beside = words.say(f"其中重大 {majors}", f"major: {majors}")
    return (*tiles, Tile(None, str(opened), words.of(FIGURES, Figure.OPEN), beside))


def _overview(report: Report, words: Words) -> Section:
    counts = {figure: summed(report.tally, figure) for figure in Figure}
    before = summed(report.before, Figure.RAISED)
    found = outcomes(report, Awaited)
    in_time = share(punctual(found))
    said = words.say(
        f"本期新增预警 {counts[Figure.RAISED]} 起（上期 {before} 起），关闭 {counts[Figure.CLOSED]} 起，"
        f"期末未关闭 {counts[Figure.OPEN]} 起；判为误报 {counts[Figure.FALSE]} 起。"
        f"处置各环节按时率 {in_time}，期末逾期未办 {found[Outcome.OVERDUE]} 项。",
        f"{counts[Figure.RAISED]} alerts were raised ({before} in the period before), {counts[Figure.CLOSED]}"
        f" closed; {counts[Figure.OPEN]} are open at the end. {counts[Figure.FALSE]} were found to be false."
        f" {in_time} of the steps of handling were in time; {found[Outcome.OVERDUE]} are overdue.",
    )
    return Section(words.say("概况", "Summary"), (said,), bars=_bars(report, words))


def _bars(report: Report, words: Words) -> Bars:
    """Alerts raised in each hour of the day, or on each day of the month, by the city's clock."""
    period = report.facts.period
    hourly = period.span is Span.DAY
    step, pattern = (timedelta(hours=1), "%H") if hourly else (timedelta(days=1), "%d")
    times = [period.since + n * step for n in range(-(-(period.until - period.since) // step))]
    counts = Counter((f"{time.astimezone(words.zone):{pattern}}", level) for time, level in report.raised_at)
    # By name: an hour that the clock shows twice, as summer time ends, is one column.
    names = dict.fromkeys(f"{time.astimezone(words.zone):{pattern}}" for time in times)
    columns = tuple((name, tuple(counts[name, level] for level in RiskLevel)) for name in names)
    hours = words.say("每小时新增预警", "alerts raised in each hour")
    return Bars(hours if hourly else words.say("每日新增预警", "alerts raised on each day"), columns)
