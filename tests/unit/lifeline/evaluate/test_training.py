"""Rules that learn from the stretch that a feed names, and nothing of it is scored."""

from pathlib import Path

import pytest

from lifeline.evaluate.run import evaluate
from lifeline.replay.play import Play, read
from sensors.errors import Mistake
from tests.support.replaying import FEEDS

RULE = """
[[rule]]
name = "relation"
kind = "relation"
hazard = "gas-leak"
title = "关系"
title_en = "Relation"
source = "test"
select = { device = "probe-1", key = "ch4" }
inputs = { others = { at = "city", select = { device = "probe-2" } } }
parameters = { height = 8.0 }
evidence = [{ likelihood = 3 }]
"""


def feed(folder: Path, *more: str) -> Path:
    """The chambers with a rule that has to learn."""
    text = (FEEDS / "chambers.toml").read_text(encoding="utf-8").replace('"chambers"', f'"{FEEDS}/chambers"')
    text = text.replace('"chambers.rules.toml"', '"r.toml"')
    (folder / "r.toml").write_text((FEEDS / "chambers.rules.toml").read_text(encoding="utf-8") + RULE)
    (path := folder / "f.toml").write_text(text + "\n".join(more))
    return path


def learned(play: Play) -> list[tuple[str, str]]:
    return [(each.rule, each.subject) for each in play.rules.learned]


def test_a_rule_learns_from_the_stretch_that_the_feed_names(tmp_path: Path) -> None:
    play = read(feed(tmp_path, "[train]", "to = 2025-11-21T00:30:00Z"), FEEDS)

    assert learned(play) == [("relation", "probe-1/ch4")]
    (what,) = play.rules.learned
    assert what.source == "f, 2025-11-21 00:00:00+00:00 to 2025-11-21 00:29:00+00:00"


def test_it_may_learn_from_tables_of_their_own(tmp_path: Path) -> None:
    play = read(feed(tmp_path, "[train]", 'files = ["tables/chambers.csv"]'), FEEDS)

    assert learned(play) == [("relation", "probe-1/ch4")]


def test_what_a_rule_learned_from_is_not_scored(tmp_path: Path) -> None:
    assert evaluate(feed(tmp_path, "[train]", "to = 2025-11-21T00:30:00Z"), FEEDS).events == 1
    whole = evaluate(feed(tmp_path, "[train]", "to = 2025-11-21T01:00:00Z"), FEEDS)
    assert (whole.events, whole.unobserved) == (0, 1)


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ([], "train: expected a quiet stretch to learn from, for relation"),
        (
            ["[train]", "to = 2025-11-21T00:03:00Z"],
            "train: expected enough for relation at probe-1/ch4 to learn:",
        ),
        (["[train]", "to = 2025-11-20T00:03:00Z"], "train: expected a stretch with rows in it"),
    ],
)
def test_a_rule_that_cannot_learn_is_a_mistake_of_the_feed(
    tmp_path: Path, train: list[str], expected: str
) -> None:
    with pytest.raises(Mistake, match=expected):
        read(feed(tmp_path, *train), FEEDS)
