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
        found = f"{each.found} [{_known(each)}]" if each.known else each.found
        where = each.asset or "anywhere else", each.hazard or "any"
        shown.add_row(_said(each), each.kind, *where, each.level, window, found)
    return shown


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


def _known(verdict: Verdict) -> str:
    return f"known not to hold, and now it does: {verdict.known}" if verdict.held else verdict.known
