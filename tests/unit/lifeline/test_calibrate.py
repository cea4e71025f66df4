"""What a rule's evidence is worth, counted on days whose truth is known."""

from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from lifeline.calibrate.count import Counting, reliability
from lifeline.calibrate.day import EVENTS, HOURS, Event, day
from lifeline.calibrate.run import calibrate
from lifeline.calibrate.watch import EVERY, Sample, numbered, watch
from lifeline.cli.arguments import span
from rules.hazards import hazards
from rules.load import DEMO_RULES, load
from rules.risk import Strength
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city
from sensors.readings import HOUR, MINUTE
from tests.unit.rules.town import LIMIT

CITY = numbered(read_city(DEMO_CITY))
LEAK = Event("chamber", "gas-leak", 2 * HOUR, 3 * HOUR)


def sample(minute: int, state: int = 0, asset: str = "chamber", claim: float | None = None) -> Sample:
    claims = {} if claim is None else {(asset, "gas-leak"): claim}
    return Sample(minute * MINUTE, (("methane", asset, state),), claims)


def test_a_sample_counts_with_the_event_at_its_asset_or_as_clean_or_not_at_all() -> None:
    counting = Counting([LIMIT])
    inside = [sample(120, 0), sample(130, 1), sample(170, 2)]
    elsewhere = [sample(130, 3, "next")]
    lingering = [sample(180, 3), sample(299, 1, "next"), sample(400, 3)]
    clean = [sample(60, 0), sample(300, 0, "next"), sample(310, 1, "next")]
    counting.add(1, [LEAK], [*inside, *elsewhere, *lingering, *clean])
    found = counting.counts()["methane"]
    assert (found.event, found.clean, found.events) == ((1, 1, 1, 0), (2, 1, 0, 0), 1)


def test_events_are_counted_over_days_and_a_rule_that_saw_none_gets_no_ratio() -> None:
    counting = Counting([LIMIT, replace(LIMIT, name="other", hazard="burst")])
    for number in (1, 2):
        counting.add(number, [LEAK], [sample(130, 1), Sample(0, (("other", "chamber", 1),), {})])
    assert counting.counts().keys() == {"methane"}
    assert counting.counts()["methane"].events == 2


def test_claims_are_held_against_the_truth_with_events_as_rare_as_the_prior_says() -> None:
    samples = [*(sample(minute, 1, claim=0.3) for minute in (130, 140)), sample(150)]
    samples += [sample(minute) for minute in range(0, 100, 10)] + [sample(110, 1, claim=0.3)]
    found = reliability({"gas-leak": frozenset({"chamber"})}, [([LEAK], samples)])["gas-leak"]
    prior = hazards()["gas-leak"].prior
    share = prior * 2 / 3
    false = (1 - prior) / 11
    claimed = found.bins[1]
    assert (claimed.samples, claimed.events, claimed.claimed) == (3, 2, pytest.approx(0.3))
    assert claimed.true == pytest.approx(share / (share + false), abs=1e-4)
    assert found.brier == pytest.approx(
        share * 0.7**2 + prior / 3 * (1 - prior) ** 2 + false * 0.3**2, rel=0.01
    )
    assert found.brier_of_prior == pytest.approx(prior * (1 - prior), rel=0.01)


def test_a_day_is_drawn_from_its_seed_alone_and_has_every_hazard() -> None:
    assert day(CITY, 5) == day(CITY, 5) != day(CITY, 6)
    found = day(CITY, 5)
    assert {event.hazard for event in found.events} == EVENTS.keys()
    assert all(incident.start >= 0 and incident.end <= HOURS * HOUR for incident in found.scenario.incidents)


def test_events_of_a_hazard_leave_clean_time_between_them() -> None:
    for seed in range(5):
        for hazard in EVENTS:
            times = {(event.start, event.end) for event in day(CITY, seed).events if event.hazard == hazard}
            ordered = sorted(times)
            assert len(ordered) == 3
            for (_, end), (start, _) in pairwise(ordered):
                assert start - end > 2 * HOUR


def test_a_burst_is_an_event_of_the_pipe_and_of_the_zone_that_feeds_it() -> None:
    kinds = {asset.id: asset.kind for asset in CITY.assets}
    bursts = [event for event in day(CITY, 1).events if event.hazard == "burst"]
    by_start = {
        start: {kinds[e.asset] for e in bursts if e.start == start} for start in {e.start for e in bursts}
    }
    assert all("dma" in found and len(found) == 2 for found in by_start.values())


def test_gas_in_a_manhole_is_an_event_of_the_chamber_beside_it_too() -> None:
    kinds = {asset.id: asset.kind for asset in CITY.assets}
    beside = {frozenset((edge.source, edge.target)) for edge in CITY.edges if edge.relation == "beside"}
    seen = 0
    for seed in range(5):
        leaks = [event for event in day(CITY, seed).events if event.hazard == "gas-leak"]
        for manhole in (event for event in leaks if kinds[event.asset] == "manhole"):
            told = {event.asset for event in leaks if event.start == manhole.start} - {manhole.asset}
            chambers = {name for pair in beside if manhole.asset in pair for name in pair - {manhole.asset}}
            assert told == {name for name in chambers if kinds[name] == "valve-chamber"}
            seen += len(told)
    assert seen


def test_an_engine_is_shown_the_simulated_day() -> None:
    """Until its leak is over: the rule is seen to stand at the chamber while gas escapes, and not before."""
    rules = load([DEMO_RULES])
    rules = replace(rules, rules=tuple(rule for rule in rules.rules if rule.name == "chamber-methane"))
    rules = replace(rules, rules=(replace(rules.rules[0], evidence=(Strength(llr=2.0),) * 3),))
    today = day(CITY, 5)
    leak = next(
        event for event in today.events if event.hazard == "gas-leak" and event.asset.startswith("VC")
    )
    seen = []
    for each in watch(CITY, rules, today, 5):
        seen.append((each.time, {asset: state for _, asset, state in each.states}[leak.asset], each.claims))
        if each.time > leak.end:
            break
    assert all(later - earlier == EVERY for (earlier, *_), (later, *_) in pairwise(seen))
    assert not any(state for time, state, _ in seen if time < leak.start)
    assert any(state for time, state, _ in seen if leak.start <= time < leak.end)
    assert any((leak.asset, "gas-leak") in claims for *_, claims in seen)


def test_numbers_are_given_as_a_span() -> None:
    assert list(span("--seeds", "3-5")) == [3, 4, 5]
    assert list(span("--seeds", "7")) == [7]
    for wrong in ("", "a", "5-3", "1-", "-2", "1-2-3"):
        with pytest.raises(ConfigurationError, match="--seeds: expected numbers such as 1-12"):
            span("--seeds", wrong)


def test_a_calibration_learns_from_some_days_is_tried_on_others_and_can_be_read_by_rules(
    tmp_path: Path,
) -> None:
    city = read_city(DEMO_CITY)
    stations = {asset.id for asset in city.assets if asset.kind == "quality-station"}
    sensors = tuple(sensor for sensor in city.sensors if sensor.asset in stations)
    few = replace(city, sensors=sensors)
    text = (DEMO_RULES / "water.toml").read_text(encoding="utf-8")
    rule = "[[rule]]" + next(part for part in text.split("[[rule]]") if 'name = "chlorine-low"' in part)
    (tmp_path / "rules.toml").write_text(rule.replace('group = "chlorine"', ""), encoding="utf-8")

    found = calibrate(few, load([tmp_path / "rules.toml"], measured=False), [1], [2])

    (tmp_path / "demo.llr.json").write_bytes(found.encode())
    (taught,) = load([tmp_path / "rules.toml"]).rules
    counts = found.rules["chlorine-low"]
    assert taught.evidence[0].llr == counts.llr[0] > 0
    assert (counts.events, sum(counts.event[1:]) > 0, counts.clean[1:]) == (3, True, (0, 0))
    assert found.reliability["water-quality"].events == 3
    assert found.reliability["water-quality"].brier < found.reliability["water-quality"].brier_of_prior
    assert (found.seeds, found.reliability_seeds) == ((1,), (2,))
