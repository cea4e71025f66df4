"""Who may do what: the roles, and a caller who has one. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller may do, the least first. A utility sees and handles what concerns its own assets."""

    VIEWER = "viewer"
    UTILITY = "utility"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    ADMIN = "admin"

    def may(self, least: "Role") -> bool:
        """Whether it is ``least`` or above."""
        order = list(Role)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. utility: the only one whose assets it may see; None = all."""

    name: str
    role: Role
    utility: str | None
