"""All cases: how many, what state each was in when, who did what."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.base import board, chosen, happened
from grafana.language import Language
from grafana.panels import cases, risk

_HERE = "domain in (${domain:sqlstring})"


def alerts(language: Language) -> Dashboard:
    """Acting on them is for the console, where who acts is known; every row leads there."""
    name = language.column("name")
    return board(
        language,
        "alerts",
        language.say("预警处置", "Alerts"),
        [
            risk.open_by_level(language, (0, 0, 12, 5), _HERE),
            risk.unacknowledged(language, (12, 0, 4, 5), _HERE),
            risk.responses(language, (16, 0, 8, 5), _HERE),
            risk.alerts(language, (0, 5, 14, 12), _HERE),
            cases.life(language, (14, 5, 10, 12), _HERE),
            risk.trend_by_level(language, (0, 17, 10, 10), _HERE),
            cases.steps(language, (10, 17, 14, 10), _HERE),
        ],
        variables=[
            chosen(
                "domain",
                language.say("系统", "system"),
                f"select {name} as __text, domain as __value from grafana.domains",
                several=True,
            )
        ],
        annotations=[happened(language, _HERE)],
    )
