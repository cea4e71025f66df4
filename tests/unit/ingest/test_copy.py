"""COPY's binary rows: what was built is what is read."""

import numpy as np

from ingest.copy import binary, columns


def test_what_was_built_is_read() -> None:
    given = [
        np.array([1, 2, 3], np.int32),
        np.array([-5, 0, 2**60], np.int64),
        np.array([0.1, np.nan, -np.inf]),
        np.array([0, 1, 9], np.int16),
        np.array([True, False, True]),
    ]

    found = columns(binary(given), ["i4", "i8", "f8", "i2", "?"])

    for mine, theirs in zip(given, found, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert theirs.dtype == mine.dtype
        assert theirs.dtype.isnative


def test_no_rows_are_none() -> None:
    assert [len(each) for each in columns(binary([np.empty(0, np.int32)]), ["i4"])] == [0]
