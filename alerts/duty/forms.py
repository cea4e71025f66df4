"""The report as files: two languages, two forms. Pure."""

from enum import StrEnum
from zoneinfo import ZoneInfo

from alerts.duty import page, sheet
from alerts.duty.counted import Report
from alerts.duty.period import Period
from alerts.duty.words import Words
from alerts.duty.written import document
from alerts.tables import Language


class Form(StrEnum):
    """What a report is written as; its value is the end of the file's name."""

    HTML = "html"
    CSV = "csv"


def render(report: Report, language: Language, form: Form) -> bytes:
    """The report's bytes."""
    words = Words(language, ZoneInfo(report.facts.zone))
    return (
        page.render(document(report, words), language) if form is Form.HTML else sheet.render(report, words)
    )


def file_name(period: Period, language: Language, form: Form) -> str:
    """How the file is called, such as ``duty-2026-11-25.zh.html``."""
    return f"duty-{period.name}.{language}.{form}"
