"""A rule that raised at a subject, said as everything else is: by a rule, with a hazard of its own.

So it goes through journal, risk and alerts, and an engineer is told. What the rule itself had said of the
subject ends at the same moment: no evidence stands without a rule.
"""

from dataclasses import replace

from rules.bind import Pair
from rules.model import Rule
from rules.risk import Strength

FAILURE = Rule(
    name="rule-failure",
    kind="rule-failure",
    hazard="rule-failure",
    title="规则运行出错，已在该测点停用",
    title_en="A rule raised an error and was switched off here",
    source="it happened: likelihood 4 makes it general (yellow) at the hazard's own consequence of 1",
    evidence=(Strength(likelihood=4),),
)
"""The rule that speaks of others; it is in every rule set, and no file may name one like it."""


def failing(pair: Pair) -> Pair:
    """What says that ``pair`` is switched off; its subject names both."""
    return replace(pair, rule=FAILURE, subject=failing_at(pair.rule.name, pair.subject))


def failing_at(rule: str, subject: str) -> str:
    """The subject of what says that a rule is switched off at a subject."""
    return f"{rule} at {subject}"
