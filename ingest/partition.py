"""Which districts a worker takes: the workers share nothing, so that each sensor's order is kept."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ingest.index import Leaf
from sensors.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Partition:
    """The k-th of n parts of the city, k from 1, cut by a hash of the district."""

    k: int = 1
    n: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """The partition that ``k/n`` names.

        Raises:
            ConfigurationError: it is not two numbers with 1 <= k <= n.
        """
        k, _, n = text.partition("/")
        if not (k.isdecimal() and n.isdecimal() and 1 <= int(k) <= int(n)):
            raise ConfigurationError(f'--partition: expected k/n such as "1/4", not {text!r}')
        return cls(int(k), int(n))

    @property
    def name(self) -> str:
        """Its name in the database and at the broker; another n is another set of partitions."""
        return f"{self.k}-of-{self.n}"

    @property
    def marker(self) -> str:
        """The topic on which a worker of this partition speaks to itself."""
        return f"lifeline/worker/{self.name}/marker"

    def holds(self, district: str) -> bool:
        """Whether the district is in this part."""
        return zlib.crc32(district.encode()) % self.n == self.k - 1

    def filters(self, districts: Iterable[str]) -> list[str]:
        """The topics to subscribe to; where there is one partition only, also of districts yet unknown."""
        mine = (
            ["+"] if self.n == 1 else sorted(district for district in set(districts) if self.holds(district))
        )
        return [f"lifeline/+/{district}/+/{leaf}" for district in mine for leaf in Leaf]
