"""Beams of finite elements, which the simulator's are checked against."""

from collections.abc import Mapping

import numpy as np


def finite_elements(
    length: float, bending: float, mass: float, count: int, springs: Mapping[int, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Stiffness and consistent mass of a simply supported beam, of so many Hermite elements.

    springs: N/m at nodes, counted from 0 at the left end. Row 2 n - 1 is the displacement of node n, the next
    its rotation, for both ends cannot move.
    """
    le = length / count
    stiff = np.array(
        [
            [12, 6 * le, -12, 6 * le],
            [6 * le, 4 * le**2, -6 * le, 2 * le**2],
            [-12, -6 * le, 12, -6 * le],
            [6 * le, 2 * le**2, -6 * le, 4 * le**2],
        ]
    )
    heavy = np.array(
        [
            [156, 22 * le, 54, -13 * le],
            [22 * le, 4 * le**2, 13 * le, -3 * le**2],
            [54, 13 * le, 156, -22 * le],
            [-13 * le, -3 * le**2, -22 * le, 4 * le**2],
        ]
    )
    k, m = np.zeros((2, 2 * count + 2, 2 * count + 2))
    for element in range(count):
        part = slice(2 * element, 2 * element + 4)
        k[part, part] += bending / le**3 * stiff
        m[part, part] += mass * le / 420 * heavy
    for node, spring in (springs or {}).items():
        k[2 * node, 2 * node] += spring
    free = np.delete(np.arange(2 * count + 2), [0, 2 * count])
    return k[np.ix_(free, free)], m[np.ix_(free, free)]
