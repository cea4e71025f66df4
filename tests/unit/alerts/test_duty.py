"""What a duty report counts of a case, step by step, and how it is written."""

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import kpi
from alerts.duty import words
from alerts.duty.counted import Figure, Report, counted
from alerts.duty.facts import Case, Facts, Happening, Names, Night, Said
from alerts.duty.forms import Form, render
from alerts.duty.leakage import leaks
from alerts.duty.period import Period, Span, until_now
from alerts.duty.period import period as of
from alerts.duty.standing import Outcome, standing, waits
from alerts.duty.stories import MOST_LINES
from alerts.lifecycle import Awaited, Cause, Kind, Stage, State
from rules.levels import RiskLevel

CONSOLE = Path(words.__file__).parents[1] / "console/js"
PAIRS = re.compile(r'"([^"\n]+)": \[\s*"([^"]+)",\s*"([^"]+)",?\s*\]')
CITY = ZoneInfo("Asia/Shanghai")
DAY, BEFORE = until_now(of(Span.DAY, "2026-01-02", CITY), CITY, datetime(2026, 1, 4, tzinfo=UTC))
OWNER = Names("gas-co", "=燃气公司", "=1+1")
U, A, R, N, C = State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED, State.NORMAL, State.CLOSED


def hour(hours: float) -> datetime:
    """So many hours after midnight."""
    return DAY.since + timedelta(hours=hours)


def happens(
    hours: float, kind: Kind, state: State, level: int | None = 2, stage: Stage = Stage.NONE,
    awaited: Awaited | None = None, cause: Cause | None = None,
) -> Happening:  # fmt: skip
    return Happening(kind, hour(hours), level, state, stage, awaited, cause)


def case(*happenings: Happening, number: int = 1) -> Case:
    asset = Names(f"VC-{number}", "阀门井", "chamber")
    return Case(UUID(int=number), asset, "gas", "east", OWNER, "gas-leak", happenings[0].at, happenings)


def facts(*cases: Case, period: Period = DAY, before: Period = BEFORE) -> Facts:
    return Facts(
        city=Names("yunlan", "云澜市", "Yunlan"), zone=CITY.key, drill=False, now=hour(30), utility=None,
        period=period, before=before, cases=cases, stories={}, sent=(),
        alarms=kpi.report((), (), period.since, period.until, 2), qualities=(), nights=(), blind=False,
    )  # fmt: skip


def late(awaited: Awaited, hours: float, state: State = U) -> Happening:
    return happens(hours, Kind.ESCALATED, state, awaited=awaited)


RAISED = happens(1, Kind.RAISED, U)
SEEN = happens(2, Kind.ACKNOWLEDGED, A)
SENT = happens(3, Kind.DISPATCHED, A, stage=Stage.DISPATCHED)
COURSES: dict[str, tuple[Sequence[Happening], list[tuple[Awaited, Outcome]]]] = {
    "seen in time, nobody sent yet": (
        (RAISED, SEEN),
        [(Awaited.ACKNOWLEDGEMENT, Outcome.IN_TIME), (Awaited.DISPATCH, Outcome.WAITING)],
    ),
    "seen after the deadline": (
        (RAISED, late(Awaited.ACKNOWLEDGEMENT, 1.5), SEEN),
        [(Awaited.ACKNOWLEDGEMENT, Outcome.LATE), (Awaited.DISPATCH, Outcome.WAITING)],
    ),
    "not seen, and overdue": (
        (RAISED, late(Awaited.ACKNOWLEDGEMENT, 1.5)),
        [(Awaited.ACKNOWLEDGEMENT, Outcome.OVERDUE)],
    ),
    "gone before anybody was sent": (
        (RAISED, SEEN, happens(3, Kind.CLEARED, C, None)),
        [(Awaited.ACKNOWLEDGEMENT, Outcome.IN_TIME), (Awaited.DISPATCH, Outcome.LAPSED)],
    ),
    "risen while nobody looked: it goes on waiting": (
        (RAISED, late(Awaited.ACKNOWLEDGEMENT, 1.5), happens(1.7, Kind.RISEN, U, 1), SEEN),
        [(Awaited.ACKNOWLEDGEMENT, Outcome.LATE), (Awaited.DISPATCH, Outcome.WAITING)],
    ),
    "sounded anew, for nobody was sent": (
        (RAISED, SEEN, late(Awaited.DISPATCH, 2.2, A), happens(2.5, Kind.REALARMED, U)),
        [
            (Awaited.ACKNOWLEDGEMENT, Outcome.IN_TIME),
            (Awaited.DISPATCH, Outcome.LATE),
            (Awaited.ACKNOWLEDGEMENT, Outcome.WAITING),
        ],
    ),
    "shelved, then off the shelf": (
        (RAISED, happens(2, Kind.SHELVED, State.SHELVED), happens(3, Kind.UNSHELVED, U)),
        [(Awaited.ACKNOWLEDGEMENT, Outcome.LAPSED), (Awaited.ACKNOWLEDGEMENT, Outcome.WAITING)],
    ),
    "there without a receipt, and nothing found": (
        (
            RAISED, SEEN, SENT,
            happens(4, Kind.ARRIVED, A, stage=Stage.ON_SITE),
            happens(5, Kind.DISMISSED, A, stage=Stage.FALSE_ALARM, cause=Cause.RULE),
        ),
        [
            (Awaited.ACKNOWLEDGEMENT, Outcome.IN_TIME), (Awaited.DISPATCH, Outcome.IN_TIME),
            (Awaited.RECEIPT, Outcome.IN_TIME), (Awaited.VERIFICATION, Outcome.IN_TIME),
            (Awaited.CLOSING, Outcome.WAITING),
        ],
    ),
    "low, and found in late data: nobody is waited for": (
        (
            happens(1, Kind.RAISED, U, 4), happens(2, Kind.FOUND, U, 2), happens(3, Kind.FADED, C, None),
        ),
        [],
    ),
    "seen the day before": (
        (happens(-2, Kind.RAISED, U), happens(-1, Kind.ACKNOWLEDGED, A)),
        [(Awaited.DISPATCH, Outcome.WAITING)],
    ),
    "seen at midnight, which is the new day": (
        (happens(-2, Kind.RAISED, U), happens(0, Kind.ACKNOWLEDGED, A)),
        [(Awaited.ACKNOWLEDGEMENT, Outcome.IN_TIME), (Awaited.DISPATCH, Outcome.WAITING)],
    ),
    "seen at the next midnight, which is the next day": (
        (RAISED, happens(24, Kind.ACKNOWLEDGED, A)),
        [(Awaited.ACKNOWLEDGEMENT, Outcome.WAITING)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("course", COURSES)
def test_each_wait_has_one_outcome(course: str) -> None:
    happenings, expected = COURSES[course]
    found = waits(case(*happenings), DAY)
    assert [(each.awaited, each.outcome) for each in found] == expected


def test_a_false_alarm_whose_handling_began_anew_is_none() -> None:
    dismissed = happens(5, Kind.DISMISSED, A, stage=Stage.FALSE_ALARM, cause=Cause.RULE)
    again = happens(7, Kind.RAISED, U, 1)
    done = case(RAISED, SEEN, dismissed, happens(6, Kind.CLEARED, N, None, Stage.FALSE_ALARM), again)
    now, then = standing(done, hour(24)), standing(done, hour(6.5))
    assert now is not None
    assert then is not None
    assert (now.cause, now.worst) == (None, RiskLevel.MAJOR)
    assert (then.cause, then.dismissed_at, then.worst) == (Cause.RULE, hour(5), RiskLevel.SERIOUS)


STATES = st.sampled_from([U, A, R, N, State.SHELVED, State.LATCHED])
STEPS = st.tuples(
    st.floats(0.01, 20), st.sampled_from([Kind.RISEN, Kind.ACKNOWLEDGED, Kind.ESCALATED, Kind.CLEARED]),
    STATES, st.sampled_from([None, 1, 2, 3, 4]), st.sampled_from(list(Stage)),
)  # fmt: skip


@st.composite
def _cases(draw: st.DrawFn) -> tuple[Case, ...]:
    made = []
    for number in range(draw(st.integers(0, 6))):
        at = draw(st.floats(-40, 20))
        happenings = [happens(at, Kind.RAISED, U, draw(st.integers(1, 4)))]
        for step, kind, state, level, stage in draw(st.lists(STEPS, max_size=6)):
            at += step
            happenings.append(happens(at, kind, state, level, stage))
        if draw(st.booleans()):
            happenings.append(happens(at + draw(st.floats(0, 20)), Kind.CLEARED, C, None))
        made.append(case(*happenings, number=number))
    return tuple(made)


def total(report: Report, figure: Figure) -> int:
    return sum(count for (_, each), count in report.tally.items() if each is figure)


@given(_cases())
def test_what_was_open_and_what_is_new_is_closed_or_open(cases: tuple[Case, ...]) -> None:
    report = counted(facts(*cases))
    groups = {group for group, _ in report.tally}
    for group in groups:
        there = [report.tally.get((group, each), 0) for each in Figure]
        by_figure = dict(zip(Figure, there, strict=True))
        assert by_figure[Figure.CARRIED] + by_figure[Figure.RAISED] == (
            by_figure[Figure.CLOSED] + by_figure[Figure.OPEN]
        )
        assert by_figure[Figure.RISEN] <= by_figure[Figure.CARRIED]
        assert by_figure[Figure.SILENT] <= by_figure[Figure.RAISED]
    following = of(Span.DAY, "2026-01-03", CITY)
    after = counted(facts(*cases, period=following, before=DAY))
    assert total(after, Figure.CARRIED) == total(report, Figure.OPEN)
    assert after.before == report.tally
    assert sum(report.steps.values()) == sum(len(waits(each, DAY)) for each in cases if _counts(each))
    assert len(report.majors) == sum(
        count for (group, figure), count in report.tally.items()
        if group.level is RiskLevel.MAJOR and figure in (Figure.CARRIED, Figure.RAISED)
    )  # fmt: skip


def _counts(each: Case) -> bool:
    begin, end = standing(each, DAY.since), standing(each, DAY.until)
    return end is not None and (begin is None or begin.state is not C)


def test_the_sheet_adds_up_and_holds_no_formula() -> None:
    report = counted(facts(case(RAISED), case(RAISED, SEEN, number=2)))
    text = render(report, words.Words("zh", CITY).language, Form.CSV).decode("utf-8-sig")
    table = list(csv.DictReader(StringIO(text)))
    assert sum(int(each["数值"]) for each in table if each["指标"] == "新增") == 2
    assert {each["权属单位"] for each in table if each["部分"] == "预警"} == {"'=燃气公司"}
    assert not [cell for row in table for cell in row.values() if cell.startswith("=")]
    assert not render(report, "en", Form.CSV).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_of_nothing_is_a_page_too(language: str) -> None:
    page = render(counted(replace(facts(), city=None)), "zh" if language == "zh" else "en", Form.HTML)
    assert ET.fromstring(page.decode().removeprefix("<!DOCTYPE html>")).attrib["lang"].startswith(language)


def test_of_a_long_story_the_first_and_the_last_lines_are_told() -> None:
    major = case(happens(1, Kind.RAISED, U, 1))
    said = tuple(
        Said(hour(1), Kind.NOTED, "lin", f"<i>note {n}", None, None, None, None, ())
        for n in range(MOST_LINES + 10)
    )
    page = render(counted(replace(facts(major), stories={major.alert_id: said})), "en", Form.HTML).decode()
    assert page.count("&lt;i&gt;note") == MOST_LINES
    assert "&lt;i&gt;note 0<" in page
    assert f"note {MOST_LINES + 9}<" in page
    assert "10 left out" in page
    more = render(counted(facts(major)), "en", Form.HTML).decode()
    assert "1 more major alerts are not listed" in more


def test_leakage_is_what_the_night_shows_and_never_less_than_none() -> None:
    zone, dry = Names("DMA-1", "分区", "zone"), Names("DMA-2", "分区", "zone")
    first = Night(zone, hour(3), 19, 100)
    found = leaks([first, replace(first, night=5), replace(first, zone=dry, night=0, day=0)])
    assert [(each.zone, each.nights, each.over, each.share) for each in found] == [
        (zone, 2, 1, pytest.approx(0.05)),
        (dry, 1, 0, None),
    ]
    assert (found[0].inflow, found[0].lost) == pytest.approx((2400, 120))


def test_its_words_are_those_of_the_console() -> None:
    text = (CONSOLE / "words.js").read_text(encoding="utf-8")
    console = {key: (zh, en) for key, zh, en in PAIRS.findall(text)}
    ours = {
        "state": words.STATES, "stage": words.STAGES, "kind": words.KINDS, "cause": words.CAUSES,
        "domain": words.DOMAINS, "delivery": words.SENDING, "kpi": words.ALARM_FIGURES,
        "target": words.TARGETS, "unit": {unit: pair for unit, pair in words.UNITS.items() if unit != "%"},
    }  # fmt: skip
    told = {f"{name}.{key}": pair for name, pairs in ours.items() for key, pair in pairs.items()}
    assert told == {key: console.get(key) for key in told}
    for pairs, kinds in (
        (words.STATES, State),
        (words.STAGES, Stage),
        (words.KINDS, Kind),
        (words.CAUSES, Cause),
    ):
        assert pairs.keys() == set(kinds)


def test_every_figure_of_the_alarm_system_has_its_words() -> None:
    figures = kpi.report((), (), DAY.since, DAY.until, 2).figures
    assert {each.name for each in figures} == words.ALARM_FIGURES.keys()
    assert {each.unit for each in figures} == words.UNITS.keys()
    assert {each.target for each in figures if each.target} == words.TARGETS.keys()
    assert {*words.STEPS, *words.FIGURES, *words.OUTCOMES} == {*Awaited, *Figure, *Outcome}


def test_chinese_pages_hold_no_english_words_of_ours() -> None:
    group = counted(facts(case(RAISED)))
    page = render(group, "zh", Form.HTML).decode()
    body = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-z]{3,}", body)) <= {"Asia", "Shanghai", "UTC", "ISA", "chamber"}
