"""``lifeline doctor``."""

import typer

from lifeline.settings import Settings


def doctor() -> None:
    """Look at everything lifeline depends on: is it there, which version, and if not, what to do.

    The exit code is 0 if everything needed is there, else 1; what is marked optional never changes it.

    Example: `lifeline doctor`
    """
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only
    from rich.table import Table  # noqa: PLC0415

    from lifeline.doctor import examine  # noqa: PLC0415

    findings = examine(Settings.load())
    table = Table("", "what", "found", "next step", box=None, pad_edge=False)
    for finding in findings:
        mark = "[green]✓[/]" if finding.there else "[red]✗[/]" if finding.needed else "[yellow]–[/]"
        name = finding.name if finding.needed else f"{finding.name} (optional)"
        table.add_row(mark, name, finding.found, finding.next_step or "")
    Console().print(table)
    raise typer.Exit(0 if all(finding.there for finding in findings if finding.needed) else 1)
