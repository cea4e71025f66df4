"""One asset: its risk, its sensors, its cases."""

from grafana_foundation_sdk.models.dashboard import Dashboard, VariableModel

from grafana.dashboards.base import board, chosen, happened, one_asset
from grafana.language import Language
from grafana.panels import asset as its
from grafana.panels import cases, data, risk

_HERE = "asset_id = ${asset:sqlstring}"


def asset(language: Language) -> Dashboard:
    """Its sensors' charts come last: there are as many as it has sensors."""
    return board(
        language,
        "asset",
        language.say("设施", "Asset"),
        [
            its.who(language, (0, 0, 24, 4)),
            its.sensors(language, (0, 4, 12, 9)),
            cases.risk_over_time(language, (12, 4, 12, 9)),
            risk.alerts(language, (0, 13, 14, 9), _HERE),
            risk.transitions(language, (14, 13, 10, 9), _HERE),
            data.readings(language, (0, 22, 24, 9), repeat="sensor"),
        ],
        variables=[*one_asset(language), _sensors(language)],
        annotations=[happened(language, _HERE)],
    )


def _sensors(language: Language) -> VariableModel:
    quantity = language.column("quantity_name")
    return chosen(
        "sensor",
        language.say("测点", "sensor"),
        f"select {quantity} || ' ' || unit || ' (' || sensor || ')' as __text, sensor_id as __value"
        " from grafana.sensors where asset_id = ${asset:sqlstring} order by 1",
        several=True,
    )
