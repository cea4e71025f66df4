"""``lifeline routes test``: where an alert would go and why, and a drill that goes there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from alerts.channels import http
from alerts.channels.build import build
from alerts.channels.channel import Letter
from alerts.incidents import News
from alerts.lifecycle import Kind, State
from alerts.message import message
from alerts.outcome import Outcome
from alerts.routing import Choice, Decision, Occasion, Plan
from lifeline.delivering import connect
from rules.levels import RiskLevel
from sensors.errors import ConfigurationError

_ASSET = """
select s.asset_id, s.name as asset_name, s.name_en as asset_name_en, s.kind as asset_kind,
    s.domain, s.district, s.longitude, s.latitude,
    s.utility_id, u.name as utility_name, u.name_en as utility_name_en,
    (select purpose from deployment) as purpose
from assets s left join utilities u using (utility_id) where s.asset_id = %s
"""
_ALERT = "select asset_id, hazard, worst_level, changed_at from alerts where alert_id = %s"


@dataclass(frozen=True, slots=True)
class Supposed:
    """An alert that might be."""

    asset: str
    hazard: str
    level: RiskLevel
    kind: Kind = Kind.RAISED
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver would be told and, of a drill that was sent, what came of it."""

    choice: Choice
    outcome: Outcome | None = None


async def like(dsn: str, alert_id: UUID) -> Supposed:
    """An alert as it stands.

    Raises:
        ConfigurationError: there is none of that id.
    """
    async with await connect(dsn) as connection:
        row = await (await connection.execute(_ALERT, [alert_id])).fetchone()
    if row is None:
        raise ConfigurationError(f"no alert {alert_id}")
    return Supposed(row["asset_id"], row["hazard"], RiskLevel(row["worst_level"]), time=row["changed_at"])


async def test(dsn: str, plan: Plan, what: Supposed, *, send: bool) -> list[Told]:
    """Where it would go; with ``send`` a drill goes to each that would be told.

    Raises:
        ConfigurationError: the registry does not know the asset.
    """
    async with await connect(dsn) as connection:
        row = await (await connection.execute(_ASSET, [what.asset])).fetchone()
    if row is None:
        raise ConfigurationError(f"no asset {what.asset!r} in the registry")
    occasion = Occasion(
        row["domain"], row["district"], row["utility_id"], what.hazard, what.level, what.kind, None,
        what.time or datetime.now(UTC), News.OPENED,
    )  # fmt: skip
    choices = plan.choose(occasion, drill=row["purpose"] == "replay")
    if not send:
        return [Told(choice) for choice in choices]
    return await _drill(plan, choices, _row(row, what, occasion.time))


async def _drill(plan: Plan, choices: list[Choice], row: dict[str, Any]) -> list[Told]:
    told = []
    async with http.client() as client:
        for choice in choices:
            outcome = None
            if choice.decision is Decision.DELIVER:
                channel = build(choice.receiver, plan, client)
                now = datetime.now(UTC)
                outcome = await channel.send(Letter(message({**row, "delivery_id": uuid4()}, now), now))
                await channel.close()
            told.append(Told(choice, outcome))
    return told


def _row(asset: dict[str, Any], what: Supposed, time: datetime) -> dict[str, Any]:
    """A message's row of an alert that is none, so always a drill; its ids are new and found nowhere."""
    graded = {"likelihood": 3, "consequence": 3, "worst_level": int(what.level)}
    return {
        **asset,
        "purpose": "replay",
        "alert_id": uuid4(),
        "event_id": uuid4(),
        "number": 1,
        "kind": what.kind,
        "state": State.UNACKNOWLEDGED,
        "level": int(what.level),
        "hazard": what.hazard,
        "who": "lifeline routes test",
        "why": "a drill: lifeline routes test --send",
        "event_time": time,
        "data": graded,
    }
