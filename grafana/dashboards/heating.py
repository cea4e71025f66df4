"""Heating: pressure and temperature of the pipes against what they are run at."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.domains import TOP, domain_board
from grafana.language import Language
from grafana.panels import now
from grafana.panels.watch import Watched, lines, rise


def heating(language: Language) -> Dashboard:
    """Limits as rules/demo/heating.toml has them, and their sources."""
    pressure = Watched("heating", "heat_pressure", of="static_pressure_mpa", lowest=True)
    temperature = Watched("heating", "heat_temperature", of="supply_temperature_cel", lowest=True)
    return domain_board(
        language,
        "heating",
        language.say("供热监测", "Heating"),
        [
            now.shares(
                language,
                (0, TOP, 12, 9),
                ("压力现状", "Pressures now"),
                "heat_pressure",
                "static_pressure_mpa",
                (0.75, 1.2),
            ),
            now.shares(
                language,
                (12, TOP, 12, 9),
                ("供水温度现状", "Supply temperatures now"),
                "heat_temperature",
                "supply_temperature_cel",
                (0.9, 1.1),
            ),
            lines(
                language,
                (0, TOP + 9, 12, 9),
                ("压力/静压", "Pressure against static pressure"),
                pressure,
                [0.75],
            ),
            lines(
                language,
                (12, TOP + 9, 12, 9),
                ("温度/设计供水温度", "Temperature against supply temperature"),
                temperature,
                [0.9],
            ),
            rise(
                language,
                (0, TOP + 18, 12, 8),
                ("压力变化速率", "Change of pressure"),
                Watched("heating", "heat_pressure", lowest=True),
                [-2.88],
            ),
            rise(
                language,
                (12, TOP + 18, 12, 8),
                ("温度变化速率", "Change of temperature"),
                Watched("heating", "heat_temperature", lowest=True),
                [],
            ),
        ],
    )
