"""A panel's query of the PostgreSQL data source; the SDK knows none."""

from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

DATABASE = DataSourceRef("grafana-postgresql-datasource", "lifeline-database")
"""The data source as ``provisioning/datasources/lifeline.yml`` names it."""


class Format(StrEnum):
    """What Grafana makes of the rows: a table, or series by the column ``time``."""

    TABLE = "table"
    SERIES = "time_series"


@dataclass(frozen=True, slots=True)
class Query(Dataquery):
    """SQL with Grafana's macros; it may name the views of the schema ``grafana`` and nothing else."""

    sql: str
    format: Format = Format.TABLE
    ref_id: str = "A"

    def to_json(self) -> dict[str, object]:
        """As the data source's editor would save it."""
        return {
            "datasource": DATABASE,
            "editorMode": "code",
            "format": self.format,
            "rawQuery": True,
            "rawSql": cleandoc(self.sql),
            "refId": self.ref_id,
        }
