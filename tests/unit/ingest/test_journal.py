"""What entered the engine comes out of the journal bit by bit."""

from dataclasses import fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from ingest.batch import Batch, Numbered
from ingest.journal import BatchEntry, VersionsEntry, decode, encode_batch, encode_versions
from sensors.readings import Readings
from sensors.waveforms import NO_FEATURES

I64 = st.integers(-(2**63), 2**63 - 1)


@st.composite
def readings(draw: st.DrawFn) -> Readings:
    n = draw(st.integers(0, 30))
    return Readings(
        draw(nps.arrays(np.int32, n)),
        draw(nps.arrays(np.int64, n)),
        draw(nps.arrays(np.float64, n)),
        draw(nps.arrays(np.int8, n)),
    )


@given(
    readings(),
    st.lists(st.tuples(st.integers(0, 2**40), I64), max_size=5),
    st.lists(st.builds(Numbered, st.text(max_size=5), I64, I64), max_size=10),
)
def test_a_batch_comes_back_as_it_was(
    given_readings: Readings, ticks: list[tuple[int, int]], numbered: list[Numbered]
) -> None:
    batch = Batch(given_readings, (), (), tuple(numbered), tuple(ticks), (), messages=1)
    entry = decode(encode_batch(batch, NO_FEATURES))
    assert isinstance(entry, BatchEntry)
    assert entry.ticks == batch.ticks
    assert entry.numbered == batch.numbered
    for field in fields(Readings):
        mine, theirs = (getattr(each.readings, field.name) for each in (batch, entry))
        assert (mine.dtype, mine.tobytes()) == (theirs.dtype, theirs.tobytes())


@given(
    st.text(max_size=9),
    st.text(max_size=9),
    st.dictionaries(st.text(max_size=9), nps.arrays(st.sampled_from([np.int8, np.float64]), 3), max_size=3),
)
def test_a_change_of_versions_comes_back_as_it_was(
    registry: str, rules: str, warmth: dict[str, np.ndarray]
) -> None:
    entry = decode(encode_versions(VersionsEntry(registry, rules, warmth)))
    assert isinstance(entry, VersionsEntry)
    assert (entry.registry_version, entry.rules_version) == (registry, rules)
    assert {name: array.tobytes() for name, array in entry.warmth.items()} == {
        name: array.tobytes() for name, array in warmth.items()
    }
