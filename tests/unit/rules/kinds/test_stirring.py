"""A reading that does not stir a subject may be kept from it: it would have changed nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.duration import Duration
from rules.kinds.limit import Band, Limit, LimitParameters
from sensors.readings import SECOND

VALUES = st.sampled_from([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
PARAMETERS = LimitParameters(
    bands=(Band(above=1.0), Band(below=-1.0), Band(above=2.0)),
    deadband=0.5,
    on_delay=Duration(20 * SECOND),
    off_delay=Duration(30 * SECOND),
)
PROMPT = LimitParameters(bands=(Band(below=0.0),), deadband=0.5)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 40), VALUES), max_size=30))
def test_a_limit_is_not_changed_by_what_does_not_stir_it(feed: list[tuple[int, int, float]]) -> None:
    kind, now = Limit([PARAMETERS, PROMPT]), 0
    for number, step, value in feed:
        now += step * SECOND
        subject, values = np.array([number]), np.array([value])
        stirs = bool(kind.stirring(subject, values)[0])
        before = {name: array.copy() for name, array in kind.remember().items()}
        changes = list(kind.update(subject, np.array([now]), values))
        after = kind.remember()
        same = all(np.array_equal(before[name], after[name]) for name in after)
        assert stirs or (same and not changes)


def test_what_is_well_inside_the_limits_stirs_nothing() -> None:
    kind = Limit([PARAMETERS, PROMPT])
    assert kind.stirring(np.array([0, 0, 1, 1]), np.array([0.5, 1.5, 0.5, -0.5])).tolist() == [
        False, True, False, True,
    ]  # fmt: skip
