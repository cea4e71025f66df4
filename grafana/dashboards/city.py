"""The city at a glance: what is open and where, whether it is dealt with, whether the data can be trusted."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.base import board, one_sensor
from grafana.language import Language
from grafana.panels import data, risk


def city(language: Language) -> Dashboard:
    """What a wall shows is above row 28: figures first, for whoever stands three metres away."""
    return board(
        language,
        "city",
        language.say("城市生命线总览", "City lifeline overview"),
        [
            risk.open_by_level(language, (0, 0, 12, 5)),
            risk.unacknowledged(language, (12, 0, 6, 5)),
            data.trust(language, (18, 0, 6, 5)),
            risk.last_day(language, (0, 5, 12, 5)),
            risk.responses(language, (12, 5, 12, 5)),
            risk.four_colours(language, (0, 10, 10, 18)),
            risk.alerts(language, (10, 10, 14, 10)),
            risk.open_by_domain(language, (10, 20, 7, 8)),
            risk.trend_by_level(language, (17, 20, 7, 8)),
            risk.trend_by_domain(language, (0, 28, 8, 8)),
            data.ingest(language, (8, 28, 8, 8)),
            data.quality(language, (16, 28, 8, 8)),
            data.readings(language, (0, 36, 14, 10)),
            risk.transitions(language, (14, 36, 10, 10)),
        ],
        variables=one_sensor(language),
        refresh="10s",
    )
