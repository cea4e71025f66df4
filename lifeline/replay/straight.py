"""A replay straight into the engine, in this process: no broker and no database."""

import time

import numpy as np

from lifeline.check.ear import Ear
from lifeline.evaluate.passage import Passage, play_through
from lifeline.replay.log import of_engine
from lifeline.replay.outcome import Judged, by_hazard
from lifeline.replay.papers import Papers
from lifeline.replay.play import Play
from lifeline.replay.source import Source
from rules.levels import RiskLevel
from simulator.messages import CLOCK_TOPIC, MILLISECOND, clock


def judge(source: Source, papers: Papers) -> Judged:
    """What an engine says of it."""
    with papers.opened() as opened:
        begun = time.monotonic()
        passage = play_through(source) if isinstance(source, Play) else heard(source)
        seconds = time.monotonic() - begun
        end = source.extent.end
        alarms = passage.alarms(RiskLevel.LOW, end)
        judged = Judged(
            feed=source.name,
            title=source.title,
            rows=source.extent.rows,
            published=source.extent.readings,
            late=passage.late,
            transitions=len(passage.transitions),
            alerts=by_hazard(alarms),
            score=source.scored(passage.alarms(RiskLevel.GENERAL, end)),
            seconds=seconds,
            skipped=source.skipped.count,
            skipped_first=source.skipped.first,
        )
        opened.write(source, judged, of_engine(passage.transitions, passage.risk_changes), alarms)
        return judged


def heard(source: Source) -> Passage:
    """What an engine says of messages, decoded as a worker decodes them."""
    ear = Ear(source.registry, source.rules)
    times = []
    for instant in source.instants():
        times.append(instant.time)
        ear.send(CLOCK_TOPIC, clock(instant.time // MILLISECOND))
        for topic, payload in instant.messages:
            ear.send(topic, payload)
    ear.send(CLOCK_TOPIC, clock(source.extent.end // MILLISECOND))
    ear.decide()
    said = tuple(ear.rehearsal.transitions), tuple(ear.rehearsal.risk_changes)
    return Passage(np.array(times, np.int64), *said, ear.late)
