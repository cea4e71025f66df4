"""The files that a replay leaves: its log and its report."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lifeline.replay.log import Line, encoded
from lifeline.replay.outcome import Judged
from lifeline.replay.report import played, render
from lifeline.replay.source import Source
from lifeline.scoring import Alarm
from sensors.whole import whole


@dataclass(frozen=True, slots=True)
class Papers:
    """Where they are to be, if at all."""

    log: Path | None = None
    report: Path | None = None

    @contextmanager
    def opened(self) -> Iterator["Opened"]:
        """Open them before anything is done; they are there when all is written.

        Raises:
            ConfigurationError: one cannot be made.
        """
        with ExitStack() as stack:
            log, report = (
                None if path is None else stack.enter_context(whole(path)) for path in (self.log, self.report)
            )
            yield Opened(log, report)


@dataclass(frozen=True, slots=True)
class Opened:
    """The same, ready to be written."""

    log: BinaryIO | None
    report: BinaryIO | None

    def write(self, source: Source, judged: Judged, lines: Sequence[Line], alarms: Sequence[Alarm]) -> None:
        """Write all that was said; alarms: of every level."""
        if self.log is not None:
            self.log.write(encoded(lines))
        if self.report is not None:
            self.report.write(render(played(source, judged, lines, alarms)))
