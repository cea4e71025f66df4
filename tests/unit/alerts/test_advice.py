"""There is something to do about everything that can be alerted of, in both languages."""

from collections import Counter

from alerts.advice import advice
from rules.hazards import hazards
from rules.levels import RiskLevel


def test_every_hazard_has_one_advice_at_each_level() -> None:
    given = Counter((each.hazard, level) for each in advice() for level in each.levels)
    assert given == {(hazard, level.value): 1 for hazard in hazards() for level in RiskLevel}


def test_the_languages_have_the_same_steps_and_every_advice_a_source() -> None:
    for each in advice():
        assert len(each.steps) == len(each.steps_en) > 0, each.hazard
        assert each.source, each.hazard
