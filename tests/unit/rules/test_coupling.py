"""Evidence that counts at a neighbouring asset, as timelines: (minute, asset, level)."""

from typing import get_args

import numpy as np
import pytest
from msgspec.structs import replace

from rules.bind import bind
from rules.engine import Engine
from rules.learned import learn, unlearned
from rules.memory import recall, remember
from rules.model import Edgewise, Neighbour, Rule, Selector
from rules.risk import Strength
from sensors.model import Domain, Edge, Registry, Relation, Sensor
from sensors.readings import MINUTE, Readings
from tests.unit.rules.test_engine import START, readings
from tests.unit.rules.test_succession import succeed
from tests.unit.rules.town import LIMIT, asset, rule, rules, town


def city(*edges: tuple[str, Relation, str], consequence: int = 3) -> Registry:
    """A manhole with a methane and a level sensor (ids 1 and 2), two gas chambers and a bridge pier."""
    plain = town(2, consequence)
    assets = (
        asset("MH", 1, "manhole", Domain.DRAINAGE),
        asset("VC-1", consequence),
        asset("VC-2", consequence),
        asset("PR", 5, "bridge-pier", Domain.BRIDGE),
    )
    sensors = (
        Sensor(device="d0", key="ch4", asset="MH", quantity="methane_lel", unit="%LEL", id=1),
        Sensor(device="d1", key="lv", asset="MH", quantity="sewer_level", unit="m", id=2),
    )
    found = tuple(Edge(source=source, relation=relation, target=target) for source, relation, target in edges)
    return replace(plain, assets=assets, sensors=sensors, edges=found)


def coupled(at: Neighbour, *evidence: Strength, quantity: str = "methane_lel") -> Rule:
    bands = [{"above": 20.0 * (n + 1)} for n in range(len(evidence))]
    found = rule("beside", "limit", evidence, bands=bands)
    return replace(found, at=at, select=Selector(quantity=quantity))


GAS = Neighbour(side="beside", asset_kind="valve-chamber")


def timeline(
    registry: Registry, values: dict[float, float], *which: Rule
) -> list[tuple[float, str, int | None]]:
    """The methane in the manhole by the minute, and the changes of level that follow."""
    fed: Readings = readings(*((1, minute, value) for minute, value in values.items()))
    step = Engine(registry, rules(*which)).step(fed)
    return [((each.time - START) / MINUTE, each.asset, each.level) for each in step.risk_changes]


def test_methane_in_a_manhole_is_evidence_of_a_leak_at_the_gas_chamber_beside_it() -> None:
    registry = city(("VC-1", "beside", "MH"))
    told = timeline(registry, {0: 1.0, 1: 25.0, 2: 1.0}, coupled(GAS, Strength(likelihood=4)))
    assert told == [(1, "VC-1", 2)]


def test_it_counts_at_every_such_neighbour_by_itself_and_not_where_it_was_measured() -> None:
    registry = city(("VC-1", "beside", "MH"), ("MH", "beside", "VC-2"), ("PR", "beside", "MH"))
    told = timeline(registry, {0: 25.0}, coupled(GAS, Strength(likelihood=4)))
    assert told == [(0, "VC-1", 2), (0, "VC-2", 2)]


def test_the_neighbour_s_own_evidence_and_the_coupled_are_fused() -> None:
    """Alone each is a hint; together they are more, but less than two of different physics."""
    both = city(("VC-1", "beside", "MH"))
    own = Sensor(device="d1", key="ch4", asset="VC-1", quantity="methane_lel", unit="%LEL", id=3)
    both = replace(both, sensors=(*both.sensors, own))
    hint = replace(coupled(GAS, Strength(llr=3.0)), group="gas", select=Selector(asset="MH", key="ch4"))
    there = replace(hint, name="own", at=None, select=Selector(asset="VC-1"))
    step = Engine(both, rules(hint, there)).step(readings((1, 0, 25.0), (3, 1, 25.0)))
    assert [(each.asset, each.likelihood, each.level) for each in step.risk_changes] == [("VC-1", 2, 3)]
    apart = replace(there, group="other")
    step = Engine(both, rules(hint, apart)).step(readings((1, 0, 25.0), (3, 1, 25.0)))
    assert [(each.asset, each.likelihood, each.level) for each in step.risk_changes] == [
        ("VC-1", 2, 3), ("VC-1", 3, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("consequence", "level"), [(1, 3), (5, 1)])
def test_the_consequence_is_that_of_the_asset_at_which_the_evidence_counts(
    consequence: int, level: int
) -> None:
    registry = city(("VC-1", "beside", "MH"), consequence=consequence)
    assert timeline(registry, {0: 25.0}, coupled(GAS, Strength(likelihood=5))) == [(0, "VC-1", level)]


@pytest.mark.parametrize(
    ("edge", "side"),
    [
        (("MH", "above", "VC-1"), "below"),
        (("VC-1", "above", "MH"), "above"),
        (("MH", "flows-to", "VC-1"), "downstream"),
        (("VC-1", "flows-to", "MH"), "upstream"),
    ],
)
def test_a_side_is_seen_from_where_it_was_measured(edge: tuple[str, Relation, str], side: str) -> None:
    for other in get_args(Edgewise):
        at = Neighbour(side=other)
        bound = bind(rules(coupled(at, Strength(llr=1.0))), city(edge)).by_kind["limit"]
        assert [pair.asset for pair in bound] == (["VC-1"] if other == side else [])


def test_transitions_name_the_asset_and_differ_between_neighbours() -> None:
    registry = city(("VC-1", "beside", "MH"), ("VC-2", "beside", "MH"))
    step = Engine(registry, rules(coupled(GAS, Strength(llr=1.0)))).step(readings((1, 0, 25.0)))
    assert [(each.asset, each.subject, each.sensor) for each in step.transitions] == [
        ("VC-1", "d0/ch4@VC-1", 1), ("VC-2", "d0/ch4@VC-2", 1),
    ]  # fmt: skip
    assert len({each.id for each in step.transitions}) == 2


def test_k_of_n_counts_what_several_neighbours_say_of_one_asset() -> None:
    second = asset("MH-2", 1, "manhole", Domain.DRAINAGE)
    registry = city(("VC-1", "beside", "MH"), ("VC-1", "beside", "MH-2"))
    further = Sensor(device="d1", key="ch4", asset="MH-2", quantity="methane_lel", unit="%LEL", id=3)
    registry = replace(registry, assets=(*registry.assets, second), sensors=(*registry.sensors, further))
    vote = rule("two", "k_of_n", (Strength(raises=1),), of="beside", k=2)
    step = Engine(registry, rules(coupled(GAS, Strength(likelihood=2)), vote)).step(
        readings((1, 0, 25.0), (3, 0, 1.0), (1, 1, 25.0), (3, 1, 25.0), (1, 2, 25.0), (3, 2, 25.0))
    )
    found = [(each.asset, each.likelihood) for each in step.risk_changes]
    assert found[-1] == ("VC-1", 3)


def test_a_set_without_the_rule_and_a_city_without_the_edge_end_the_evidence_at_the_neighbour() -> None:
    registry, coupling = city(("VC-1", "beside", "MH")), rules(coupled(GAS, Strength(likelihood=4)))
    for after, where in ((rules(LIMIT), registry), (coupling, city())):
        engine = Engine(registry, coupling)
        engine.step(readings((1, 0, 25.0)))
        _, step = succeed(engine, after, where)
        ended = [(each.rule, each.asset, each.state) for each in step.transitions if each.rule == "beside"]
        assert ended == [("beside", "VC-1", 0)]


def test_what_stands_at_a_neighbour_is_remembered() -> None:
    registry, coupling = city(("VC-1", "beside", "MH")), rules(coupled(GAS, Strength(likelihood=4)))
    engine, again = Engine(registry, coupling), Engine(registry, coupling)
    engine.step(readings((1, 0, 25.0)))
    recall(again, remember(engine))
    assert not again.step(readings((1, 1, 25.0))).transitions
    (ended,) = again.step(readings((1, 2, 1.0))).transitions
    assert (ended.asset, ended.state) == ("VC-1", 0)


def test_what_a_rule_learned_of_a_sensor_holds_at_every_neighbour() -> None:
    registry = city(("VC-1", "beside", "MH"), ("VC-2", "beside", "MH"))
    usual = replace(
        coupled(GAS, Strength(llr=1.0)),
        kind="deviation",
        parameters={"baseline": "day", "bands": [{"above": 3.0}]},
    )
    minutes = np.arange(0, 14 * 1440, 30)
    history = Readings(
        np.ones(len(minutes), np.int32),
        START + minutes * MINUTE,
        5 + np.sin(minutes),
        np.ones(len(minutes), np.int8),
    )
    found, failed = learn(rules(usual), registry, history, "two weeks")
    assert not failed
    assert [each.subject for each in found.learned] == ["d0/ch4@VC-1", "d0/ch4@VC-2"]
    assert not unlearned(found, registry)
