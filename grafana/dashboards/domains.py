"""What every domain's board begins and ends with."""

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel, VariableModel

from grafana.dashboards.base import board, district, happened
from grafana.language import Language
from grafana.panels import data, risk

TOP = 5
"""The row below the figures that every domain's board begins with."""


def domain_board(
    language: Language,
    domain: str,
    title: str,
    panels: Sequence[Panel],
    *,
    variables: Sequence[VariableModel] = (),
    since: str = "now-24h",
) -> Dashboard:
    """Figures of the domain, its own panels from row ``TOP`` on, and what is open and what the rules said."""
    here = f"domain = '{domain}'"
    end = max(each.grid_pos.y + each.grid_pos.h for each in panels if each.grid_pos)
    return board(
        language,
        domain,
        title,
        [
            risk.open_by_level(language, (0, 0, 12, TOP), here),
            risk.unacknowledged(language, (12, 0, 6, TOP), here),
            data.trust(language, (18, 0, 6, TOP), here),
            *panels,
            risk.alerts(language, (0, end, 14, 10), here),
            risk.transitions(language, (14, end, 10, 10), here),
        ],
        variables=[district(language, domain), *variables],
        annotations=[happened(language, f"{here} and district in (${{district:sqlstring}})")],
        since=since,
    )
