"""A small town for the rules' tests: few sensors, rules of every kind."""

from rules.model import Rule, RuleSet, Selector
from rules.risk import Group, Strength, default_matrix
from sensors.model import (
    Asset,
    City,
    Consequence,
    Device,
    DeviceType,
    Domain,
    Edge,
    Registry,
    Sensor,
    Utility,
)


def asset(name: str, consequence: int = 3, kind: str = "valve-chamber", domain: Domain = Domain.GAS) -> Asset:
    return Asset(
        id=name,
        name=name,
        name_en=name,
        kind=kind,
        domain=domain,
        utility="gas-co",
        district="east",
        grid="e1",
        longitude=120.0,
        latitude=30.0,
        consequence=Consequence(people=consequence),
    )


def town(sensors: int = 4, consequence: int = 3, upload_s: float = 60.0) -> Registry:
    """One asset with ``sensors`` methane sensors, each on a device of its own, ids from 1."""
    devices = [Device(id=f"d{n}", type="probe", domain=Domain.GAS, district="east") for n in range(sensors)]
    return Registry(
        city=City(
            id="town", name="镇", name_en="Town", timezone="Asia/Shanghai", longitude=120.0, latitude=30.0
        ),
        utilities=(Utility(id="gas-co", name="燃气", name_en="Gas"),),
        assets=(asset("chamber", consequence), asset("next", consequence)),
        edges=(Edge(source="next", relation="beside", target="chamber"),),
        device_types=(DeviceType(id="probe", name="探头", name_en="probe", sample_s=60, upload_s=upload_s),),
        devices=tuple(devices),
        sensors=tuple(
            Sensor(device=d.id, key="ch4", asset="chamber", quantity="methane_lel", unit="%LEL", id=n + 1)
            for n, d in enumerate(devices)
        ),
    )


def rule(name: str, kind: str, evidence: tuple[Strength, ...], **parameters: object) -> Rule:
    return Rule(
        name=name,
        kind=kind,
        hazard="data-loss" if kind == "silence" else "gas-leak",
        title=name,
        title_en=name,
        source="test",
        select=Selector() if kind == "k_of_n" else Selector(quantity="methane_lel"),
        parameters=parameters,
        evidence=evidence,
    )


LIMIT = rule(
    "methane",
    "limit",
    (Strength(llr=2.0), Strength(likelihood=4), Strength(likelihood=5)),
    bands=[{"above": 10}, {"above": 20}, {"above": 50}],
    deadband=1.0,
    on_delay="60s",
    off_delay="120s",
)
RATE = rule("rise", "rate", (Strength(llr=2.5),), rise_per_s=0.05, window="60s")
STUCK = rule("stuck", "stuck", (Strength(llr=1.0),), window="10min", tolerance=0.001)
SILENCE = rule("silence", "silence", (Strength(llr=3.0),), intervals=3)
VOTE = rule("two-of-n", "k_of_n", (Strength(llr=3.0),), of="methane", k=2)


def rules(*which: Rule) -> RuleSet:
    return RuleSet(
        rules=which or (LIMIT, RATE, STUCK, SILENCE, VOTE),
        groups=(Group(name="gas"),),
        matrix=default_matrix(),
    )
