"""A sewer network stepped by us: against SWMM's own run of the same file, and SWMM's own balance of water."""

import gc
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sensors.errors import ConfigurationError
from simulator.hydraulics import gap_loss
from simulator.network_files import find
from simulator.swmm import WARM_UP_S, Balance, Course, Network

pyswmm = pytest.importorskip("pyswmm")

SEWER = find("sewer", "SWMM")
NODES = ("M1", "M2", "M3", "M5", "S2", "L1", "L2", "WELL", "UP")
LINKS = ("PM2", "PM5", "PS2", "PL2", "LIFT")
MINUTES = 180
STORM = np.interp(np.arange(MINUTES), [0, 20, 45, 80], [0, 10, 120, 0])
"""Rain of each minute, mm/h."""


def course(network: Network, rain: float = 0.0, dry: float = 1.0) -> Course:
    return Course(dict.fromkeys(network.dry, dry), {"RAIN": rain}, {}, frozenset(), {})


def swmms_own(folder: Path) -> tuple[np.ndarray, np.ndarray, Balance]:
    """Levels and flows of each minute of the storm, and the continuity errors that the report gives."""
    start = WARM_UP_S // 60
    clock = [f"{(start + at) // 60}:{(start + at) % 60:02d}" for at in range(MINUTES + 1)]
    rows = [f"DRY {time} {rain:.6f}" for time, rain in zip(clock, [*STORM, 0.0], strict=True)]
    dates = "START_TIME 00:00:00\nEND_DATE 01/01/2000\n"
    options = f"[OPTIONS]\n{dates}END_TIME {clock[-1]}:00\n"
    text = SEWER.read_text().replace("DRY  0:00  0", "\n".join(["DRY 0:00 0", *rows]))
    (folder / "own.inp").write_text(f"{text}\n{options}")
    levels, flows = [], []
    gc.collect()  # a network that another test has left behind would keep SWMM to itself
    with pyswmm.Simulation(str(folder / "own.inp"), str(folder / "own.rpt")) as simulation:
        nodes, links = pyswmm.Nodes(simulation), pyswmm.Links(simulation)
        simulation.step_advance(60)
        for _ in simulation:
            levels.append([nodes[name].depth for name in NODES])
            flows.append([links[name].flow * 3600 for name in LINKS])
    runoff, routing = re.findall(r"Continuity Error \(%\) \.+\s+(\S+)", (folder / "own.rpt").read_text())
    return np.array(levels[start:]), np.array(flows[start:]), Balance(float(runoff), float(routing))


def test_a_storm_is_swmms_own_minute_by_minute_and_so_is_its_balance(tmp_path: Path) -> None:
    """Levels within 0.001 m, flows within 0.1 m3/h; continuity errors as in the report, and under 0.1 %."""
    levels, flows, reported = swmms_own(tmp_path)
    network = Network(SEWER)
    network.start(dict.fromkeys(network.dry, 1.0))
    got = []
    for rain in STORM[: len(levels)]:
        network.step(60, course(network, rain))
        got.append(([network.level(node) for node in NODES], [network.flow(link) for link in LINKS]))
    own_levels, own_flows = (np.array(part) for part in zip(*got, strict=True))
    assert levels[:, 1].max() > 0.5
    assert own_levels == pytest.approx(levels, abs=0.001)
    assert own_flows == pytest.approx(flows, abs=0.1)
    assert network.balance == pytest.approx(reported, abs=0.001)
    assert np.abs(reported).max() < 0.1


@pytest.mark.parametrize("worse", [False, True])
def test_no_water_is_lost_or_made_whatever_goes_wrong_in_the_storm(*, worse: bool) -> None:
    """Continuity errors under 0.5 %: a blocked main; and worse, no pump and a river that rises 2.5 m."""
    network = Network(SEWER)
    network.start(dict.fromkeys(network.dry, 1.0))
    for minute, rain in enumerate(STORM):
        river = 2.5 * (1 - np.exp(-minute / 20)) if worse else 0.0
        given = course(network, rain)
        network.step(
            60,
            replace(
                given,
                losses={"PM2": gap_loss(0.01)} if minute < 80 else {},
                standing=frozenset({"LIFT"} if worse else ()),
                outside={"RIVER": river},
            ),
        )
    assert np.abs(network.balance).max() < 0.5


def test_what_flows_in_flows_out_or_is_still_there() -> None:
    """Ten hours of dry weather: the river gets its 504 m3 within 0.1 %; the well and its pump their 144 m3
    within 3 %, for the pump is seen once a minute only."""
    network = Network(SEWER)
    network.start(dict.fromkeys(network.dry, 1.0))
    well, river, pumped = network.level("WELL"), 0.0, 0.0
    for _ in range(600):
        network.step(60, course(network))
        river += network.flow("PM5") / 60
        pumped += network.flow("LIFT") / 60
    assert river == pytest.approx(504, rel=0.001)
    assert pumped > 90
    assert pumped + 30 * (network.level("WELL") - well) == pytest.approx(144, rel=0.03)


def test_dry_weather_is_the_files_means_times_what_is_given() -> None:
    """Ten at M1 and none elsewhere: 72 m3/h all the way."""
    network = Network(SEWER)
    network.start({node: 10.0 * (node == "M1") for node in network.dry})
    assert [network.flow(link) for link in ("PM1", "PM3", "PM5", "PS2")] == pytest.approx(
        [72, 72, 72, 0], abs=0.1
    )


def test_how_it_is_stepped_hardly_matters() -> None:
    """An hour of rain by the second and by the minute: levels within 0.01 m."""
    levels = []
    for seconds in (60, 1):
        network = Network(SEWER)
        network.start(dict.fromkeys(network.dry, 1.0))
        for _ in range(3600 // seconds):
            network.step(seconds, course(network, 60.0))
        levels.append([network.level(node) for node in NODES])
        del network
    assert levels[0] == pytest.approx(levels[1], abs=0.01)


def test_nothing_is_left_behind_not_even_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network = Network(SEWER)
    network.start(dict.fromkeys(network.dry, 1.0))
    assert list(tmp_path.iterdir()) == []
    assert network.level("M1") > 0


def test_a_second_network_waits_until_the_first_is_gone() -> None:
    first = Network(SEWER)
    with pytest.raises(ConfigurationError, match="SWMM computes one sewer network a process, and one is"):
        Network(SEWER)
    assert first.knows_node("M1")
    ring: list[object] = [first]
    ring.append(ring)  # only a collection of garbage finds that nobody has it any more
    del first, ring
    assert Network(SEWER).knows_node("M1")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("FLOW_UNITS           CMS", "FLOW_UNITS CFS", "expected FLOW_UNITS CMS, LPS or MLD under"),
        ("M1    FLOW  0.002", "M1 FLOW much", r"a row under \[DWF\] or \[LOSSES\] .*: could not convert"),
        ("M1    FLOW  0.002", 'M1 FLOW 0.002 "" "DAY"', r"\[DWF\] M1: expected a mean without patterns"),
        (
            " PM2  M2    M3 ",
            " PM2  M2    NOWHERE ",
            "SWMM cannot read it: ERROR 209: undefined object NOWHERE",
        ),
    ],
)
def test_a_file_that_will_not_do_is_refused_with_what_is_wrong(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    text = SEWER.read_text()
    assert old in text
    (tmp_path / "other.inp").write_text(text.replace(old, new))
    with pytest.raises(ConfigurationError, match=rf"other\.inp: {said}"):
        Network(tmp_path / "other.inp")
    assert Network(SEWER).knows_node("M1")


def test_other_metric_units_are_the_same_water(tmp_path: Path) -> None:
    flows = []
    for unit, factor in (("CMS", 1), ("LPS", 1000), ("MLD", 86.4)):
        text = SEWER.read_text().replace("FLOW_UNITS           CMS", f"FLOW_UNITS {unit}")
        text = text.replace("FLOW  0.002", f"FLOW {0.002 * factor}")
        (tmp_path / "other.inp").write_text(text)
        network = Network(tmp_path / "other.inp")
        network.start(dict.fromkeys(network.dry, 1.0))
        flows.append(network.flow("PM5"))
        del network
    assert flows == pytest.approx([50.4] * 3, abs=0.1)


def test_a_conduit_keeps_the_losses_that_its_file_gives_it(tmp_path: Path) -> None:
    """A loss at the inlet of PM2 backs M2 up, before a blockage there and after it."""
    (tmp_path / "other.inp").write_text(SEWER.read_text() + "\n[LOSSES]\nPM2 400 0 0\n")
    levels = []
    for file in (SEWER, tmp_path / "other.inp"):
        network = Network(file)
        network.start(dict.fromkeys(network.dry, 1.0))
        levels.append(network.level("M2"))
        for losses in ({"PM2": 100.0}, {}):
            given = Course(dict.fromkeys(network.dry, 1.0), {"RAIN": 0.0}, losses, frozenset(), {})
            network.step(3600, given)
        levels.append(network.level("M2"))
        del network
    assert levels[0] == pytest.approx(levels[1], abs=0.001)
    assert levels[2] == pytest.approx(levels[3], abs=0.001)
    assert levels[2] > levels[0] + 0.02


def test_a_pump_stands_still_whoever_would_start_it(tmp_path: Path) -> None:
    """By its levels, or by a rule of the file; and runs again afterwards."""
    rule = "[CONTROLS]\nRULE R\nIF NODE WELL DEPTH > 1\nTHEN PUMP LIFT STATUS = ON\nPRIORITY 5\n"
    (tmp_path / "other.inp").write_text(f"{SEWER.read_text()}\n{rule}")
    for file in (SEWER, tmp_path / "other.inp"):
        network = Network(file)
        network.start(dict.fromkeys(network.dry, 1.0))
        rain = {"RAIN": 40.0}
        flows = []
        for standing in ({"LIFT"}, set()):
            network.step(3600, Course(dict.fromkeys(network.dry, 1.0), rain, {}, frozenset(standing), {}))
            flows.append(network.flow("LIFT"))
        assert network.level("WELL") > 2
        assert flows == pytest.approx([0, 360], abs=0.01)
        del network
