"""A whole calibration: ratios from some seeds, how true the claims come with them on others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from lifeline.calibrate.count import Counting, reliability
from lifeline.calibrate.day import HOURS, NAME, Event, day
from lifeline.calibrate.watch import EVERY, Sample, numbered, watch
from rules.bind import bind
from rules.calibration import Calibration, Counts
from rules.model import Rule, RuleSet
from sensors.model import Registry
from sensors.readings import SECOND

Days = list[tuple[Sequence[Event], Iterable[Sample]]]


def calibrate(
    registry: Registry, rules: RuleSet, seeds: Sequence[int], against: Sequence[int]
) -> Calibration:
    """The ratios of every rule whose hazard happens, and the reliability of the set that uses them.

    seeds: learned from. against: other ones, on which the claims are held against the truth.
    """
    registry = numbered(registry)
    counting = Counting(rules.rules)
    for seed, (events, samples) in zip(seeds, _days(registry, rules, seeds), strict=True):
        counting.add(seed, events, samples)
    counts = counting.counts()
    measured = replace(rules, rules=tuple(_measured(rule, counts) for rule in rules.rules))
    hazards = {found.hazard for found in counts.values()}
    places = {hazard: at for hazard, at in _places(registry, measured).items() if hazard in hazards}
    return Calibration(
        scenario=NAME,
        city=registry.city.id,
        sample_s=EVERY // SECOND,
        hours=HOURS,
        seeds=tuple(seeds),
        rules=counts,
        reliability_seeds=tuple(against),
        reliability=reliability(places, _days(registry, measured, against)),
    )


def _days(registry: Registry, rules: RuleSet, seeds: Sequence[int]) -> Days:
    days = [day(registry, seed) for seed in seeds]
    return [(each.events, watch(registry, rules, each, seed)) for each, seed in zip(days, seeds, strict=True)]


def _measured(rule: Rule, counts: dict[str, Counts]) -> Rule:
    """The rule with its new ratios where it names a file for them."""
    if rule.name not in counts:
        return rule
    evidence = (
        strength if strength.llr_file is None else replace(strength, llr=llr)
        for strength, llr in zip(rule.evidence, counts[rule.name].llr, strict=True)
    )
    return replace(rule, evidence=tuple(evidence))


def _places(registry: Registry, rules: RuleSet) -> dict[str, frozenset[str]]:
    """Where rules speak of a hazard."""
    bound = bind(rules, registry)
    pairs = [
        *(pair for pairs in bound.by_kind.values() for pair in pairs),
        *(each.pair for each in bound.groups),
    ]
    places: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        places[pair.rule.hazard].add(pair.asset)
    return {hazard: frozenset(at) for hazard, at in places.items()}
