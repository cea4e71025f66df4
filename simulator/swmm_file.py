"""A file in SWMM's format: what we read of it ourselves, and what we add before SWMM reads it."""

from collections.abc import Iterator
from pathlib import Path

from sensors.errors import ConfigurationError

STANDSTILL = 1e-9
"""Of a pump's setting: at 0 SWMM itself would start it as soon as its level asks for it."""

_STAND_STILL = """RULE lifeline-{pump}
IF PUMP {pump} SETTING > 0
AND PUMP {pump} SETTING < 0.000001
THEN PUMP {pump} SETTING = 0.000000001
PRIORITY 1000000
"""
"""Against rules of the file's own that would start a pump again."""

_LEAST_LOSS = 1e-6
"""Only a conduit that begins with a loss can be given another on its way."""

_OURS = """
[OPTIONS]
FLOW_ROUTING DYNWAVE
START_DATE 01/01/2000
START_TIME 00:00:00
END_DATE 01/01/2100
END_TIME 00:00:00
REPORT_START_DATE 12/31/2099
REPORT_START_TIME 00:00:00
WET_STEP 00:01:00
DRY_STEP 00:01:00
THREADS 1
[REPORT]
CONTROLS NO
"""


def prepared(text: str) -> str:
    """The file as SWMM gets it: what comes later in it counts.

    The network steps from a date of its own until it is closed, and writes no results; every conduit can
    be blocked and every pump be kept from running.
    """
    return f"{text}\n{_OURS}{_losses(text)}{_controls(text)}"


def dry_weather(text: str, file: Path) -> Iterator[tuple[str, float]]:
    """Each node's mean dry weather flow, in the file's unit.

    Raises:
        ConfigurationError: it has patterns.
    """
    for node, kind, mean, *patterns in _rows(text, "DWF"):
        if kind.upper() != "FLOW":
            continue
        if any(pattern.strip('"') for pattern in patterns):
            raise ConfigurationError(
                f"{file}: [DWF] {node}: expected a mean without patterns, for the day is given from outside"
            )
        yield node, float(mean)


def _rows(text: str, section: str) -> Iterator[list[str]]:
    """The words of each row of a section; SWMM knows sections by how their names begin, and in any case."""
    inside = False
    for line in text.splitlines():
        words = line.split(";", 1)[0].split()
        if words and words[0].startswith("["):
            inside = words[0].upper().startswith(f"[{section}")
        elif words and inside:
            yield words


def _losses(text: str) -> str:
    """A section that gives every conduit a loss at its inlet, if only the least."""
    said = {link: values for link, *values in _rows(text, "LOSS")}
    rows = ["[LOSSES]"]
    for link, *_ in _rows(text, "CONDUIT"):
        inlet, *others = said.get(link, ["0", "0", "0"])
        rows.append(" ".join([link, str(max(float(inlet), _LEAST_LOSS)), *others]))
    return "\n".join([*rows, ""])


def _controls(text: str) -> str:
    rules = [_STAND_STILL.format(pump=pump) for pump, *_ in _rows(text, "PUMP")]
    return "\n".join(["[CONTROLS]", *rules])
