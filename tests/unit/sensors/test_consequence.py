"""From what is known of an asset to how bad an event there would be."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from msgspec.structs import replace

from sensors.consequence import scored, with_scores
from sensors.consequence_scale import FACTORS, SCORES, default_scale, wrong
from sensors.load import DEMO_CITY, read_city
from sensors.model import Asset, Consequence, Domain, Edge, Registry, Relation
from sensors.registry import decode, encode
from tests.unit.rules.town import asset, town


def known(
    name: str = "a",
    attributes: Mapping[str, float | str] | None = None,
    tags: tuple[str, ...] = (),
    domain: Domain = Domain.GAS,
    **written: int,
) -> Asset:
    return replace(
        asset(name, domain=domain), attributes=attributes or {}, tags=tags, consequence=Consequence(**written)
    )


def city(*assets: Asset, edges: tuple[tuple[str, Relation, str], ...] = ()) -> Registry:
    found = tuple(Edge(source=source, relation=relation, target=target) for source, relation, target in edges)
    return replace(town(), assets=assets, edges=found)


def scores(*assets: Asset, edges: tuple[tuple[str, Relation, str], ...] = ()) -> Consequence:
    return scored(city(*assets, edges=edges))["a"]


@pytest.mark.parametrize(
    ("people", "score"),
    [(0, 1), (2, 1), (3, 2), (9, 2), (10, 3), (49, 3), (50, 4), (299, 4), (300, 5), (10_000, 5)],
)
def test_people_exposed_are_scored_by_steps(people: int, score: int) -> None:
    assert scores(known(attributes={"people_exposed": people})) == Consequence(people=score)


def test_each_factor_has_its_own_measure() -> None:
    found = scores(known(attributes={"cost_yuan": 1e7, "adjacent_spaces": 4}, tags=("hospital", "old")))
    assert found == Consequence(critical_users=5, cost=4, adjacent_spaces=3)
    assert found.worst == 5


def test_a_score_written_at_the_asset_counts_as_well_and_the_worst_of_both_holds() -> None:
    assert scores(known(attributes={"people_exposed": 50}, people=2)).people == 4
    assert scores(known(attributes={"people_exposed": 3}, people=5)).people == 5


@pytest.mark.parametrize("relation", ["beside", "above"])
@pytest.mark.parametrize("ends", [("a", "b"), ("b", "a")])
def test_an_asset_beside_above_or_below_another_system_takes_its_consequence_along(
    relation: Relation, ends: tuple[str, str]
) -> None:
    pier = known("b", {"people_exposed": 500}, domain=Domain.BRIDGE)
    found = scores(known(), pier, edges=((ends[0], relation, ends[1]),))
    assert found == Consequence(cascade=4)


@pytest.mark.parametrize(
    ("domain", "relation", "people"),
    [(Domain.GAS, "beside", 5), (Domain.BRIDGE, "flows-to", 5), (Domain.BRIDGE, "beside", 3)],
)
def test_nothing_is_taken_along_within_a_system_nor_downstream_nor_from_a_harmless_neighbour(
    domain: Domain, relation: Relation, people: int
) -> None:
    other = known("b", domain=domain, people=people)
    assert scores(known(), other, edges=(("a", relation, "b"),)) == Consequence()


def test_a_cascade_is_not_handed_on() -> None:
    between = known("b", domain=Domain.DRAINAGE, cascade=5)
    far = known("c", domain=Domain.BRIDGE, people=5)
    edges: tuple[tuple[str, Relation, str], ...] = (("a", "beside", "b"), ("b", "beside", "c"))
    assert scores(known(), between, far, edges=edges) == Consequence()


def test_another_scale_gives_other_scores_and_is_part_of_the_registry() -> None:
    scale = default_scale()
    people = replace(scale.people, steps=(1, 2, 3, 4))
    registry = replace(
        city(known(attributes={"people_exposed": 4})), consequence=replace(scale, people=people)
    )
    again = decode(encode(registry))
    assert again.consequence == registry.consequence
    assert scored(again)["a"].people == 5


def test_the_shipped_scale_is_sound_and_says_where_it_comes_from() -> None:
    scale = default_scale()
    assert list(wrong(scale)) == []
    assert scale.version
    assert all(factor.source for factor in (*scale.factors.values(), scale.cascade))
    assert {*FACTORS, "cascade"} == set(Consequence.__struct_fields__)


def test_more_is_never_better() -> None:
    steps = sorted({0.0, *default_scale().cost.steps, 1e9})
    found = [scores(known(attributes={"cost_yuan": value})).cost for value in steps]
    assert all(low <= high for low, high in pairwise(found))
    assert set(found) == set(SCORES)


def test_the_scores_are_never_below_what_the_demo_city_s_assessors_wrote() -> None:
    registry = read_city(DEMO_CITY)
    found = scored(registry)
    for each in registry.assets:
        for factor in Consequence.__struct_fields__:
            assert getattr(found[each.id], factor) >= getattr(each.consequence, factor)
    assert {scores.worst for scores in found.values()} == set(SCORES)
    assert {asset.id: asset.consequence for asset in with_scores(registry).assets} == found
