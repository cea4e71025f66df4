"""Which bank a kind's pairs go into."""

from collections.abc import Iterable, Sequence

from rules.bank import Bank, SensorBank
from rules.bind import Pair
from rules.joint import JointBank
from rules.kinds import JOINT_KINDS, SENSOR_KINDS


def banks(by_kind: Iterable[tuple[str, Sequence[Pair]]], size: int) -> list[Bank]:
    """A bank for each kind that has pairs; size: one more than the largest sensor id."""
    return [bank(name, pairs, size) for name, pairs in by_kind if pairs]


def bank(kind: str, pairs: Sequence[Pair], size: int) -> Bank:
    """The bank of one kind for these pairs."""
    if kind in JOINT_KINDS:
        return JointBank(JOINT_KINDS[kind], pairs, size)
    return SensorBank(SENSOR_KINDS[kind], pairs, size)
