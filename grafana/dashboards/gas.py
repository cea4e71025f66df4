"""Gas: methane beside the network, how fast it rises, the wind; pressure and flow of the stations."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.domains import TOP, domain_board
from grafana.language import Language
from grafana.panels import now, wind
from grafana.panels.watch import Watched, lines, rise

_METHANE = Watched("gas", "methane_lel")


def gas(language: Language) -> Dashboard:
    """Limits as rules/demo/gas.toml has them, and their sources."""
    return domain_board(
        language,
        "gas",
        language.say("燃气监测", "Gas"),
        [
            now.chambers(language, (0, TOP, 14, 12)),
            wind.wind(language, (14, TOP, 10, 12)),
            lines(language, (0, TOP + 12, 12, 9), ("可燃气体浓度", "Methane"), _METHANE, [10, 20, 50]),
            rise(language, (12, TOP + 12, 12, 9), ("浓度上升速率", "Rise of methane"), _METHANE, [60]),
            lines(
                language,
                (0, TOP + 21, 8, 8),
                ("调压站出口压力/设定值", "Outlet pressure against its set point"),
                Watched("gas", "gas_pressure", of="outlet_kpa", key="p_out", lowest=True),
                [0.5, 0.8],
            ),
            lines(
                language,
                (8, TOP + 21, 8, 8),
                ("调压站进口压力", "Inlet pressure of stations"),
                Watched("gas", "gas_pressure", key="p_in", lowest=True),
            ),
            lines(
                language,
                (16, TOP + 21, 8, 8),
                ("调压站流量/基础流量", "Flow of stations against their load"),
                Watched("gas", "gas_flow", of="base_flow_m3h"),
                [2.6],
            ),
        ],
    )
