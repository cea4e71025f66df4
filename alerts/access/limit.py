"""How often somebody may call: a bucket of tokens for each, filled again as time goes by."""

from collections import OrderedDict
from dataclasses import dataclass

MOST_KEPT = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limit:
    """At most ``burst`` at once and ``per_s`` a second in the long run, for each key apart."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Take one: 0 if there was one, else the seconds until there is."""
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._per_s)
        bucket.at = now
        self._buckets[key] = bucket
        if len(self._buckets) > MOST_KEPT:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return (1 - bucket.left) / self._per_s
        bucket.left -= 1
        return 0.0
