"""A sewer network as SWMM computes it, step by step in memory. Flows in m3/h, levels in m, times in s."""

import gc
import tempfile
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

from sensors.errors import ConfigurationError, UnavailableError
from simulator.swmm_file import STANDSTILL, dry_weather, prepared

FLOW_UNITS_M3H = {"CMS": 3600.0, "LPS": 3.6, "MLD": 1000 / 24}
"""SWMM's metric flow units, in m3/h."""

WARM_UP_S = 3 * 3600
"""So long a network runs in dry weather before its first moment: SWMM begins with empty pipes."""


@dataclass(frozen=True, slots=True)
class Course:
    """What goes on in a network during a step.

    dry: factor of each node's mean dry weather flow. rain: mm/h by rain gage. losses: by blocked conduit
    the K in h = K v^2 / 2g. standing: pumps that are kept from running. outside: by outfall how high the
    water stands there over its invert, m.
    """

    dry: Mapping[str, float]
    rain: Mapping[str, float]
    losses: Mapping[str, float]
    standing: frozenset[str]
    outside: Mapping[str, float]


class Balance(NamedTuple):
    """SWMM's own continuity errors so far, in percent of what came in."""

    runoff: float
    routing: float


class Network:
    """One SWMM simulation, and the only one of its process: SWMM has its state in one place.

    file: in SWMM's format, in a metric flow unit, its [DWF] means without patterns. Whatever it says of them,
    its water is routed by dynamic wave, its runoff computed each minute, and its dates are not used.

    Raises:
        UnavailableError: the extra ``hydraulics`` is not installed.
        ConfigurationError: SWMM cannot read the file, it counts in other units or has a day of its own, or
            another network runs in this process.
    """

    def __init__(self, file: Path) -> None:
        pyswmm = _pyswmm()
        text = file.read_text("utf-8", errors="surrogateescape")
        try:
            self._dry, copy = dict(dry_weather(text, file)), prepared(text)
        except ValueError as error:
            raise ConfigurationError(
                f"{file}: a row under [DWF] or [LOSSES] is not in SWMM's format: {error}"
            ) from None
        with tempfile.TemporaryDirectory(prefix="lifeline-swmm-") as scratch, ExitStack() as opening:
            self._simulation = opening.enter_context(_opened(pyswmm, file, copy, Path(scratch)))
            self._m3h = FLOW_UNITS_M3H.get(self._simulation.flow_units, 0.0)
            if not self._m3h:
                raise ConfigurationError(f"{file}: expected FLOW_UNITS CMS, LPS or MLD under [OPTIONS]")
            self._simulation.start()  # from here on SWMM holds its files open, and they need no name
            weakref.finalize(self, opening.pop_all().close)
        self._nodes = {each.nodeid: each for each in pyswmm.Nodes(self._simulation)}
        self._links = {each.linkid: each for each in pyswmm.Links(self._simulation)}
        self._gages = {each.raingageid: each for each in pyswmm.RainGages(self._simulation)}
        self._totals = pyswmm.SystemStats(self._simulation)
        self._own_loss = {name: each.inlet_head_loss for name, each in self._links.items()}
        self._blocked: frozenset[str] = frozenset()
        self._standing: frozenset[str] = frozenset()

    @property
    def dry(self) -> tuple[str, ...]:
        """The nodes that have a dry weather flow."""
        return tuple(self._dry)

    @property
    def gages(self) -> frozenset[str]:
        """The rain gages."""
        return frozenset(self._gages)

    @property
    def balance(self) -> Balance:
        """What SWMM's report would say now of water lost or made."""
        return Balance(
            self._totals.runoff_stats["routing_error"], self._totals.routing_stats["routing_error"]
        )

    def start(self, dry: Mapping[str, float]) -> None:
        """Come to where steady dry weather leads, without rain."""
        self.step(WARM_UP_S, Course(dry, dict.fromkeys(self._gages, 0.0), {}, frozenset(), {}))

    def step(self, seconds: int, course: Course) -> None:
        """Go on by whole seconds."""
        for node, mean in self._dry.items():
            self._nodes[node].generated_inflow(mean * (course.dry[node] - 1))
        for gage, rain in course.rain.items():
            self._gages[gage].total_precip = rain
        for link in {*self._blocked, *course.losses}:
            self._links[link].inlet_head_loss = self._own_loss[link] + course.losses.get(link, 0.0)
        for pump in self._standing | course.standing:
            self._links[pump].target_setting = STANDSTILL if pump in course.standing else 1.0
        for outfall, height in course.outside.items():
            self._nodes[outfall].outfall_stage(self._nodes[outfall].invert_elevation + height)
        self._blocked, self._standing = frozenset(course.losses), course.standing
        self._simulation.step_advance(seconds)
        next(self._simulation)

    def level(self, node: str) -> float:
        """How high the water stands over a node's invert."""
        return float(self._nodes[node].depth)

    def flow(self, link: str) -> float:
        """Flow along a link, negative against its direction."""
        return float(self._links[link].flow) * self._m3h

    def knows_node(self, name: str) -> bool:
        """Whether a junction, storage or outfall of a name is in it."""
        return name in self._nodes

    def is_outfall(self, node: str) -> bool:
        """Whether a node leads out of the network."""
        return bool(self._nodes[node].is_outfall())

    def leaving(self, node: str, kind: Literal["conduit", "pump"]) -> tuple[str, ...]:
        """The conduits or pumps that begin at a node."""
        return tuple(
            name
            for name, link in self._links.items()
            if link.inlet_node == node and (link.is_conduit() if kind == "conduit" else link.is_pump())
        )

    def far_end(self, link: str) -> str:
        """The node that a link leads to."""
        return str(self._links[link].outlet_node)


def _opened(pyswmm: ModuleType, file: Path, text: str, scratch: Path) -> Any:  # noqa: ANN401, no types
    copy, report = scratch / "network.inp", scratch / "report"
    copy.write_text(text, "utf-8", errors="surrogateescape")
    gc.collect()  # a simulation that nobody has any more may still be there, in a ring of references
    try:
        return pyswmm.Simulation(str(copy), str(report), str(scratch / "out"))
    except pyswmm.errors.MultiSimulationError:
        raise ConfigurationError(
            f"{file}: SWMM computes one sewer network a process, and one is running; "
            "play the other simulation in a process of its own"
        ) from None
    except Exception as error:  # noqa: BLE001, it is all that pyswmm raises
        raise ConfigurationError(f"{file}: SWMM cannot read it: {_complaint(report, error)}") from None


def _complaint(report: Path, error: Exception) -> str:
    """The first error that SWMM's report names, with what stands below it."""
    lines = report.read_text("utf-8", errors="replace").splitlines() if report.is_file() else []
    at = next((at for at, line in enumerate(lines) if "ERROR" in line), None)
    said = str(error) if at is None else " ".join(lines[at : at + 2])
    return " ".join(said.split())


def _pyswmm() -> ModuleType:
    try:
        import pyswmm  # noqa: PLC0415, an optional extra
        import pyswmm.errors  # noqa: PLC0415, as above
    except ImportError as error:
        raise UnavailableError(
            f"a sewer network needs the extra hydraulics: pip install 'lifeline[hydraulics]' ({error})"
        ) from error
    found: ModuleType = pyswmm
    return found
