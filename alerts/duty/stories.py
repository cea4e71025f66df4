"""The major alerts one by one: where, what, who did what and when, and where it stands. Pure."""

from alerts.duty.counted import Major, Report
from alerts.duty.document import Chip, Section, Story
from alerts.duty.facts import Said
from alerts.duty.words import CAUSES, KINDS, STAGES, STATES, STEPS, Words
from alerts.lifecycle import RULES, Stage
from rules.levels import RiskLevel

MOST_LINES = 40
"""Of an alert with more lines the first and the last are told."""


def stories(report: Report, words: Words) -> Section:
    """Each major alert that was open in the period, those that still are before the others."""
    told = [each for each in report.majors if each.case.alert_id in report.facts.stories]
    more = len(report.majors) - len(told)
    said = words.say(f"另有 {more} 起重大预警未列出。", f"{more} more major alerts are not listed.")
    return Section(
        words.say("重大预警逐件", "Major alerts, one by one"),
        () if report.majors else (words.say("无。", "None."),),
        stories=tuple(_story(each, report.facts.stories[each.case.alert_id], words) for each in told),
        notes=(said,) if more else (),
    )


def _story(major: Major, said: tuple[Said, ...], words: Words) -> Story:
    case, level = major.case, RiskLevel.MAJOR
    where = [each for each in (words.domain(case.domain), case.district, words.name(case.utility)) if each]
    lines = [_line(each, words) for each in said]
    if (more := len(lines) - MOST_LINES) > 0:
        half = MOST_LINES // 2
        left = words.say(f"略去 {more} 条", f"{more} left out")
        lines[half:-half] = [("", "…", "", left)]
    return Story(
        Chip(level, words.level(level)),
        f"{words.asset(case.asset)} {words.hazard(case.hazard)}",
        (" · ".join(where), f"{words.say('期末', 'at the end')}: {_stands(major, words)}"),
        tuple(lines),
    )


def _stands(major: Major, words: Words) -> str:
    state = words.of(STATES, major.standing.state)
    stage = major.standing.stage
    parts = [state] if stage is Stage.NONE else [state, words.of(STAGES, stage)]
    if major.standing.cause is not None:
        parts.append(words.of(CAUSES, major.standing.cause))
    return words.say("，", ", ").join(parts)


def _line(said: Said, words: Words) -> tuple[str, str, str, str]:
    """When, what, who, why; of what the rules say the evidence, for their own words are the kind's."""
    level = "" if said.level is None else words.level(RiskLevel(said.level))
    parts = [level] if said.who == RULES else [said.why]
    if said.awaited is not None:
        late = words.of(STEPS, said.awaited)
        parts = [words.say(f"{late}逾期", f"{late} overdue")]
    if said.to:
        parts.insert(0, f"→ {said.to}")
    if said.cause is not None:
        parts.insert(0, words.of(CAUSES, said.cause))
    parts += said.evidence
    why = words.say("；", "; ").join(filter(None, parts))
    return words.second(said.at), words.of(KINDS, said.kind), words.who(said.who), why
