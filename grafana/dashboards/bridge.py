"""Bridges: strain against temperature, natural frequencies, cable forces, fatigue, what drives over them."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.base import chosen
from grafana.dashboards.domains import TOP, domain_board
from grafana.language import Language
from grafana.panels import now, structure
from grafana.panels.watch import Watched, lines, span


def bridge(language: Language) -> Dashboard:
    """Limits as rules/demo/bridge.toml has them, and their sources."""
    name = language.column("asset_name")
    return domain_board(
        language,
        "bridge",
        language.say("桥梁监测", "Bridges"),
        [
            now.shares(
                language,
                (0, TOP, 12, 10),
                ("索力/成桥索力", "Cable forces against as built"),
                "cable_force",
                "force_kn",
                (0.85, 1.2),
            ),
            lines(
                language,
                (12, TOP, 12, 10),
                ("索力变化", "Cable forces over time"),
                Watched("bridge", "cable_force", of="force_kn"),
                [0.85, 1.2],
            ),
            structure.strain_by_temperature(language, (0, TOP + 10, 12, 10)),
            structure.strain_and_temperature(language, (12, TOP + 10, 12, 10)),
            structure.figures(
                language,
                (0, TOP + 20, 12, 8),
                ("自振频率", "Natural frequencies"),
                "spectrum",
                "hertz",
            ),
            structure.figures(
                language,
                (12, TOP + 20, 12, 8),
                ("疲劳损伤（已用寿命）", "Fatigue, share of life used"),
                "fatigue",
                "percentunit",
                [0.8, 1.0],
            ),
            structure.figures(
                language,
                (0, TOP + 28, 12, 8),
                ("频率法索力", "Cable forces from their frequency"),
                "cable",
                "kN",
            ),
            structure.found(
                language,
                (12, TOP + 28, 12, 8),
                ("自振频率与疲劳：规则所见", "Natural frequencies and fatigue, as the rules saw them"),
                ("acceleration", "strain"),
            ),
            span(
                language,
                (0, TOP + 36, 8, 8),
                ("应变幅（疲劳来源）", "Range of strain, which fatigue comes from"),
                Watched("bridge", "strain"),
            ),
            lines(
                language,
                (8, TOP + 36, 8, 8),
                ("挠度/设计值", "Deflection against design"),
                Watched("bridge", "deflection", of="design_deflection_mm"),
                [0.8, 1.0],
            ),
            lines(
                language,
                (16, TOP + 36, 8, 8),
                ("支座反力/恒载", "Bearing force against dead load"),
                Watched("bridge", "bearing_force", of="dead_load_kn"),
                [0.8, 1.25],
            ),
            lines(
                language,
                (0, TOP + 44, 8, 8),
                ("桥墩倾角", "Tilt of piers"),
                Watched("bridge", "tilt"),
                [0.2, 1.0],
            ),
            lines(
                language,
                (8, TOP + 44, 8, 8),
                ("车重/限载", "Vehicles against the posted limit"),
                Watched("bridge", "vehicle_weight", of="weight_limit_t"),
                [1.1, 1.5, 1.7],
            ),
            lines(
                language,
                (16, TOP + 44, 8, 8),
                ("桥面风速", "Wind on the bridge"),
                Watched("bridge", "wind_speed"),
            ),
        ],
        variables=[
            chosen(
                "span",
                language.say("桥跨", "span"),
                f"select distinct asset_id || ' ' || {name} as __text, asset_id as __value"
                " from grafana.sensors where quantity = 'strain' order by 1",
            )
        ],
    )
