"""What all boards have in common: their frame, their way to each other, and the variables they ask for."""

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import (
    AnnotationContainer,
    AnnotationQuery,
    Dashboard,
    DashboardCursorSync,
    DashboardDashboardTemplating,
    DashboardDashboardTime,
    DashboardLink,
    DashboardLinkType,
    Panel,
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableType,
)

from grafana.language import Language
from grafana.query import DATABASE, Query

CONSOLE = "http://localhost:8600"
"""Where the console is, until somebody says otherwise in the field of that name."""


def board(
    language: Language,
    name: str,
    title: str,
    panels: Sequence[Panel],
    *,
    variables: Sequence[VariableModel] = (),
    annotations: Sequence[AnnotationQuery] = (),
    refresh: str = "30s",
    since: str = "now-24h",
) -> Dashboard:
    """One board, its panels in the order in which one reads them."""
    for number, each in enumerate(panels, 1):
        each.id_val = number
    return Dashboard(
        uid=uid(name, language),
        title=title,
        tags=["lifeline", f"lifeline-{language}"],
        editable=False,
        refresh=refresh,
        time=DashboardDashboardTime(since, "now"),
        graph_tooltip=DashboardCursorSync.CROSSHAIR,
        templating=DashboardDashboardTemplating([*variables, _console(language)]),
        annotations=AnnotationContainer(list(annotations)),
        links=_ways(language),
        panels=list(panels),
    )


def uid(name: str, language: Language) -> str:
    """By which a board is linked to."""
    return f"lifeline-{name}-{language}"


def _ways(language: Language) -> list[DashboardLink]:
    return [
        DashboardLink(
            title=language.say("其他看板", "Other boards"),
            type_val=DashboardLinkType.DASHBOARDS,
            icon="external link",
            tags=[f"lifeline-{language}"],
            as_dropdown=True,
            keep_time=True,
        ),
        DashboardLink(
            title=language.say("值班台", "Console"),
            icon="external link",
            url="${console:raw}/",
            target_blank=True,
        ),
    ]


def _console(language: Language) -> VariableModel:
    return _variable(
        VariableType.TEXTBOX, "console", language.say("值班台地址", "Console's address"), CONSOLE
    )


def typed(name: str, label: str, value: str) -> VariableModel:
    """A variable that is typed in, at first ``value``."""
    return _variable(VariableType.TEXTBOX, name, label, value)


def chosen(name: str, label: str, sql: str, *, several: bool = False) -> VariableModel:
    """A variable that is chosen from what a query gives: ``__text`` is shown, ``__value`` is meant."""
    made = _variable(VariableType.QUERY, name, label, sql)
    made.datasource = DATABASE
    made.refresh = VariableRefresh.ON_DASHBOARD_LOAD
    made.allow_custom_value = False
    if several:
        made.multi = made.include_all = True
        made.current = VariableOption(text=["All"], value=["$__all"], selected=True)
    return made


def _variable(kind: VariableType, name: str, label: str, query: str) -> VariableModel:
    made = VariableModel(
        type_val=kind,
        name=name,
        label=label,
        query=query,
        hide=VariableHide.DONT_HIDE,
        auto=None,  # this and what follows are an interval's alone, and not in Grafana's own types
        auto_min=None,
        auto_count=None,
    )
    if kind is VariableType.TEXTBOX:
        made.current = VariableOption(text=query, value=query, selected=True)
    return made


def district(language: Language, domain: str) -> VariableModel:
    """The districts in which a domain has sensors; all at first."""
    return chosen(
        "district",
        language.say("区", "district"),
        f"select distinct district as __text, district as __value from grafana.sensors"
        f" where domain = '{domain}' order by 1",
        several=True,
    )


def one_sensor(language: Language) -> list[VariableModel]:
    """A domain, an asset of it, a sensor of that."""
    quantity = language.column("quantity_name")
    return [
        *one_asset(language),
        chosen(
            "sensor",
            language.say("测点", "sensor"),
            f"select {quantity} || ' ' || unit || ' (' || sensor || ')' as __text, sensor_id as __value"
            " from grafana.sensors where asset_id = ${asset:sqlstring} order by 1",
        ),
    ]


def one_asset(language: Language) -> list[VariableModel]:
    """A domain, and an asset of it."""
    name = language.column("name")
    return [
        chosen(
            "domain",
            language.say("系统", "system"),
            f"select {name} as __text, domain as __value from grafana.domains",
        ),
        chosen(
            "asset",
            language.say("设施", "asset"),
            f"select distinct asset_id || ' ' || asset_{name} as __text, asset_id as __value"
            " from grafana.sensors where domain = ${domain:sqlstring} order by 1",
        ),
    ]


def happened(language: Language, where: str) -> AnnotationQuery:
    """A mark on every chart for each thing that happened to a case; ``where`` picks which."""
    asset, hazard, state = (language.column(each) for each in ("asset_name", "hazard_name", "state_name"))
    return AnnotationQuery(
        name=language.say("预警", "Alerts"),
        datasource=DATABASE,
        icon_color="purple",
        target=Query(
            f"""
            select time, {asset} || ' ' || {hazard} || ': ' || {state} || ', ' || why as text, kind as tags
            from grafana.alert_history where $__timeFilter(time) and {where} order by time limit 500
            """,
            ref_id="Anno",
        ),
    )
