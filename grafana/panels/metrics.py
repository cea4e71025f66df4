"""What the system counts of itself."""

from collections.abc import Mapping
from string import ascii_uppercase

from grafana_foundation_sdk.models import common, timeseries
from grafana_foundation_sdk.models.dashboard import FieldConfig, Panel

from grafana.language import Language
from grafana.panels.base import Place, legend, panel, together
from grafana.query import metric


def counted(
    language: Language, place: Place, title: tuple[str, str], expressions: Mapping[str, str], unit: str
) -> Panel:
    """Expressions of Prometheus with the names of their series."""
    return panel(
        "timeseries",
        language.say(*title),
        place,
        [
            metric(expression, named, ref_id)
            for ref_id, (expression, named) in zip(ascii_uppercase, expressions.items(), strict=False)
        ],
        timeseries.Options(legend=legend(), tooltip=together()),
        fields=FieldConfig(
            unit=unit,
            min_val=0,
            custom=common.GraphFieldConfig(show_points=common.VisibilityMode.NEVER),
        ),
    )
