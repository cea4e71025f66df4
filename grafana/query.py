"""A panel's query of the PostgreSQL data source; the SDK knows none."""

from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import prometheus
from grafana_foundation_sdk.models.common import DataSourceRef

DATABASE = DataSourceRef("grafana-postgresql-datasource", "lifeline-database")
"""The data source as ``provisioning/datasources/lifeline.yml`` names it."""

REPLAY = DataSourceRef("grafana-postgresql-datasource", "lifeline-replay")
"""The database of a replay, beside that of the live city."""

METRICS = DataSourceRef("prometheus", "lifeline-prometheus")
"""What the system counts of itself."""

MIXED = DataSourceRef(uid="-- Mixed --")
"""Of a panel whose queries go to more than one."""


class Format(StrEnum):
    """What Grafana makes of the rows: a table, or series by the column ``time``.

    Of series, a column of text ``metric`` names each, and ``value`` is its number.
    """

    TABLE = "table"
    SERIES = "time_series"


@dataclass(frozen=True, slots=True)
class Query(Dataquery):
    """SQL with Grafana's macros; it may name the views of the schema ``grafana`` and nothing else."""

    sql: str
    format: Format = Format.TABLE
    ref_id: str = "A"
    source: DataSourceRef = DATABASE

    def to_json(self) -> dict[str, object]:
        """As the data source's editor would save it."""
        return {
            "datasource": self.source,
            "editorMode": "code",
            "format": self.format,
            "rawQuery": True,
            "rawSql": cleandoc(self.sql),
            "refId": self.ref_id,
        }


def source_of(query: Dataquery) -> DataSourceRef:
    """The data source that a query asks."""
    if isinstance(query, Query):
        return query.source
    if isinstance(query, prometheus.Dataquery) and query.datasource:
        return query.datasource
    raise TypeError(f"{type(query).__name__}: not a query of ours")


def metric(expression: str, legend: str, ref_id: str = "A") -> prometheus.Dataquery:
    """A query of the system's own metrics; ``legend`` may name labels in double braces."""
    return prometheus.Dataquery(
        datasource=METRICS,
        editor_mode=prometheus.QueryEditorMode.CODE,
        expr=expression,
        legend_format=legend,
        range_val=True,
        ref_id=ref_id,
    )
