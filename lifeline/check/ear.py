"""Where a broker and a worker would be: messages through decoding and the engine, in this process."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ingest.decode import Window, decode
from ingest.index import Index
from ingest.message import Message
from lifeline.rehearsal import Rehearsal
from rules.engine import Engine, Tick
from rules.model import RuleSet, Transition
from rules.order import NEVER
from sensors.model import Registry

BATCH = 2000
"""Messages that are decided on together; how many changes no verdict."""


class Ear:
    """An outlet of the simulator that hears everything and forgets the payloads.

    Nothing is asked for again: a gap in a device's numbers stays one.
    """

    def __init__(self, registry: Registry, rules: RuleSet) -> None:
        self.rehearsal = Rehearsal(Engine(registry, rules))
        self.readings = self.waveforms = self.late = self.dead_letters = 0
        self._index = Index(registry)
        self._heard: list[Message] = []

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Take a message; there is always room."""
        del retain
        self._heard.append(Message(topic, payload))
        if len(self._heard) >= BATCH:
            self.decide()
        return 0

    def requests(self) -> Iterator[tuple[str, bytes]]:
        """None."""
        return iter(())

    def decide(self) -> None:
        """Let the engine see what was heard since the last time."""
        engine = self.rehearsal.engine
        batch = decode(self._heard, self._index, Window(), None if engine.now == NEVER else engine.now)
        self._heard = []
        ticks = [Tick(position, time) for position, time in batch.ticks]
        step = self.rehearsal.take(batch.readings, ticks, engine.waves.features(batch.waveforms))
        self.readings += len(batch.readings)
        self.waveforms += len(batch.waveforms)
        self.late += int(step.late.sum())
        self.dead_letters += len(batch.dead)


def most_in_alarm(transitions: Iterable[Transition]) -> int:
    """At how many sensors a rule's evidence was live at once, at the most."""
    live: dict[str, set[str]] = defaultdict(set)
    most = 0
    for each in transitions:
        if each.sensor is None:
            continue
        if each.state:
            live[each.subject].add(each.rule)
        elif each.subject in live:
            live[each.subject].discard(each.rule)
            if not live[each.subject]:
                del live[each.subject]
        most = max(most, len(live))
    return most
