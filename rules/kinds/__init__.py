"""The detector kinds, one module each; a new one is a module beside these and a line here."""

from typing import Any

from rules.kinds.accumulation import Accumulation
from rules.kinds.balance import Balance
from rules.kinds.base import Kind, Parameters
from rules.kinds.blockage import Blockage
from rules.kinds.cable import Cable
from rules.kinds.cusum import Cusum
from rules.kinds.deviation import Deviation
from rules.kinds.drift import Drift
from rules.kinds.ewma import Ewma
from rules.kinds.expression import Expression
from rules.kinds.fatigue import Fatigue
from rules.kinds.gas_origin import GasOrigin
from rules.kinds.joint import JointKind
from rules.kinds.k_of_n import KOfN
from rules.kinds.limit import Limit
from rules.kinds.overflow import Overflow
from rules.kinds.rate import Rate
from rules.kinds.relation import Relation
from rules.kinds.silence import Silence
from rules.kinds.spectrum import Spectrum
from rules.kinds.spike import Spike
from rules.kinds.stuck import Stuck
from rules.kinds.trend import Trend

SENSOR_KINDS: dict[str, type[Kind[Any]]] = {
    kind.name: kind
    for kind in (
        Limit,
        Rate,
        Stuck,
        Silence,
        Ewma,
        Cusum,
        Deviation,
        Spectrum,
        Cable,
        Fatigue,
        Spike,
        Trend,
        Accumulation,
    )
}
"""Kinds whose subjects are single sensors, or the channels of a device."""

JOINT_KINDS: dict[str, type[JointKind[Any]]] = {
    kind.name: kind for kind in (Relation, Expression, Balance, Blockage, Overflow, Drift, GasOrigin)
}
"""Kinds whose subjects are several sensors looked at side by side."""

PARAMETERS: dict[str, type[Parameters]] = {
    **{name: kind.parameters for name, kind in SENSOR_KINDS.items()},
    **{name: kind.parameters for name, kind in JOINT_KINDS.items()},
    KOfN.name: KOfN.parameters,
}
"""The parameters of every kind, by its name."""
