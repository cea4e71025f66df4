"""Which rule speaks of which sensors, with which parameters."""

import msgspec
import pytest

from rules.bind import BindError, bind
from rules.model import Override, Rule, Selector
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
