"""The one root of the project's own exceptions, and the error that a person can mend."""

from pathlib import Path


class LifelineError(Exception):
    """Something went wrong that one line can say: what, where, and what to do.

    The command line prints the message without a traceback and ends with ``exit_code``.
    """

    exit_code = 1


class ConfigurationError(LifelineError):
    """A setting or file is wrong; nothing was changed. Mend it and call again."""

    exit_code = 2


class Mistake(ConfigurationError):  # noqa: N818, the word that people read
    """One mistake in one file: where it stands and what was expected there."""

    def __init__(self, file: Path | str, line: int | None, field: str, expected: str) -> None:
        self.file, self.line, self.field, self.expected = str(file), line, field, expected
        place = f"{file}:{line}" if line else f"{file}"
        super().__init__(f"{place}: {field}: {expected}")


class Mistakes(ConfigurationError):  # noqa: N818, as above
    """Several mistakes found in one reading of the files; none of what they hold was taken."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


class UnavailableError(LifelineError):
    """A service that is needed could not be reached in time."""

    exit_code = 3
