"""A calibration as tables for a terminal."""

from rich.table import Table

from rules.calibration import Calibration


def ratios(found: Calibration) -> Table:
    """Each state's counts and ratio."""
    headings = ("rule", "hazard", "events", "state", "with event", "clean", "llr")
    table = Table(*headings, box=None, pad_edge=False)
    for name, counts in found.rules.items():
        for state, llr in enumerate(counts.llr, 1):
            seen = f"{counts.event[state]} of {sum(counts.event)}"
            clean = f"{counts.clean[state]} of {sum(counts.clean)}"
            table.add_row(name, counts.hazard, str(counts.events), str(state), seen, clean, f"{llr:+.2f}")
    return table


def reliability(found: Calibration) -> Table:
    """How true the claims came, bin by bin; an event being as rare as the prior says."""
    headings = ("hazard", "events", "Brier", "of the prior", "claimed", "true", "samples", "with event")
    table = Table(*headings, box=None, pad_edge=False)
    for hazard, each in found.reliability.items():
        for number, part in enumerate(each.bins):
            whole = (hazard, str(each.events), f"{each.brier:.6f}", f"{each.brier_of_prior:.6f}")
            shares = (f"{part.claimed:.4f}", f"{part.true:.4f}", str(part.samples), str(part.events))
            table.add_row(*(whole if number == 0 else ("",) * len(whole)), *shares)
    return table
