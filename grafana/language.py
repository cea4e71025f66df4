"""The two languages that every dashboard is built in."""

from enum import StrEnum


class Language(StrEnum):
    """A language; its value names the folder of its dashboards."""

    ZH = "zh"
    EN = "en"

    def say(self, chinese: str, english: str) -> str:
        """The one of the two texts that is in this language."""
        return chinese if self is Language.ZH else english

    def column(self, name: str) -> str:
        """The column of a view that holds ``name`` in this language."""
        return self.say(name, f"{name}_en")
