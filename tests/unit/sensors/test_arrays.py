"""Arrays as bytes: what was packed comes out with the same dtypes, shapes and bits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from sensors.arrays import pack, unpack

DTYPES = st.sampled_from([np.bool_, np.int8, np.uint8, np.int16, np.int32, np.int64, np.float32, np.float64])
ARRAYS = nps.arrays(DTYPES, nps.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))


@given(st.dictionaries(st.text(max_size=8), ARRAYS, max_size=6))
def test_arrays_come_back_as_they_were(arrays: dict[str, np.ndarray]) -> None:
    before = {name: array.copy() for name, array in arrays.items()}
    found = unpack(pack(arrays))
    assert list(found) == list(arrays)
    for name, array in found.items():
        assert (array.dtype, array.shape) == (arrays[name].dtype, arrays[name].shape)
        assert array.tobytes() == arrays[name].tobytes() == before[name].tobytes()
        assert array.flags.writeable


@given(ARRAYS)
def test_a_view_is_packed_as_what_it_shows(array: np.ndarray) -> None:
    turned = array.T[..., ::-1] if array.ndim else array
    assert unpack(pack({"": turned}))[""].tobytes() == turned.tobytes()
