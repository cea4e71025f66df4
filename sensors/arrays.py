"""Arrays as bytes: the form of the journal's and the snapshots' bodies."""

import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class _Header(msgspec.Struct, array_like=True):
    name: str
    dtype: str
    shape: tuple[int, ...]


def pack(arrays: Arrays) -> bytes:
    """The arrays as compressed bytes, read back by ``unpack`` to the same dtypes, shapes and bits."""
    headers = [_Header(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    head = msgspec.msgpack.encode(headers)
    squeeze = zlib.compressobj(level=1)
    parts = [squeeze.compress(np.uint32(len(head)).tobytes() + head)]
    parts += [squeeze.compress(_planes(array)) for array in arrays.values()]
    return b"".join([*parts, squeeze.flush()])


def unpack(body: bytes) -> dict[str, NDArray[Any]]:
    """What ``pack`` packed; the arrays are new and can be written to."""
    content = zlib.decompress(body)
    start = 4 + int(np.frombuffer(content, np.uint32, 1)[0])
    headers = msgspec.msgpack.decode(content[4:start], type=list[_Header])
    arrays = {}
    for header in headers:
        dtype = np.dtype(header.dtype)
        count = int(np.prod(header.shape, dtype=np.int64))
        planes = np.frombuffer(content, np.uint8, count * dtype.itemsize, start)
        start += planes.nbytes
        flat = planes.reshape(dtype.itemsize, count).T.copy().reshape(-1)
        arrays[header.name] = flat.view(dtype).reshape(header.shape)
    return arrays


def _planes(array: NDArray[Any]) -> bytes:
    """All first bytes, then all second bytes...: numbers of like size squeeze to half of what they would."""
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return flat.reshape(-1, array.dtype.itemsize).T.tobytes()
