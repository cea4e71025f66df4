"""The four risk levels of Chinese city regulation."""

from enum import IntEnum


class RiskLevel(IntEnum):
    """Risk level; 1 is the worst.

    Emergency plans grade with the same words on another scale (特别重大/重大/较大/一般 = Ⅰ-Ⅳ), so a
    level is never mapped to a plan's grade by its name.
    """

    MAJOR = 1
    SERIOUS = 2
    GENERAL = 3
    LOW = 4

    @property
    def chinese(self) -> str:
        """The regulation's own name."""
        return {1: "重大风险", 2: "较大风险", 3: "一般风险", 4: "低风险"}[self.value]

    @property
    def english(self) -> str:
        """The name used in English texts, topics and figures."""
        return self.name.lower()

    @property
    def colour(self) -> str:
        """The colour of the four-colour map."""
        return {1: "red", 2: "orange", 3: "yellow", 4: "blue"}[self.value]
