"""``lifeline assess``."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from lifeline.cli.arguments import Languages
from lifeline.cli.connection import connected
from sensors.errors import ConfigurationError

if TYPE_CHECKING:
    from lifeline.assess.survey import Survey

_YEARS = range(1900, 2201)
"""In which an assessment may lie."""


def assess(
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Where the files go; it is made if need be.")
    ],
    city: Annotated[
        Path | None,
        typer.Argument(metavar="CITY", help="A city's TOML file or folder; the loaded city if not given."),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option("--date", metavar="DAY", help="The day of the assessment; today if not given."),
    ] = None,
    language: Annotated[Languages, typer.Option(help="Of the report and its sheets.")] = Languages.BOTH,
    tables: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Other tables than those of the project, as TOML.")
    ] = None,
    keep: Annotated[
        bool | None,
        typer.Option(
            "--store/--no-store",
            help="Let the loaded city's assets show these levels. [default: store, unless CITY is given]",
        ),
    ] = None,
) -> None:
    """Assess the inherent risk of every asset, over years, and how well it is watched.

    Writes the four-colour map (map.geojson), the risk list, the monitoring coverage and the missing sensors
    (CSV), and the report (Markdown and one HTML page). The same city, tables and day give the same bytes.

    Example: `lifeline assess --to assessment` or
    `lifeline assess mycity/ --to assessment --date 2026-01-31 --language en`
    """
    from grafana.language import Language  # noqa: PLC0415, reads tables, and needed here only
    from lifeline.assess.folder import files_of, write  # noqa: PLC0415, as above

    when = _day(day) if day is not None else None
    if city is not None and keep:
        raise ConfigurationError("--store: expected no CITY: only the loaded city's levels can be stored")
    survey = (
        _of_files(city, tables, when) if city is not None else _of_loaded(tables, when, keep is not False)
    )
    chosen = list(Language) if language is Languages.BOTH else [Language(language.value)]
    contents = files_of(survey, chosen)
    write(contents, to)
    counts = ", ".join(f"{count} {level.english}" for level, count in survey.levels.items())
    typer.echo(f"{survey.city.name_en}, {survey.day}: {counts}; {len(contents)} files in {to}")


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if found.year not in _YEARS:
        raise ConfigurationError(f"--date: expected a day such as 2026-01-31, not {text!r}")
    return found


def _today(timezone: str) -> date:
    return datetime.now(ZoneInfo(timezone)).date()


def _of_files(city: Path, tables: Path | None, day: date | None) -> "Survey":
    from lifeline.assess.survey import assess as survey  # noqa: PLC0415, as above
    from lifeline.assess.tables import TABLES, read_tables  # noqa: PLC0415
    from rules.risk import default_matrix  # noqa: PLC0415
    from sensors.load import read_city  # noqa: PLC0415

    registry = read_city(city)
    return survey(
        registry, read_tables(tables or TABLES), default_matrix(), day or _today(registry.city.timezone)
    )


def _of_loaded(tables: Path | None, day: date | None, keep: bool) -> "Survey":
    """Of the loaded city, by the matrix of the loaded rules."""
    from lifeline.assess import store  # noqa: PLC0415, as above
    from lifeline.assess.survey import assess as survey  # noqa: PLC0415
    from lifeline.assess.tables import TABLES, read_tables  # noqa: PLC0415
    from rules import store as rules  # noqa: PLC0415
    from rules.risk import default_matrix  # noqa: PLC0415
    from sensors import store as cities  # noqa: PLC0415

    read = read_tables(tables or TABLES)
    with connected() as connection:
        registry, loaded = cities.read(connection), rules.read(connection)
        matrix = loaded.matrix if loaded is not None else default_matrix()
        found = survey(registry, read, matrix, day or _today(registry.city.timezone))
        if keep:
            store.replace(connection, found)
    return found
