"""Who calls."""

from fastapi import APIRouter

from alerts.api.calling import Calling
from alerts.roles import Role
from alerts.words import Word

router = APIRouter(prefix="/api")


class Me(Word):
    """The caller."""

    name: str
    role: Role
    utility: str | None


@router.get("/me")
async def me(caller: Calling) -> Me:
    """The caller's name and role."""
    return Me(name=caller.name, role=caller.role, utility=caller.utility)
