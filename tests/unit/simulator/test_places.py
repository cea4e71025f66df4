import numpy as np
import pytest

from simulator.places import Places
from tests.unit.simulator.village import House, village

KINDS = [
    House("DMA-near", "dma", {}, 100),
    House("DMA-linked", "dma", {}, 5000),
    House("MN", "main", {}),
    House("JN", "junction", {}, 50),
    House("JN-lone", "junction", {}, 4000),
    House("MH", "manhole", {}),
]
EDGES = [
    ("DMA-linked", "flows-to", "MN"),
    ("MN", "flows-to", "JN"),
    ("DMA-near", "beside", "MH"),
    ("MH", "beside", "JN"),
]
PLACES = Places(village(*KINDS, edges=EDGES))


def test_an_asset_hangs_on_what_its_own_pipes_lead_to_and_else_on_what_is_nearest() -> None:
    zones = PLACES.of("dma")
    assert PLACES.partner(PLACES.of("main"), zones).tolist() == [zones.index["DMA-linked"]]
    assert PLACES.partner(PLACES.of("junction"), zones).tolist() == [
        zones.index["DMA-linked"],
        zones.index["DMA-linked"],
    ]
    alone = Places(village(*KINDS))
    assert alone.partner(alone.of("junction"), alone.of("dma")).tolist() == [0, 1]


def test_where_there_is_nothing_to_hang_on_nothing_does() -> None:
    assert PLACES.partner(PLACES.of("junction"), PLACES.of("bridge-span")).size == 0


def test_edges_are_found_by_relation_and_by_touch() -> None:
    flows = PLACES.linked("flows-to", PLACES.of("main"), PLACES.of("junction"))
    assert [ends.tolist() for ends in flows] == [[0], [0]]
    assert PLACES.linked("beside", PLACES.of("main"), PLACES.of("junction"))[0].size == 0
    touching = PLACES.touching(PLACES.of("manhole"), PLACES.of("dma"))
    assert [ends.tolist() for ends in touching] == [[0], [0]]


def test_distances_are_metres() -> None:
    x, y = PLACES.where("DMA-linked")
    assert (x, y) == (pytest.approx(0), pytest.approx(5000))
    assert PLACES.of("dma").distance(x, y) == pytest.approx([4900, 0], abs=1e-6)


def test_attributes_have_defaults() -> None:
    places = Places(village(House("A", "dma", {}, attributes={"base_flow_m3h": 7}), House("B", "dma", {})))
    assert np.array_equal(places.of("dma").attribute("base_flow_m3h", 120.0), [7, 120])
