"""One sensor at any zoom: its readings, their quality, and what the rules made of them."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.base import board, happened, one_sensor
from grafana.language import Language
from grafana.panels import asset as its
from grafana.panels import data, risk


def sensor(language: Language) -> Dashboard:
    """From an hour to years: what is wide is read from rollups."""
    return board(
        language,
        "sensor",
        language.say("测点", "Sensor"),
        [
            its.facts(language, (0, 0, 24, 4)),
            data.readings(language, (0, 4, 24, 13)),
            its.quality(language, (0, 17, 24, 4)),
            risk.transitions(
                language, (0, 21, 24, 9), "sensor_id = nullif(${sensor:sqlstring}, '')::integer"
            ),
        ],
        variables=one_sensor(language),
        annotations=[happened(language, "asset_id = ${asset:sqlstring}")],
    )
