from collections import Counter, defaultdict

import pytest

from sensors.load import DEMO_CITY, read_city
from sensors.model import Domain
from sensors.quantities import QUANTITIES

CITY = read_city(DEMO_CITY)
ASSETS = {asset.id: asset for asset in CITY.assets}

KEYS = {
    "valve-chamber": {"ch4": "methane_lel", "temp": "gas_temperature"},
    "regulator-station": {"p_in": "gas_pressure", "p_out": "gas_pressure", "flow": "gas_flow"},
    "dma": {"flow": "water_flow", "pressure": "water_pressure"},
    "junction": {"pressure": "water_pressure"},
    "main": {"noise": "acoustic_noise", "pressure": "water_pressure"},
    "quality-station": {
        "chlorine": "free_chlorine",
        "turbidity": "turbidity",
        "ph": "ph",
        "conductivity": "conductivity",
        "temp": "water_temperature",
    },
    "manhole": {
        "level": "sewer_level",
        "flow": "sewer_flow",
        "h2s": "hydrogen_sulfide",
        "ch4": "methane_lel",
        "tilt": "cover_tilt",
    },
    "rain-gauge": {"rain": "rain_intensity"},
    "underpass": {"ponding": "ponding_depth"},
    "drainage-pump-station": {"level": "sewer_level", "flow": "sewer_flow"},
    "bridge-span": {
        **{f"strain{number}": "strain" for number in range(1, 5)},
        "deflection": "deflection",
        "temp": "structure_temperature",
        "accel": "acceleration",
        "weight": "vehicle_weight",
        "wind": "wind_speed",
    },
    "bridge-pier": {"tilt": "tilt", "bearing": "bearing_force"},
    "bridge-cable": {"force": "cable_force", "accel": "acceleration"},
    "heat-chamber": {"temp": "heat_temperature", "pressure": "heat_pressure"},
    "tunnel-compartment": {
        "o2": "oxygen",
        "ch4": "methane_lel",
        "humidity": "humidity",
        "temp": "air_temperature",
        "sump": "sump_level",
        "intrusion": "intrusion",
    },
}
"""What simulator and rules rely on: the sensors that each kind of asset has, by key."""

SOME = {
    "manhole": {"flow", "h2s", "ch4", "tilt"},
    "bridge-span": {"strain4", "weight", "wind"},
    "bridge-cable": {"accel"},
}
"""Keys that only some assets of the kind have."""

ATTRIBUTES = {
    "valve-chamber": {"volume_m3", "air_changes_per_h"},
    "regulator-station": {"inlet_kpa", "outlet_kpa", "base_flow_m3h"},
    "dma": {"base_flow_m3h", "static_pressure_mpa"},
    "junction": {"static_pressure_mpa", "elevation_m"},
    "main": {"length_m", "diameter_m", "static_pressure_mpa", "background_db"},
    "quality-station": {"free_chlorine_mgl", "turbidity_ntu", "ph", "conductivity_uscm"},
    "manhole": {"depth_m", "area_m2", "pipe_diameter_m", "catchment_m2"},
    "rain-gauge": {"elevation_m"},
    "underpass": {"area_m2", "catchment_m2", "drain_m3h"},
    "drainage-pump-station": {"capacity_m3h", "area_m2", "depth_m"},
    "bridge-span": {"length_m", "frequency_hz", "mass_kg_m", "weight_limit_t", "design_deflection_mm"},
    "bridge-pier": {"height_m", "dead_load_kn"},
    "bridge-cable": {"length_m", "mass_kg_m", "force_kn", "anchor_m", "inclination_deg", "area_mm2"},
    "heat-chamber": {"supply_temperature_cel", "static_pressure_mpa", "diameter_m"},
    "tunnel-compartment": {"length_m", "volume_m3", "air_changes_per_h", "sump_depth_m"},
}

EXPOSED = {"people_exposed", "cost_yuan", "adjacent_spaces"}
"""What the scale of consequences measures."""

SURVEYED = {
    "built_year", "material", "diameter_m", "condition", "defects", "inspection_months", "return_period_y",
}  # fmt: skip
"""What the risk assessment asks; not all of it is known of each."""

every_kind = pytest.mark.parametrize("kind", KEYS)


def test_it_is_about_as_large_as_it_says() -> None:
    assert 280 <= len(CITY.sensors) <= 320
    assert len({asset.district for asset in CITY.assets}) == 4
    assert {asset.domain for asset in CITY.assets} == set(Domain)
    assert {asset.kind for asset in CITY.assets} == set(KEYS)


@every_kind
def test_a_kinds_assets_have_the_kinds_sensors(kind: str) -> None:
    found = defaultdict(dict)
    for sensor in CITY.sensors:
        if ASSETS[sensor.asset].kind == kind:
            found[sensor.asset][sensor.key] = sensor.quantity

    assert found.keys() == {asset.id for asset in CITY.assets if asset.kind == kind}
    assert set().union(*found.values()) == KEYS[kind].keys()
    for sensors in found.values():
        assert sensors.items() <= KEYS[kind].items()
        assert KEYS[kind].keys() - SOME.get(kind, set()) <= sensors.keys()


@every_kind
def test_a_kinds_assets_have_what_physics_needs_to_know(kind: str) -> None:
    for asset in CITY.assets:
        if asset.kind == kind:
            assert ATTRIBUTES[kind] <= asset.attributes.keys() <= ATTRIBUTES[kind] | SURVEYED | EXPOSED


@every_kind
def test_the_consequence_differs_from_slight_to_disastrous_within_a_kind(kind: str) -> None:
    scores = {asset.consequence.worst for asset in CITY.assets if asset.kind == kind}
    count = sum(asset.kind == kind for asset in CITY.assets)

    assert scores == {1, 2, 3, 4, 5} if count > 5 else {1} < scores
    assert max(scores) >= 4


def test_a_school_is_worse_than_a_field() -> None:
    for asset in CITY.assets:
        if "school" in asset.tags or "hospital" in asset.tags:
            assert asset.consequence.worst == 5
        if "field" in asset.tags:
            assert asset.consequence.worst == 1


def test_lines_run_across_systems() -> None:
    def domains(relation: str) -> set[frozenset[Domain]]:
        ends = ((edge.source, edge.target) for edge in CITY.edges if edge.relation == relation)
        return {frozenset((ASSETS[source].domain, ASSETS[target].domain)) for source, target in ends}

    assert {Domain.GAS, Domain.DRAINAGE} in domains("beside")
    assert {Domain.WATER, Domain.BRIDGE} in domains("above")
    assert {Domain.BRIDGE, Domain.DRAINAGE} in domains("above")
    assert {Domain.GAS, Domain.TUNNEL} in domains("beside")


def test_neighbours_are_near_one_another() -> None:
    for edge in CITY.edges:
        if edge.relation != "flows-to":
            source, target = ASSETS[edge.source], ASSETS[edge.target]
            assert abs(source.longitude - target.longitude) < 0.03
            assert abs(source.latitude - target.latitude) < 0.03


def test_nothing_flows_in_a_circle() -> None:
    after = defaultdict(set)
    for edge in CITY.edges:
        if edge.relation == "flows-to":
            after[edge.source].add(edge.target)

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        new = set(after[start])
        while new:
            found |= new
            new = set().union(*(after[asset] for asset in new)) - found
        return found

    assert all(asset not in reached(asset) for asset in ASSETS)


def test_devices_promise_different_things() -> None:
    promises = {(kind.numbered, kind.buffered) for kind in CITY.device_types}
    used = {device.type for device in CITY.devices}
    children = Counter(device.gateway for device in CITY.devices if device.gateway)

    assert promises == {(True, True), (True, False), (False, False)}
    assert used == {kind.id for kind in CITY.device_types}
    assert len(children) >= 3
    assert min(children.values()) >= 2


def test_not_every_device_sends_the_quantitys_own_unit() -> None:
    foreign = {sensor.unit for sensor in CITY.sensors if sensor.unit != QUANTITIES[sensor.quantity].unit}

    assert foreign >= {"%VOL", "L/s", "kPa"}
