"""Readings as PostgreSQL's binary COPY format, built and read by numpy: no Python object a row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"

POSTGRES_EPOCH = 946_684_800_000_000
"""2000-01-01 in us since 1970, from where PostgreSQL counts."""


def binary(columns: Sequence[NDArray[Any]]) -> bytes:
    """The rows of equally long columns of fixed-width numbers (bool, int, float) as one COPY stream."""
    dtype = _rows([column.dtype for column in columns])
    rows = np.empty(len(columns[0]), dtype)
    rows["fields"] = len(columns)
    for number, column in enumerate(columns):
        rows[f"size{number}"] = column.dtype.itemsize
        rows[f"value{number}"] = column
    return b"".join((HEADER, rows.tobytes(), TRAILER))


def timestamps(time: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times in us since 1970 UTC as PostgreSQL's binary timestamptz."""
    return time - POSTGRES_EPOCH


def columns(stream: bytes | bytearray, dtypes: Sequence[str]) -> list[NDArray[Any]]:
    """The columns of a COPY stream whose every row has values of these widths, and no null."""
    body = memoryview(stream)[len(HEADER) : -len(TRAILER)]
    rows = np.frombuffer(body, _rows([np.dtype(each) for each in dtypes]))
    return [rows[f"value{number}"].astype(dtype) for number, dtype in enumerate(dtypes)]


def _rows(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    return np.dtype(
        [("fields", ">i2")]
        + [
            field
            for number, dtype in enumerate(dtypes)
            for field in ((f"size{number}", ">i4"), (f"value{number}", dtype.newbyteorder(">")))
        ]
    )
