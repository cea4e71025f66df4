"""What a bench prints: one object a line with ``--json``, else a table."""

from collections.abc import Iterable, Mapping

import msgspec
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure, with its goal and what else was measured with it."""

    bench: str
    case: str
    value: float
    unit: str
    goal: str
    beside: Mapping[str, float | int | str]

    def line(self) -> str:
        """As one JSON object."""
        whole = msgspec.structs.asdict(self)
        beside = whole.pop("beside")
        return msgspec.json.encode({**whole, **beside}).decode()


def show(figures: Iterable[Figure], *, as_json: bool) -> None:
    """Print the figures as they come."""
    console = Console()
    for figure in figures:
        if as_json:
            console.print(figure.line(), soft_wrap=True, markup=False, highlight=False)
            continue
        table = Table(title=f"{figure.bench} {figure.case}", show_header=False, title_justify="left")
        table.add_row("[bold]result", f"[bold]{figure.value:,.3f} {figure.unit}", f"goal {figure.goal}")
        for name, value in figure.beside.items():
            table.add_row(name, f"{value:,.3f}" if isinstance(value, float) else f"{value}", "")
        console.print(table)
