"""``python -m grafana.build`` writes each dashboard's JSON, in each language, where Grafana reads it."""

from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.dashboards import BOARDS
from grafana.language import Language

FOLDER = Path(__file__).parent / "dashboards" / "json"


def built() -> Iterator[tuple[Path, str]]:
    """Every file with what ought to be in it."""
    encoder = JSONEncoder(ensure_ascii=False, indent=1)
    for language in Language:
        for board in BOARDS:
            yield FOLDER / language / f"{board.__name__}.json", encoder.encode(board(language)) + "\n"


if __name__ == "__main__":
    for path, text in built():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
