"""The dashboards: each a function of the language that it speaks."""

from collections.abc import Callable

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.alerts import alerts
from grafana.dashboards.asset import asset
from grafana.dashboards.bridge import bridge
from grafana.dashboards.city import city
from grafana.dashboards.drainage import drainage
from grafana.dashboards.gas import gas
from grafana.dashboards.heating import heating
from grafana.dashboards.operations import operations
from grafana.dashboards.replay import replay
from grafana.dashboards.sensor import sensor
from grafana.dashboards.tunnel import tunnel
from grafana.dashboards.water import water
from grafana.language import Language

BOARDS: tuple[Callable[[Language], Dashboard], ...] = (
    city,
    gas,
    water,
    drainage,
    bridge,
    heating,
    tunnel,
    asset,
    sensor,
    alerts,
    replay,
    operations,
)
"""Every board; a function's name is its file's."""
