"""The city at a glance: what is open, where it is, whether the data can be trusted, and any one sensor."""

from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardDashboardTemplating,
    DashboardDashboardTime,
    Panel,
    RowPanel,
    VariableModel,
    VariableRefresh,
    VariableType,
)

from grafana.language import Language
from grafana.panels import data, risk
from grafana.query import DATABASE


def city(language: Language) -> Dashboard:
    """The whole board; its panels in the order in which one reads them."""
    return Dashboard(
        uid=f"lifeline-city-{language}",
        title=language.say("城市生命线总览", "City lifeline overview"),
        tags=["lifeline"],
        editable=False,
        refresh="10s",
        time=DashboardDashboardTime("now-24h", "now"),
        graph_tooltip=DashboardCursorSync.CROSSHAIR,
        templating=DashboardDashboardTemplating(_variables(language)),
        panels=_numbered(
            risk.open_by_level(language, (0, 0, 12, 5)),
            risk.unacknowledged(language, (12, 0, 6, 5)),
            data.trust(language, (18, 0, 6, 5)),
            risk.four_colours(language, (0, 5, 14, 15)),
            risk.alerts(language, (14, 5, 10, 15)),
            risk.open_by_domain(language, (0, 20, 8, 8)),
            data.ingest(language, (8, 20, 8, 8)),
            data.quality(language, (16, 20, 8, 8)),
            data.readings(language, (0, 28, 14, 10)),
            risk.transitions(language, (14, 28, 10, 10)),
        ),
    )


def _numbered(*panels: Panel) -> list[Panel | RowPanel]:
    for number, each in enumerate(panels, 1):
        each.id_val = number
    return list(panels)


def _variables(language: Language) -> list[VariableModel]:
    name, quantity = language.column("name"), language.column("quantity_name")
    return [
        _variable(
            "domain",
            language.say("读数：系统", "Readings: system"),
            f"select {name} as __text, domain as __value from grafana.domains",
        ),
        _variable(
            "asset",
            language.say("设施", "asset"),
            f"select distinct asset_id || ' ' || asset_{name} as __text, asset_id as __value"
            " from grafana.sensors where domain = ${domain:sqlstring} order by 1",
        ),
        _variable(
            "sensor",
            language.say("测点", "sensor"),
            f"select {quantity} || ' ' || unit || ' (' || sensor || ')' as __text, sensor_id as __value"
            " from grafana.sensors where asset_id = ${asset:sqlstring} order by 1",
        ),
    ]


def _variable(name: str, label: str, sql: str) -> VariableModel:
    return VariableModel(
        type_val=VariableType.QUERY,
        name=name,
        label=label,
        query=sql,
        datasource=DATABASE,
        refresh=VariableRefresh.ON_DASHBOARD_LOAD,
        allow_custom_value=False,
        auto=None,  # this and what follows are an interval's alone, and not in Grafana's own types
        auto_min=None,
        auto_count=None,
    )
