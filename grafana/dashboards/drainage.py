"""Drainage: level, rain and flow, how long until a manhole overflows, water on roads, gas in sewers."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.domains import TOP, domain_board
from grafana.language import Language
from grafana.panels import now
from grafana.panels.watch import Watched, lines


def drainage(language: Language) -> Dashboard:
    """Limits as rules/demo/drainage.toml has them, and their sources."""
    return domain_board(
        language,
        "drainage",
        language.say("排水监测", "Drainage"),
        [
            now.wells(language, (0, TOP, 14, 12)),
            lines(
                language, (14, TOP, 10, 6), ("雨强", "Rain"), Watched("drainage", "rain_intensity"), bars=True
            ),
            lines(
                language,
                (14, TOP + 6, 10, 6),
                ("道路积水深度", "Water on the roads"),
                Watched("drainage", "ponding_depth"),
                [3, 15, 27],
            ),
            lines(
                language,
                (0, TOP + 12, 12, 9),
                ("液位/井深", "Level against depth"),
                Watched("drainage", "sewer_level", of="depth_m"),
                [0.5, 0.8, 0.98],
            ),
            lines(language, (12, TOP + 12, 12, 9), ("管网流量", "Flow"), Watched("drainage", "sewer_flow")),
            lines(
                language,
                (0, TOP + 21, 8, 8),
                ("硫化氢", "Hydrogen sulfide"),
                Watched("drainage", "hydrogen_sulfide"),
                [10, 140],
            ),
            lines(
                language,
                (8, TOP + 21, 8, 8),
                ("污水井可燃气体", "Methane in sewers"),
                Watched("drainage", "methane_lel"),
                [20, 50],
            ),
            lines(
                language,
                (16, TOP + 21, 8, 8),
                ("井盖倾角", "Tilt of manhole covers"),
                Watched("drainage", "cover_tilt"),
                [10, 90],
            ),
        ],
    )
