"""How long what is not urgent stands still for what is. Pure: the clock is an argument."""

HASTE_S = 1.0
"""At most, and then not again for as long: an urgent one that hangs takes half of the others' time."""


class Haste:
    """Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._until = float("-inf")
        self._rests_until = float("-inf")

    def begin(self, now: float) -> None:
        """Something urgent has come."""
        if now >= self._rests_until:
            self._until, self._rests_until = now + HASTE_S, now + 2 * HASTE_S

    def end(self) -> None:
        """Nothing urgent is left; the next may begin at once."""
        self._until = self._rests_until = float("-inf")

    def holds(self, now: float) -> bool:
        """Whether the rest has to wait."""
        return now < self._until
