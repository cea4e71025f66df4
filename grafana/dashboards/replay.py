"""A replay against the live city: what the same feed says again, or would have said by other rules."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.base import board, chosen, one_asset
from grafana.language import Language
from grafana.panels import against


def replay(language: Language) -> Dashboard:
    """Both at the same event times; the replay's database is a data source of its own."""
    quantity = language.column("quantity_name")
    return board(
        language,
        "replay",
        language.say("回放对比", "Replay against live"),
        [
            against.counted(language, (0, 0, 24, 5)),
            against.readings(language, (0, 5, 12, 11)),
            against.levels(language, (12, 5, 12, 11)),
            against.listed(language, (0, 16, 12, 12), 0),
            against.listed(language, (12, 16, 12, 12), 1),
        ],
        variables=[
            *one_asset(language),
            chosen(
                "sensor",
                language.say("测点", "sensor"),
                f"select {quantity} || ' ' || unit || ' (' || sensor || ')' as __text, sensor as __value"
                " from grafana.sensors where asset_id = ${asset:sqlstring} order by 1",
            ),
        ],
    )
