"""Utility tunnels: gas, oxygen, heat and water in the compartments, and who is in them."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.domains import TOP, domain_board
from grafana.language import Language
from grafana.panels import structure
from grafana.panels.watch import Watched, lines


def tunnel(language: Language) -> Dashboard:
    """Limits as rules/demo/tunnel.toml has them, and their sources."""
    return domain_board(
        language,
        "tunnel",
        language.say("综合管廊监测", "Utility tunnels"),
        [
            lines(
                language,
                (0, TOP, 12, 9),
                ("可燃气体浓度", "Methane"),
                Watched("tunnel", "methane_lel"),
                [20, 25],
            ),
            lines(
                language,
                (12, TOP, 12, 9),
                ("氧气浓度", "Oxygen"),
                Watched("tunnel", "oxygen", lowest=True),
                [18.0, 19.5],
            ),
            lines(
                language,
                (0, TOP + 9, 8, 8),
                ("舱内温度", "Temperature"),
                Watched("tunnel", "air_temperature"),
                [40, 60],
            ),
            lines(language, (8, TOP + 9, 8, 8), ("湿度", "Humidity"), Watched("tunnel", "humidity")),
            lines(
                language,
                (16, TOP + 9, 8, 8),
                ("集水坑水位/坑深", "Sump level against depth"),
                Watched("tunnel", "sump_level", of="sump_depth_m"),
                [0.8, 1.0],
            ),
            structure.intrusions(language, (0, TOP + 17, 24, 8)),
        ],
    )
