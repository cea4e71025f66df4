"""An account in words, for a terminal."""

from collections.abc import Iterator

import msgspec
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from lifeline.explain.account import Account, Grade, Piece, Window
from rules.levels import RiskLevel

_STYLE = {1: "bold red", 2: "bold dark_orange", 3: "bold yellow", 4: "bold blue"}


def as_json(account: Account) -> str:
    """The account as one JSON object."""
    return msgspec.json.encode(account).decode()


def shown(account: Account) -> Group:
    """The account from its outcome to what it was made of."""
    return Group(*_parts(account))


def _parts(account: Account) -> Iterator[RenderableType]:
    asset, hazard = account.asset, account.hazard
    yield Text(
        f"{hazard.name} / {hazard.name_en} at {asset.name} / {asset.name_en} ({asset.id})", style="bold"
    )
    when = f"{account.moment:%Y-%m-%d %H:%M:%S} UTC"
    yield f"{account.asked} {account.id}, {when}, rules {account.rules_version}"
    if account.cause is not None:
        late = ", found over history" if account.cause.retrospective else ""
        yield ""
        yield Text("cause", style="bold")
        yield escape(
            f"  {account.cause.rule} at {account.cause.subject}:"
            f" state {account.cause.previous} -> {account.cause.state}: {account.cause.reason}{late}"
        )
    if account.grade is not None:
        yield ""
        yield from _graded(account, account.grade)
    yield ""
    yield Text("evidence", style="bold")
    if not account.evidence:
        yield "  none is left"
    for piece in account.evidence:
        yield from _piece(piece)
    for window in account.windows:
        yield ""
        yield _window(window, account)


def _graded(account: Account, grade: Grade) -> Iterator[RenderableType]:
    yield Text("risk", style="bold")
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("  level", _level(grade.level) + Text(" before: ") + _level(grade.previous))
    table.add_row("  likelihood", f"{grade.likelihood} of 5, probability {grade.probability:.3g}")
    worst = ", ".join(f"{name} {score}" for name, score in account.asset.factors.items())
    whose = "the hazard's own" if grade.by_hazard else f"the worst of {worst or 'unknown factors'}"
    table.add_row("  consequence", f"{grade.consequence} of 5, {whose}")
    cell = f"matrix {grade.matrix}[likelihood {grade.likelihood}][consequence {grade.consequence}]"
    table.add_row("  cell", escape(f"{cell}; {grade.matrix_source}"))
    weights = " ".join(f"{piece.weight:+.2f}" for piece in account.evidence if piece.weight)
    table.add_row("  log-odds", f"prior {grade.prior:g}{', ' + weights if weights else ''}")
    yield table


def _level(value: int | None) -> Text:
    if value is None:
        return Text("none")
    level = RiskLevel(value)
    return Text(f"{level.chinese} / {level.english} ({level.colour})", style=_STYLE[value])


def _piece(piece: Piece) -> Iterator[RenderableType]:
    rule = piece.rule
    yield escape(f"  {rule.title} / {rule.title_en}: {rule.name} at {piece.subject}, state {piece.state}")
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("    since", f"{piece.time:%Y-%m-%d %H:%M:%S} UTC")
    table.add_row("    why", escape(piece.reason))
    if piece.strength is not None:
        table.add_row("    says", _says(piece))
    table.add_row("    parameters", escape(f"{rule.kind}: {_told(rule.parameters)}"))
    table.add_row("    source", escape(rule.source))
    yield table


def _says(piece: Piece) -> str:
    strength = piece.strength
    assert strength is not None
    if strength.likelihood is not None:
        return f"likelihood {strength.likelihood}, outright"
    if strength.llr is None:
        return ", ".join(
            f"{name} {value}" for name, value in msgspec.structs.asdict(strength).items() if value
        )
    quality = "" if piece.quality is None else f" x quality {piece.quality:g}"
    weight = "" if piece.weight is None else f", weight {piece.weight:+.2f}"
    group = f"group {piece.rule.group}, correlation {piece.rule.correlation:g}"
    measured = "" if strength.llr_file is None else f", measured in {strength.llr_file}"
    return f"log-likelihood ratio {strength.llr:+g}{quality}{weight} ({group}){measured}"


def _told(value: object) -> str:
    """A value as a rule file writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_told(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_told, value)) + "]"
    return (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
    )


def _window(window: Window, account: Account) -> RenderableType:
    """The readings nearest to the moment; all are in the JSON and in the plot."""
    head = f"{window.sensor}: {len(window.times)} readings of {window.quantity} around the moment"
    table = Table("time (UTC)", f"value, {window.unit}", "flag", "", title=head, title_justify="left")
    before = sum(time <= account.moment for time in window.times)
    for place in range(max(0, before - 8), min(len(window.times), before + 3)):
        value, late = window.values[place], "late" if window.late[place] else ""
        mark = "<- here" if place == before - 1 else late
        told = "" if value is None else f"{value:.6g}"
        table.add_row(f"{window.times[place]:%m-%d %H:%M:%S}", told, str(window.flags[place]), mark)
    return table
