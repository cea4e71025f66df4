"""Which open case explains another: a burst what it feeds, a silent gateway its sensors. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from alerts.lifecycle import OFF, Case, Change, Cover, Covered, InWindow, Step
from alerts.windows import Open, explained
from rules.levels import RiskLevel


@dataclass(frozen=True, slots=True)
class Topology:
    """What covers look at of the registry.

    upstream: from an asset to those that flow to it. kinds: of assets. gateways: of devices that have one.
    """

    upstream: Mapping[str, Sequence[str]]
    kinds: Mapping[str, str]
    gateways: Mapping[str, str]

    def feeds(self, source: str, asset: str, hops: int) -> bool:
        """Whether something flows from ``source`` to ``asset`` in at most that many steps."""
        reached, border = {asset}, {asset}
        for _ in range(hops):
            border = {above for each in border for above in self.upstream.get(each, ())} - reached
            if source in border:
                return True
            reached |= border
        return False

    def gateway(self, evidence: Iterable[Mapping[str, Any]]) -> str | None:
        """The gateway that all evidence came through, if there is one."""
        devices = {str(piece["subject"]).partition("/")[0] for piece in evidence}
        gateways = {self.gateways.get(device) for device in devices}
        return gateways.pop() if len(gateways) == 1 else None


@dataclass(frozen=True, slots=True)
class Cause:
    """A live case that may explain others, and the gateway that it is about."""

    case: Case
    gateway: str | None


@dataclass(slots=True)
class Circumstances:
    """What is known of why changes need not be annunciated; kept up with each step that follows."""

    covers: Sequence[Cover]
    topology: Topology
    windows: Sequence[Open]
    causes: dict[UUID, Cause] = field(default_factory=dict)

    def of(self, change: Change) -> Covered | InWindow | None:
        """Why a change is not to be annunciated, if it is not."""
        evidence = change.data.get("evidence", ())
        window = explained(self.windows, change.asset_id, evidence)
        if window is not None or change.level in (None, RiskLevel.MAJOR):
            return window
        return self.cover(change.asset_id, change.hazard, change.level, evidence)

    def cover(
        self, asset: str, hazard: str, level: RiskLevel | None, evidence: Sequence[Mapping[str, Any]]
    ) -> Covered | None:
        """The case that explains what is said of an asset; the first of them if several do."""
        for cover in self.covers:
            if hazard in cover.hides:
                for cause in self._causes(cover, asset, hazard, evidence):
                    if level is None or (cause.case.level is not None and cause.case.level <= level):
                        return Covered(cause.case.alert_id, _why(cause.case))
        return None

    def saw(self, step: Step) -> None:
        """Take in what followed of a change."""
        case = step.case
        if any(case.hazard == cover.by for cover in self.covers):
            if case.level is None or case.state in OFF:
                self.causes.pop(case.alert_id, None)
            else:
                gateway = self.topology.gateway(_evidence(step))
                self.causes[case.alert_id] = Cause(case, gateway)

    def _causes(
        self, cover: Cover, asset: str, hazard: str, evidence: Sequence[Mapping[str, Any]]
    ) -> Iterator[Cause]:
        gateway = self.topology.gateway(evidence) if cover.where == "same-gateway" else None
        for cause in self.causes.values():
            case = cause.case
            itself = case.asset_id == asset and case.hazard == hazard
            if itself or case.hazard != cover.by:
                continue
            if cover.kinds and self.topology.kinds.get(case.asset_id) not in cover.kinds:
                continue
            if (
                (cover.where == "same-asset" and case.asset_id == asset)
                or (cover.where == "same-gateway" and gateway is not None and cause.gateway == gateway)
                or (cover.where == "downstream" and self.topology.feeds(case.asset_id, asset, cover.hops))
            ):
                yield cause


def _why(case: Case) -> str:
    return f"{case.hazard} at {case.asset_id}"


def _evidence(step: Step) -> Sequence[Mapping[str, Any]]:
    evidence: Any = step.event.data.get("evidence", ())
    return evidence if isinstance(evidence, list | tuple) else ()
