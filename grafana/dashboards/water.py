"""Water: night flow and leakage of the zones, pressure against its band, noise of leaks, quality."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.base import typed
from grafana.dashboards.domains import TOP, domain_board
from grafana.language import Language
from grafana.panels import now
from grafana.panels.watch import Watched, lines


def water(language: Language) -> Dashboard:
    """Limits as rules/demo/water.toml has them; 9 % leakage is the target that plans name."""
    return domain_board(
        language,
        "water",
        language.say("供水监测", "Water"),
        [
            now.zones(language, (0, TOP, 24, 9)),
            lines(
                language,
                (0, TOP + 9, 12, 9),
                ("分区流量/基础流量", "Inflow of zones against their base flow"),
                Watched("water", "water_flow", of="base_flow_m3h"),
                [2.0],
            ),
            lines(
                language,
                (12, TOP + 9, 12, 9),
                ("压力/静压", "Pressure against static pressure"),
                Watched("water", "water_pressure", of="static_pressure_mpa", lowest=True),
                [0.4, 0.7],
            ),
            lines(
                language,
                (0, TOP + 18, 12, 8),
                ("供水压力", "Pressure"),
                Watched("water", "water_pressure", lowest=True),
                [0.14],
            ),
            lines(
                language,
                (12, TOP + 18, 12, 8),
                ("管道噪声/背景噪声", "Noise of mains against their background"),
                Watched("water", "acoustic_noise", of="background_db"),
                [1.4],
            ),
            lines(
                language,
                (0, TOP + 26, 6, 8),
                ("余氯", "Free chlorine"),
                Watched("water", "free_chlorine", lowest=True),
                [0.05, 0.2],
            ),
            lines(
                language,
                (6, TOP + 26, 6, 8),
                ("浑浊度", "Turbidity"),
                Watched("water", "turbidity"),
                [1.0, 5.0],
            ),
            lines(language, (12, TOP + 26, 6, 8), ("pH值", "pH"), Watched("water", "ph"), [6.5, 8.5]),
            lines(
                language, (18, TOP + 26, 6, 8), ("电导率", "Conductivity"), Watched("water", "conductivity")
            ),
        ],
        variables=[
            typed("night_use", language.say("夜间用水占比", "Night use, share of mean use"), "0.1"),
            typed("zone", language.say("时区", "Time zone"), "Asia/Shanghai"),
        ],
        since="now-2d",
    )
