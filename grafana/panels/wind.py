"""The city's wind, wherever it is measured: it carries what leaks."""

from grafana_foundation_sdk.models.dashboard import Panel

from grafana.language import Language
from grafana.panels.base import Place
from grafana.panels.watch import LINES, chart
from grafana.units import unit


def wind(language: Language, place: Place) -> Panel:
    """Wind speed of every anemometer of the city: few, and none belongs to the gas network."""
    asset = language.column("asset_name")
    sql = f"""
        select z.time, s.asset_id || ' ' || s.{asset} as metric, z.mean as value
        from (select * from grafana.sensors where quantity = 'wind_speed' order by sensor_id limit {LINES}) s
        cross join lateral grafana.readings_zoomed(
            s.sensor_id, $__timeFrom(), $__timeTo(), '$__interval') z
        where z.mean is not null order by z.time
    """
    return chart(language.say("风速", "Wind speed"), place, sql, unit("wind_speed"))
