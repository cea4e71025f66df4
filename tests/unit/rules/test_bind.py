"""Which rule speaks of which sensors, with which parameters."""

import msgspec
import pytest

from rules.bind import BindError, bind
from rules.model import Input, Override, Rule, Selector
from rules.risk import Strength
from sensors.model import Device, Domain, Edge, Registry, Sensor
from tests.unit.rules.town import SILENCE, VOTE, asset, rule, rules, town

ONE = (Strength(llr=1.0),)
LIMIT = rule("methane", "limit", ONE, bands=[{"above": 10.0}])


def city() -> Registry:
    """Two assets of different kinds, domains and tags."""
    plain = town(2)
    shaft = msgspec.structs.replace(
        asset("shaft", kind="manhole", domain=Domain.DRAINAGE), tags=("school", "deep")
    )
    shaft = msgspec.structs.replace(
        shaft, attributes={"depth_m": 4.0, "zero": 0.0, "name": "x"}, district="west"
    )
    return msgspec.structs.replace(
        plain,
        assets=(*plain.assets, shaft),
        devices=(*plain.devices, Device(id="w", type="probe", domain=Domain.DRAINAGE, district="west")),
        sensors=(
            *plain.sensors,
            Sensor(device="w", key="lv", asset="shaft", quantity="sewer_level", unit="m", id=10),
            Sensor(device="w", key="gas", asset="shaft", quantity="methane_lel", unit="%LEL", id=11),
        ),
    )


def subjects(select: Selector) -> list[str]:
    bound = bind(rules(msgspec.structs.replace(LIMIT, select=select)), city())
    return [pair.subject for pair in bound.by_kind["limit"]]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["d0/ch4", "d1/ch4", "w/lv", "w/gas"]),
        ({"quantity": "methane_lel"}, ["d0/ch4", "d1/ch4", "w/gas"]),
        ({"quantity": ("sewer_level", "methane_lel"), "domain": "drainage"}, ["w/lv", "w/gas"]),
        ({"asset_kind": "valve-chamber"}, ["d0/ch4", "d1/ch4"]),
        ({"asset": ("shaft", "next")}, ["w/lv", "w/gas"]),
        ({"tag": "school"}, ["w/lv", "w/gas"]),
        ({"tag": ("x", "deep"), "key": "lv"}, ["w/lv"]),
        ({"district": "east", "device": "d1"}, ["d1/ch4"]),
        ({"device_type": "none"}, []),
    ],
)
def test_a_selector_finds_what_matches_every_field(fields: dict[str, object], expected: list[str]) -> None:
    assert subjects(Selector(**fields)) == expected


def parameters(rule_: Rule) -> dict[str, object]:
    return {pair.subject: pair.parameters for pair in bind(rules(rule_), city()).by_kind[rule_.kind]}


def test_the_last_override_that_matches_wins_key_by_key() -> None:
    override = (
        Override(select=Selector(tag="school"), parameters={"deadband": 1.0, "on_delay": "5s"}),
        Override(select=Selector(key="gas"), parameters={"deadband": 2.0}),
    )
    found = parameters(msgspec.structs.replace(LIMIT, select=Selector(), override=override))
    assert {name: (p.deadband, int(p.on_delay) // 1_000_000) for name, p in found.items()} == {
        "d0/ch4": (0.0, 0), "d1/ch4": (0.0, 0), "w/lv": (1.0, 5), "w/gas": (2.0, 5),
    }  # fmt: skip


def test_silence_takes_the_interval_of_the_device_s_type_unless_it_has_its_own() -> None:
    assert {p.interval_s for p in parameters(SILENCE).values()} == {60.0}
    own = rule("silence", "silence", ONE, interval_s=5.0)
    assert {p.interval_s for p in parameters(own).values()} == {5.0}


def test_a_limit_may_be_relative_to_what_the_registry_knows_of_the_asset() -> None:
    relative = rule("level", "limit", ONE, bands=[{"above": 0.8}], deadband=0.1, relative_to="depth_m")
    relative = msgspec.structs.replace(relative, select=Selector(quantity="sewer_level"))
    (found,) = parameters(relative).values()
    assert (found.bands[0].above, found.deadband) == (3.2, 0.4)


@pytest.mark.parametrize(
    ("attribute", "why"),
    [("height_m", "shaft has no number 'height_m'"), ("name", "shaft has no number 'name'")],
)
def test_an_asset_that_lacks_the_number_is_named(attribute: str, why: str) -> None:
    relative = rule("level", "limit", ONE, bands=[{"above": 0.8}], relative_to=attribute)
    with pytest.raises(BindError, match=why):
        bind(rules(msgspec.structs.replace(relative, select=Selector(key="lv"))), city())


def test_an_asset_that_makes_the_parameters_impossible_is_named() -> None:
    relative = rule("rise", "rate", ONE, rise_per_s=0.8, relative_to="zero")
    with pytest.raises(BindError, match=r"rise: rise_per_s at shaft: expected more than 0, not 0\.0"):
        bind(rules(msgspec.structs.replace(relative, select=Selector(key="lv"))), city())


def test_pairs_that_would_judge_alike_have_the_same_key_in_another_version() -> None:
    def key(rule_: Rule, registry: Registry) -> tuple[str, ...]:
        return bind(rules(rule_), registry).by_kind["limit"][0].key

    renamed = msgspec.structs.replace(LIMIT, title="other words", source="another")
    moved = msgspec.structs.replace(
        town(), sensors=(msgspec.structs.replace(town().sensors[0], asset="next"),)
    )
    assert key(LIMIT, town()) == key(renamed, town())
    assert key(LIMIT, town()) != key(msgspec.structs.replace(LIMIT, hazard="burst"), town())
    assert key(LIMIT, town()) != key(msgspec.structs.replace(LIMIT, group="g"), town())
    assert key(LIMIT, town()) != key(msgspec.structs.replace(LIMIT, evidence=(Strength(llr=1.1),)), town())
    assert key(LIMIT, town()) != key(
        msgspec.structs.replace(LIMIT, parameters={"bands": [{"above": 11.0}]}), town()
    )
    assert key(LIMIT, town()) != key(LIMIT, moved)


def test_a_vote_by_asset_counts_the_asset_s_own_sensors() -> None:
    (group,) = bind(rules(LIMIT, VOTE), city()).groups
    assert group.pair.subject == "chamber"
    assert [pair.subject for pair in group.of] == ["d0/ch4", "d1/ch4"]
    assert [member.patience for member in group.members] == [180_000_000] * 2


def test_a_vote_by_an_edge_counts_an_asset_and_all_that_stand_to_it_so() -> None:
    registry = msgspec.structs.replace(
        city(), edges=(Edge(source="shaft", relation="beside", target="chamber"),)
    )
    vote = rule("vote", "k_of_n", ONE, of="methane", k=3, by="beside")
    groups = bind(rules(LIMIT, vote), registry).groups
    assert [group.pair.subject for group in groups] == ["chamber", "shaft"]
    assert [pair.subject for pair in groups[0].of] == ["d0/ch4", "d1/ch4", "w/gas"]
    assert not bind(
        rules(LIMIT, rule("vote", "k_of_n", ONE, of="methane", k=4, by="beside")), registry
    ).groups


def street() -> Registry:
    """Five manholes in a row, flowing on, each with a level; a rain gauge at both ends."""
    plain = town(0)
    manholes = [
        msgspec.structs.replace(
            asset(f"m{n}", kind="manhole", domain=Domain.DRAINAGE), longitude=120 + n / 100
        )
        for n in range(5)
    ]
    devices = [Device(id=f"l{n}", type="probe", domain=Domain.DRAINAGE, district="east") for n in range(5)]
    levels = [
        Sensor(device=f"l{n}", key="level", asset=f"m{n}", quantity="sewer_level", unit="m", id=n + 1)
        for n in range(5)
    ]
    rain = [
        Sensor(device=f"l{n}", key="rain", asset=f"m{n}", quantity="rain_intensity", unit="mm/h", id=n + 11)
        for n in (0, 4)
    ]
    return msgspec.structs.replace(
        plain,
        assets=tuple(manholes),
        edges=tuple(Edge(source=f"m{n}", relation="flows-to", target=f"m{n + 1}") for n in range(4)),
        devices=tuple(devices),
        sensors=(*levels, *rain),
    )


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        ({"at": "downstream"}, {"m0": [2], "m1": [3], "m2": [4], "m3": [5]}),
        ({"at": "upstream"}, {"m1": [1], "m2": [2], "m3": [3], "m4": [4]}),
        ({"at": "district"}, {f"m{n}": [k for k in range(1, 6) if k != n + 1] for n in range(5)}),
    ],
)
def test_the_other_sensors_are_found_along_edges_and_in_the_district(
    sought: dict[str, object], expected: dict[str, list[int]]
) -> None:
    related = Rule(
        name="related", kind="relation", hazard="overflow", title="x", title_en="x", source="test",
        select=Selector(quantity="sewer_level"), evidence=ONE,
        inputs={"others": Input(select=Selector(quantity="sewer_level"), **sought)},
    )  # fmt: skip
    found = bind(rules(related), street()).by_kind["relation"]
    others = {pair.asset: sorted(seat.sensor for seat in pair.seats[1:]) for pair in found}
    assert others == expected
    assert [pair.seats[0].sensor for pair in found] == [pair.sensor for pair in found]


def test_only_the_nearest_gauge_is_asked() -> None:
    rainy = Rule(
        name="soon", kind="overflow", hazard="overflow", title="x", title_en="x", source="test",
        select=Selector(quantity="sewer_level"), parameters={"rim": 3.0}, evidence=(*ONE, *ONE),
        inputs={"rain": Input(at="city", nearest=1, select=Selector(quantity="rain_intensity"))},
    )  # fmt: skip
    found = bind(rules(rainy), street()).by_kind["overflow"]
    assert {pair.asset: pair.seats[1].sensor for pair in found} == {
        "m0": 11, "m1": 11, "m2": 11, "m3": 15, "m4": 15,
    }  # fmt: skip
