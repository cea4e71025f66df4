"""``lifeline report``: the duty report as files, all of them or none."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import psycopg

from alerts import policy
from alerts.database import connect
from alerts.duty.counted import Report, counted
from alerts.duty.forms import Form, file_name, render
from alerts.duty.period import NoPeriodError, Span
from alerts.duty.read import read
from alerts.tables import Language
from lifeline.settings import Settings
from sensors.errors import ConfigurationError, UnavailableError
from sensors.whole import whole

LANGUAGES: tuple[Language, ...] = ("zh", "en")


async def made(settings: Settings, span: Span, name: str | None) -> Report:
    """The report of a day or month; of yesterday, where none is named.

    Raises:
        ConfigurationError: the name is no day or month that has begun, or the database is not prepared.
        UnavailableError: the database does not answer.
    """
    by = policy.load(settings.alert_policy) if settings.alert_policy is not None else policy.default()
    try:
        async with await connect(settings.database()) as connection:
            return counted(await read(connection, span, name, by.operator_positions, None))
    except NoPeriodError as error:
        raise ConfigurationError(f"--{span}: {error}") from None
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).splitlines()[0]}") from None
    except psycopg.errors.UndefinedTable:
        raise ConfigurationError("the database is not prepared: call `lifeline migrate`") from None


def files_of(report: Report, languages: Iterable[Language]) -> Mapping[str, bytes]:
    """Each file's content by its name. Pure."""
    period = report.facts.period
    return {
        file_name(period, language, form): render(report, language, form)
        for language in languages
        for form in Form
    }


def write(contents: Mapping[str, bytes], folder: Path) -> None:
    """Write the files into the folder, which is made if there is none; broken off, nothing has changed.

    Raises:
        ConfigurationError: it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files = {name: stack.enter_context(whole(folder / name)) for name in contents}
            for name, content in contents.items():
                files[name].write(content)
                files[name].flush()
    except OSError as error:
        raise ConfigurationError(f"--into: {error.filename or folder}: {error.strerror}") from None
