"""A feed straight into the engine, in this process: no broker and no database."""

import time
from pathlib import Path

from lifeline.evaluate.passage import play_through
from lifeline.replay.log import encoded, of_engine
from lifeline.replay.outcome import Judged, by_hazard
from lifeline.replay.play import Play, scored
from lifeline.whole import whole
from rules.levels import RiskLevel


def judge(play: Play, log: Path | None = None) -> Judged:
    """What an engine says of a feed; all of it is written to ``log``."""
    begun = time.monotonic()
    passage = play_through(play)
    seconds = time.monotonic() - begun
    if log is not None:
        with whole(log) as file:
            file.write(encoded(of_engine(passage.transitions, passage.risk_changes)))
    end = play.extent.end
    return Judged(
        feed=play.feed.name,
        title=play.feed.title_en,
        rows=play.extent.rows,
        published=play.extent.readings,
        late=passage.late,
        transitions=len(passage.transitions),
        alerts=by_hazard(passage.alarms(RiskLevel.LOW, end)),
        score=scored(play, passage.alarms(RiskLevel.GENERAL, end)),
        seconds=seconds,
    )
