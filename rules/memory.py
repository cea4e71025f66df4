"""The engine's memory: into a snapshot and out of it."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.board import Live
from rules.engine import Engine
from sensors.arrays import Arrays


def remember(engine: Engine) -> Arrays:
    """A copy of everything that the engine would be another without."""
    live = msgspec.msgpack.encode(list(engine.board.live.values()))
    memory: dict[str, NDArray[np.generic]] = {
        "now": np.array([engine.now]),
        "last": engine.last.copy(),
        "last_value": engine.last_value.copy(),
        "board": np.frombuffer(live, np.uint8),
    }
    for bank in engine.banks:
        memory |= {f"{bank.kind.name}.{name}": array.copy() for name, array in bank.remember().items()}
    return memory | {f"groups.{name}": array for name, array in engine.groups.remember().items()}


def recall(engine: Engine, memory: Arrays) -> None:
    """Make a new engine of the same registry and rules the one that ``remember`` saw."""
    engine.now = int(memory["now"][0])
    engine.last[:], engine.last_value[:] = memory["last"], memory["last_value"]
    engine.board.recall(msgspec.msgpack.decode(memory["board"].tobytes(), type=list[Live]))
    for bank in engine.banks:
        every = np.arange(len(bank.pairs))
        bank.recall(_part(memory, bank.kind.name), every, every)
    engine.groups.recall(_part(memory, "groups"))


def _part(memory: Arrays, prefix: str) -> dict[str, NDArray[np.generic]]:
    start = len(prefix) + 1
    return {name[start:]: array for name, array in memory.items() if name.startswith(f"{prefix}.")}
