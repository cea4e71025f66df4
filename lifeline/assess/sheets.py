"""The tables that go with the report, as CSV that spreadsheets open in the right encoding. Pure."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from lifeline.assess.coverage import DANGEROUS
from lifeline.assess.words import Words

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell."""


def risks(words: Words) -> bytes:
    """The risk list (风险清单), the worst first."""
    say = words.say
    head = [
        say("设施编号", "asset"), say("名称", "name"), say("类型", "kind"), say("系统", "system"),
        say("区域", "district"), say("网格", "grid"), say("危险", "hazards"), say("可能性", "likelihood"),
        say("后果", "consequence"), say("风险等级", "level"), say("等级数值", "level number"),
        say("估计次数/年", "failures a year"), say("依据", "why"), say("未知属性", "unknown"),
        say("责任单位", "responsible unit"), say("管控措施", "measures"), say("缺少监测", "missing sensors"),
        say("下次评估", "review date"),
    ]  # fmt: skip
    return _sheet(
        head,
        (
            [
                risk.asset.id, words.asset(risk.asset), words.kind(risk.asset.kind),
                words.domain(risk.asset.domain), risk.asset.district, risk.asset.grid, words.hazards(risk),
                risk.estimate.likelihood, risk.consequence, words.level(risk.level), risk.level.value,
                "" if risk.estimate.per_year is None else f"{risk.estimate.per_year:.3g}", words.why(risk),
                words.unknown(risk), words.utility(risk.asset), words.measures(risk), words.missing(risk),
                risk.review.isoformat(),
            ]
            for risk in words.survey.risks
        ),
    )  # fmt: skip


def coverage(words: Words) -> bytes:
    """Monitoring coverage by kind of asset and district."""
    say = words.say
    head = [
        say("类型", "kind"), say("区域", "district"), say("设施数", "assets"),
        say("监测齐全", "fully watched"), say("应测项", "quantities wanted"), say("已测项", "measured"),
        say("覆盖率", "coverage"), say("红橙设施", "red and orange"),
        say("其中监测齐全", "of them fully watched"),
    ]  # fmt: skip
    return _sheet(
        head,
        (
            [
                words.kind(row.kind), row.district, row.assets, row.watched, row.wanted, row.present,
                f"{row.share:.3f}", row.dangerous, row.dangerous_watched,
            ]
            for row in words.survey.coverage
        ),
    )  # fmt: skip


def gaps(words: Words) -> bytes:
    """Where a sensor is missing at red and orange assets: a row a quantity."""
    say = words.say
    head = [
        say("设施编号", "asset"), say("名称", "name"), say("类型", "kind"), say("区域", "district"),
        say("风险等级", "level"), say("缺少的监测量", "quantity missing"),
        say("责任单位", "responsible unit"),
    ]  # fmt: skip
    return _sheet(
        head,
        (
            [
                risk.asset.id, words.asset(risk.asset), words.kind(risk.asset.kind), risk.asset.district,
                words.level(risk.level), words.quantity(choice), words.utility(risk.asset),
            ]
            for risk in words.survey.risks
            if risk.level in DANGEROUS
            for choice in risk.watch.missing
        ),
    )  # fmt: skip


def _sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
