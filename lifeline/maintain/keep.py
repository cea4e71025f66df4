"""How long each table keeps what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Keep:
    """Days by table, 0 = for ever; and after how many days chunks are compressed, 0 = never."""

    days: Mapping[str, float]
    compress_days: float

    @classmethod
    def of(cls, settings: Settings) -> "Keep":
        """As the settings say; changes of risk and figures stay as long as transitions."""
        return cls(
            {
                "readings": settings.keep_readings_days,
                "readings_10min": settings.keep_10min_days,
                "readings_1h": settings.keep_1h_days,
                "waveforms": settings.keep_waveforms_days,
                "journal": settings.keep_journal_days,
                "transitions": settings.keep_transitions_days,
                "rule_figures": settings.keep_transitions_days,
                "risk_changes": settings.keep_transitions_days,
                "deliveries": settings.keep_deliveries_days,
                "dead_letter": settings.keep_dead_letters_days,
                "api_audit": settings.keep_audit_days,
            },
            settings.compress_days,
        )

    def until(self, table: str, now: datetime) -> datetime | None:
        """What is older may go; None = nothing may."""
        days = self.days[table]
        return now - timedelta(days=days) if days else None
