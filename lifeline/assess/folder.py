"""A survey as a folder of files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from grafana.language import Language
from lifeline.assess import markdown, page, sheets
from lifeline.assess.geojson import four_colours
from lifeline.assess.report import report
from lifeline.assess.survey import Survey
from lifeline.assess.words import Words
from sensors.errors import ConfigurationError


def files_of(survey: Survey, languages: Iterable[Language]) -> Mapping[str, bytes]:
    """Each file's content by its name. Pure."""
    found = {"map.geojson": four_colours(survey)}
    for language in languages:
        words = Words(survey, language)
        document = report(words)
        found |= {
            f"report.{language}.html": page.render(document, language),
            f"report.{language}.md": markdown.render(document),
            f"risks.{language}.csv": sheets.risks(words),
            f"coverage.{language}.csv": sheets.coverage(words),
            f"gaps.{language}.csv": sheets.gaps(words),
        }
    return found


def write(contents: Mapping[str, bytes], folder: Path) -> None:
    """Write the files into the folder, which is made if there is none.

    Raises:
        ConfigurationError: it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"--to: {error.filename or folder}: {error.strerror}") from None
