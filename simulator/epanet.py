"""A water network as EPANET computes it, step by step in memory. Flows in m3/h, heads in m, times in s."""

import logging
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from sensors.errors import ConfigurationError, UnavailableError

_BASE_DEMAND, _EMITTER, _INITIAL_QUALITY = 1, 3, 4
_SOURCE_QUALITY, _SOURCE_TYPE, _DEMAND, _PRESSURE, _QUALITY, _TANK_BULK = 5, 7, 9, 11, 12, 23
_BULK, _WALL, _FLOW, _STATUS = 6, 7, 8, 11
_DURATION, _HYDRAULIC_STEP = 0, 1
_SETPOINT = 2
_FOR_EVER_S = 2**31 - 1


class Network:
    """One EPANET project, and the quality of its water.

    file: in EPANET's format and in CMH; its demands are means. tracer: what is carried is not the file's
    chlorine but the share of foreign water, which does not decay and comes from where it gets in.

    Raises:
        UnavailableError: the extra ``hydraulics`` is not installed.
        ConfigurationError: EPANET cannot read the file, or counts in other units.
    """

    def __init__(self, file: Path, *, tracer: bool = False) -> None:
        wntr = _wntr()
        try:
            model = wntr.network.WaterNetworkModel(str(file))
        except wntr.epanet.exceptions.EpanetException as error:
            raise ConfigurationError(f"{file}: EPANET cannot read it: {error}") from error
        if model.options.hydraulic.inpfile_units != "CMH":
            raise ConfigurationError(f"{file}: expected UNITS CMH under [OPTIONS]")
        scratch = tempfile.mkdtemp(prefix="lifeline-epanet-")
        self._project = project = wntr.epanet.toolkit.ENepanet()
        weakref.finalize(self, _close, project, scratch)
        project.ENopen(str(file), str(Path(scratch) / "report"), str(Path(scratch) / "binary"))
        self._nodes = {name: project.ENgetnodeindex(name) for name in model.node_name_list}
        self._links = {name: project.ENgetlinkindex(name) for name in model.link_name_list}
        self._far_end: Mapping[str, str] = {name: link.end_node_name for name, link in model.links()}
        self._pipes = [self._links[name] for name in model.pipe_name_list]
        self._base = {
            name: float(project.ENgetnodevalue(self._nodes[name], _BASE_DEMAND))
            for name in model.junction_name_list
        }
        self._holes: Mapping[str, float] = {}
        self._closed: frozenset[str] = frozenset()
        self._sources: frozenset[str] = frozenset()
        if tracer:
            self._carry_nothing([self._nodes[name] for name in model.tank_name_list])
        project.ENsettimeparam(_DURATION, _FOR_EVER_S)
        project.ENopenH()
        project.ENinitH(0)
        project.ENopenQ()
        project.ENinitQ(0)

    def start(self, factor: float) -> None:
        """Solve for the first moment, in which all demands are their means times a factor."""
        self._demand(factor, {})
        self._solve()

    def step(
        self,
        seconds: int,
        factor: float,
        drawn: Mapping[str, float],
        holes: Mapping[str, float],
        closed: frozenset[str],
        foreign: frozenset[str],
    ) -> None:
        """Go on by whole seconds, and solve for the moment then.

        factor: of all demands then. drawn: demand beside that, by node. holes: C of q = C sqrt(h), by node.
        closed: links shut by hand. foreign: nodes at which foreign water gets in (of a tracer).
        """
        gone = 0
        while gone < seconds:
            self._project.ENsettimeparam(_HYDRAULIC_STEP, seconds - gone)
            gone += self._project.ENnextH()
            self._project.ENnextQ()
            if gone >= seconds:
                self._demand(factor, drawn)
                self._change(holes, closed, foreign)
            self._solve()

    def pressure(self, node: str) -> float:
        """Pressure at a node, in metres."""
        return float(self._project.ENgetnodevalue(self._nodes[node], _PRESSURE))

    def demand(self, node: str) -> float:
        """What leaves the network at a node, holes included."""
        return float(self._project.ENgetnodevalue(self._nodes[node], _DEMAND))

    def flow(self, link: str) -> float:
        """Flow along a link, negative against its direction."""
        return float(self._project.ENgetlinkvalue(self._links[link], _FLOW))

    def quality(self, node: str) -> float:
        """Chlorine in mg/L; of a tracer the share of foreign water."""
        return float(self._project.ENgetnodevalue(self._nodes[node], _QUALITY))

    def knows_node(self, name: str) -> bool:
        """Whether a junction, reservoir or tank of a name is in it."""
        return name in self._nodes

    def knows_link(self, name: str) -> bool:
        """Whether a pipe, pump or valve of a name is in it."""
        return name in self._links

    def far_end(self, link: str) -> str:
        """The node that a link leads to."""
        return self._far_end[link]

    def _solve(self) -> None:
        self._project.ENrunH()
        self._project.ENrunQ()
        self._project.errcodelist.clear()  # one entry a warning: a long run would gather them without end

    def _demand(self, factor: float, drawn: Mapping[str, float]) -> None:
        for name, base in self._base.items():
            wanted = factor * base + drawn.get(name, 0.0)
            self._project.ENsetnodevalue(self._nodes[name], _BASE_DEMAND, wanted)

    def _change(self, holes: Mapping[str, float], closed: frozenset[str], foreign: frozenset[str]) -> None:
        for node in {*self._holes, *holes}:
            self._project.ENsetnodevalue(self._nodes[node], _EMITTER, holes.get(node, 0.0))
        for link in self._closed ^ closed:
            self._project.ENsetlinkvalue(self._links[link], _STATUS, float(link not in closed))
        for node in self._sources ^ foreign:
            self._project.ENsetnodevalue(self._nodes[node], _SOURCE_TYPE, _SETPOINT)
            self._project.ENsetnodevalue(self._nodes[node], _SOURCE_QUALITY, float(node in foreign))
        self._holes, self._closed, self._sources = dict(holes), closed, foreign

    def _carry_nothing(self, tanks: list[int]) -> None:
        for node in self._nodes.values():
            self._project.ENsetnodevalue(node, _INITIAL_QUALITY, 0.0)
        for tank in tanks:
            self._project.ENsetnodevalue(tank, _TANK_BULK, 0.0)
        for pipe in self._pipes:
            self._project.ENsetlinkvalue(pipe, _BULK, 0.0)
            self._project.ENsetlinkvalue(pipe, _WALL, 0.0)


def _close(project: Any, scratch: str) -> None:  # noqa: ANN401, wntr has no types
    if project.fileLoaded:
        project.ENcloseQ()
        project.ENcloseH()
        project.ENclose()
    shutil.rmtree(scratch, ignore_errors=True)


def _wntr() -> ModuleType:
    try:
        import wntr  # noqa: PLC0415, an optional extra
        import wntr.epanet.toolkit  # noqa: PLC0415, as above
    except ImportError as error:
        raise UnavailableError(
            f"a water network needs the extra hydraulics: pip install 'lifeline[hydraulics]' ({error})"
        ) from error
    logging.getLogger("wntr.epanet.toolkit").setLevel(logging.ERROR)  # low pressure is what we look for
    found: ModuleType = wntr
    return found
