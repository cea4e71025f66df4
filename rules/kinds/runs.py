"""A batch subject by subject: for kinds that can judge many readings of a subject at once."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rules.kinds.base import Subjects

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Runs:
    """The m readings of a batch, each subject's together and in their order.

    row: [m], where each stands in the batch. subject: [m]. first, last: bool [m], of its subject.
    """

    row: Subjects
    subject: Subjects
    first: Mask
    last: Mask

    @classmethod
    def of(cls, subject: Subjects) -> Self:
        """The runs of the subjects of a batch."""
        row = np.argsort(subject, kind="stable")
        together = subject[row]
        first = np.ones(len(row), np.bool_)
        np.not_equal(together[1:], together[:-1], out=first[1:])
        return cls(row, together, first, np.append(first[1:], True)[: len(row)])

    def before(self, value: NDArray[Any], known: NDArray[Any]) -> NDArray[Any]:
        """Beside each reading the value of the one before; of a first one what is ``known``, by subject."""
        before: NDArray[Any] = np.empty_like(value)
        before[1:] = value[:-1]
        before[self.first] = known[self.subject[self.first]]
        return before

    def without(self, found: Mask, many: int) -> Mask:
        """Which of the subjects have no reading that is ``found``: bool [many]."""
        without = np.ones(many, np.bool_)
        without[self.subject[found]] = False
        return without
