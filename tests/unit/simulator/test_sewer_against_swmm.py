"""The sewer against EPA SWMM's dynamic wave in the same street, under the same flood.

Six manholes, 50 m apart, 500 mm at 4 per mille, one triangular flood of three hours into the first.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from simulator.hydraulics import HOUR_S, full_flow
from simulator.sewer import GULLIES_M2, Sewer

pyswmm = pytest.importorskip("pyswmm")

COUNT, LENGTH, DIAMETER, SLOPE, RIM, SHAFT_M2 = 6, 50.0, 0.5, 0.004, 3.0, 1.3
FULL = float(full_flow(np.array([DIAMETER]), np.array([SLOPE]))[0])
MINUTES = 360
BASE = 0.1


class Flood(NamedTuple):
    """Each minute: levels [minute, manhole] in m, what leaves the street in m3/h; spilled in all, m3."""

    level: np.ndarray
    out: np.ndarray
    spilled: float


def hydrograph(peak: float) -> np.ndarray:
    """Inflow of each minute, m3/h: an hour as usual, an hour and a half up, as long down, and as usual."""
    share = np.interp(np.arange(MINUTES), [60, 150, 240], [BASE, peak, BASE])
    return share * FULL


def ours(inflow: np.ndarray, opening: np.ndarray) -> Flood:
    street = Sewer(
        below=np.array([*range(1, COUNT), -1]),
        diameter=np.full(COUNT, DIAMETER),
        length=np.full(COUNT, LENGTH),
        slope=np.full(COUNT, SLOPE),
        rim=np.full(COUNT, RIM),
        shaft_m2=np.full(COUNT, SHAFT_M2),
    )
    street.settle(np.array([inflow[0], *[0.0] * (COUNT - 1)]))
    levels, out, spilled = [], [], 0.0
    for now in inflow:
        left = street.step(np.array([now, *[0.0] * (COUNT - 1)]), opening, 60.0)
        levels.append(street.level)
        out.append(left.sum() * 60)
        spilled += street.spilled.sum()
    return Flood(np.array(levels), np.array(out), float(spilled))


def model(inflow: np.ndarray) -> str:
    """The street in SWMM's format."""
    drop = LENGTH * SLOPE
    invert = [10 - at * drop for at in range(COUNT + 1)]
    shaft = SHAFT_M2 + GULLIES_M2
    series = "\n".join(f"Q {m // 60}:{m % 60:02d} {q / HOUR_S:.6f}" for m, q in enumerate(inflow))
    stores = "\n".join(f"M{n} {invert[n]:.3f} {RIM} 0.05 FUNCTIONAL 0 0 {shaft} 0 0" for n in range(COUNT))
    pipes = "\n".join(
        f"P{n} M{n} {f'M{n + 1}' if n + 1 < COUNT else 'OUT'} {LENGTH} 0.013 0 0 0 0" for n in range(COUNT)
    )
    shapes = "\n".join(f"P{n} CIRCULAR {DIAMETER} 0 0 0 1" for n in range(COUNT))
    return f"""[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
START_DATE 01/01/2025
START_TIME 00:00:00
REPORT_START_DATE 01/01/2025
REPORT_START_TIME 00:00:00
END_DATE 01/01/2025
END_TIME {MINUTES // 60:02d}:00:00
ROUTING_STEP 1
REPORT_STEP 00:01:00
INERTIAL_DAMPING PARTIAL
[STORAGE]
{stores}
[OUTFALLS]
OUT {invert[COUNT]:.3f} NORMAL
[CONDUITS]
{pipes}
[XSECTIONS]
{shapes}
[INFLOWS]
M0 FLOW Q
[TIMESERIES]
{series}
"""


@contextmanager
def running(inflow: np.ndarray, folder: Path) -> Iterator[object]:
    (folder / "street.inp").write_text(model(inflow))
    gc.collect()  # a network that another test has left behind would keep SWMM to itself
    with pyswmm.Simulation(str(folder / "street.inp")) as simulation:
        simulation.step_advance(60)
        yield simulation


def swmms(inflow: np.ndarray, folder: Path, limit: float | None = None) -> Flood:
    """limit: most that the fourth pipe lets through, m3/h."""
    levels, out, spilled = [], [], 0.0
    with running(inflow, folder) as simulation:
        nodes, links = pyswmm.Nodes(simulation), pyswmm.Links(simulation)
        holes = [nodes[f"M{n}"] for n in range(COUNT)]
        for _ in simulation:
            if limit is not None:
                links["P3"].flow_limit = limit / HOUR_S
            levels.append([hole.depth for hole in holes])
            out.append(links[f"P{COUNT - 1}"].flow * HOUR_S)
            spilled += sum(hole.flooding for hole in holes) * 60
    return Flood(np.array(levels), np.array(out), spilled)


@pytest.mark.parametrize("peak", [0.5, 0.9])
def test_a_flood_that_fits_passes_as_in_swmm(peak: float, tmp_path: Path) -> None:
    """Peak and volume of the outflow within 1.5 %, its time within 3 min, all levels within 0.05 m."""
    inflow = hydrograph(peak)
    own, swmm = ours(inflow, np.ones(COUNT)), swmms(inflow, tmp_path)
    assert own.out.max() == pytest.approx(swmm.out.max(), rel=0.015)
    assert own.out.sum() == pytest.approx(swmm.out.sum(), rel=0.015)
    assert abs(int(own.out.argmax()) - int(swmm.out.argmax())) <= 3
    minutes = len(swmm.level)
    assert own.level[20:minutes] == pytest.approx(swmm.level[20:], abs=0.05)


def test_a_flood_beyond_the_pipes_backs_up_as_in_swmm(tmp_path: Path) -> None:
    """1.3 of the full flow: highest levels within 0.08 m, peak outflow within 5 %, nothing spilled."""
    inflow = hydrograph(1.3)
    own, swmm = ours(inflow, np.ones(COUNT)), swmms(inflow, tmp_path)
    assert own.level.max(axis=0) == pytest.approx(swmm.level.max(axis=0), abs=0.08)
    assert own.level.max(axis=0).min() > DIAMETER
    assert own.out.max() == pytest.approx(swmm.out.max(), rel=0.05)
    assert own.spilled == swmm.spilled == 0


def test_a_blocked_pipe_backs_up_and_spills_as_in_swmm(tmp_path: Path) -> None:
    """Highest levels within 0.15 m; spilled is what lies between SWMM's spills at fixed limits.

    SWMM's limit knows no head: it is set to what our gap passes without one, and to the most it ever passes.
    """
    inflow, opening = hydrograph(0.4), np.ones(COUNT)
    opening[3] = 0.05
    own = ours(inflow, opening)
    least, most = 0.05 * FULL, float(own.out.max())
    tight, wide = swmms(inflow, tmp_path, limit=least), swmms(inflow, tmp_path, limit=most)
    assert own.level.max(axis=0) == pytest.approx(wide.level.max(axis=0), abs=0.15)
    assert wide.spilled < own.spilled < tight.spilled
    assert own.level[180, 3] > 2.9
    assert own.level[180, 4] < 0.2


def test_swmms_own_report_says_that_it_lost_no_water(tmp_path: Path) -> None:
    """Or it would be nothing to be held against: its continuity error is under 0.5 %."""
    with running(hydrograph(1.3), tmp_path) as simulation:
        for _ in simulation:
            pass
        error = simulation.flow_routing_error
    assert abs(error) < 0.5
