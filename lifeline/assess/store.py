"""The inherent levels in the database, where the views that show an asset's level find them."""

from psycopg import Connection

from grafana.language import Language
from lifeline.assess.survey import Risk, Survey
from lifeline.assess.words import Words

_INSERT = """
copy inherent_risks (asset_id, likelihood, consequence, level, failures_per_year, why, why_en,
    assessed_on, review_on, tables_version, matrix_version) from stdin
"""


def replace(connection: Connection[tuple[object, ...]], survey: Survey) -> None:
    """Put this survey in the place of the one before it, in one transaction."""
    chinese, english = (Words(survey, language) for language in (Language.ZH, Language.EN))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("delete from inherent_risks")
        with cursor.copy(_INSERT) as copy:
            for risk in survey.risks:
                copy.write_row(_row(survey, risk, chinese.why(risk), english.why(risk)))


def _row(survey: Survey, risk: Risk, why: str, why_en: str) -> tuple[object, ...]:
    return (
        risk.asset.id, risk.estimate.likelihood, risk.consequence, risk.level.value, risk.estimate.per_year,
        why, why_en, survey.day, risk.review, survey.tables.version, survey.matrix.version,
    )  # fmt: skip
