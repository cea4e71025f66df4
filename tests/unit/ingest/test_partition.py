"""Which districts a worker takes, and how many dead letters it keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.partition import Partition
from sensors.errors import ConfigurationError

DISTRICTS = st.sets(st.text(st.characters(exclude_characters="/+#", exclude_categories=["Cs"]), min_size=1))


@given(DISTRICTS, st.integers(1, 8))
def test_every_district_is_in_exactly_one_part(districts: set[str], n: int) -> None:
    parts = [Partition(k, n) for k in range(1, n + 1)]
    for district in districts:
        assert sum(part.holds(district) for part in parts) == 1


@given(DISTRICTS, st.integers(2, 8))
def test_the_parts_subscribe_to_each_district_s_topics_once(districts: set[str], n: int) -> None:
    filters = [each for k in range(1, n + 1) for each in Partition(k, n).filters(districts)]
    assert sorted(filters) == sorted(
        f"lifeline/+/{district}/+/{leaf}"
        for district in districts
        for leaf in ("telemetry", "waveform", "status")
    )


def test_a_single_part_also_takes_districts_that_nobody_registered() -> None:
    assert Partition().filters(["east"]) == [
        f"lifeline/+/+/+/{leaf}" for leaf in ("telemetry", "waveform", "status")
    ]


def test_a_district_s_part_never_changes() -> None:
    """Another hash would send a district's history and its future to different workers."""
    assert [Partition(k, 3).holds("east") for k in (1, 2, 3)] == [False, True, False]


@pytest.mark.parametrize(("text", "k", "n"), [("1/1", 1, 1), ("2/4", 2, 4)])
def test_k_of_n_is_read(text: str, k: int, n: int) -> None:
    assert Partition.parse(text) == Partition(k, n)
    assert Partition.parse(text).name == f"{k}-of-{n}"


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "a/b", "1/2/3", "-1/2", "²/3", "1/ 2"])
def test_what_is_no_part_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected k/n"):
        Partition.parse(text)
