"""What a check found, as people and programs read it."""

import msgspec
from rich.table import Table

from lifeline.check.run import Checked
from lifeline.check.verdict import Verdict, clock, counts


def as_json(checked: Checked) -> str:
    """One JSON object."""
    return msgspec.json.encode({**msgspec.structs.asdict(checked), "passed": checked.passed}).decode()


def table(checked: Checked) -> Table:
    """A row an expectation."""
    shown = Table("", "", "asset", "hazard", "level", "window", "found", box=None, pad_edge=False)
    for each in checked.verdicts:
        window = f"{clock(each.after_s)}-{clock(each.before_s)}"
        shown.add_row(_said(each), each.kind, *_where(each), each.level, window, each.found)
    return shown


def remarks(checked: Checked) -> list[str]:
    """Why what is known not to hold does not, and what was done without, a line each."""
    return [
        *(f"left out: {rule}: {why}" for rule, why in checked.left_out.items()),
        *_known(checked),
    ]


def _known(checked: Checked) -> list[str]:
    return [
        f"known: {' '.join(_where(each))}: {each.known}"
        + (" (and yet it held now: take the mark away)" if each.held else "")
        for each in checked.verdicts
        if each.known
    ]


def line(checked: Checked) -> str:
    """The sum of it."""
    told = ", ".join(f"{number} {name}" for name, number in counts(checked.verdicts) if number)
    rest = f"{checked.late} late, {checked.dead_letters} dead letters"
    return (
        f"{checked.scenario}: {told or 'nothing expected'}; {checked.readings:,} readings of "
        f"{checked.sensors:,} sensors in {checked.minutes:g} simulated minutes, {rest}, "
        f"at most {checked.sensors_in_alarm:,} sensors in alarm; {checked.seconds:.1f} s"
    )


def _said(verdict: Verdict) -> str:
    if verdict.held:
        return "held"
    return "known" if verdict.known else "FAILED"


def _where(verdict: Verdict) -> tuple[str, str]:
    if verdict.kind == "sensors in alarm":
        return "", ""
    return verdict.asset or "anywhere else", verdict.hazard or "any"
