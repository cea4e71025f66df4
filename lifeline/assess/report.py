"""What the report says, as a document of sections that Markdown and HTML render alike. Pure."""

from collections import Counter
from dataclasses import dataclass

from lifeline.assess import plots
from lifeline.assess.coverage import DANGEROUS, Coverage
from lifeline.assess.map import four_colour_map
from lifeline.assess.survey import Risk
from lifeline.assess.words import Words
from rules.levels import RiskLevel
from sensors.model import Domain

LISTED = 300
"""Most rows of a list in the report; the sheets beside it have all."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A cell that shows a level in its colour."""

    level: RiskLevel
    text: str


@dataclass(frozen=True, slots=True)
class Share:
    """A cell that shows a share (0-1) as a bar behind its text."""

    share: float
    text: str


Cell = str | Chip | Share


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``numbers`` are the columns that are aligned to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing, as SVG, and what it shows."""

    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with paragraphs, figures side by side, and a table."""

    title: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole document."""

    title: str
    subtitle: str
    counts: tuple[tuple[RiskLevel, str, int], ...]
    sections: tuple[Section, ...]


def report(words: Words) -> Report:
    """The report of a survey in the words' language."""
    survey = words.survey
    return Report(
        words.say(f"{words.city()}城市生命线风险评估报告", f"Risk assessment of {words.city()}'s lifelines"),
        words.say(
            f"评估日期 {survey.day}，评估表 {survey.tables.version}，矩阵 {survey.matrix.version}",
            f"as of {survey.day}, tables {survey.tables.version}, matrix {survey.matrix.version}",
        ),
        tuple((level, words.level(level), count) for level, count in survey.levels.items()),
        (_overview(words), _map(words), _dangerous(words), _coverage(words), _gaps(words), _method(words)),
    )


def _overview(words: Words) -> Section:
    survey = words.survey
    incomplete = sum(bool(words.unknown(risk)) for risk in survey.risks)
    counts = Counter((risk.asset.domain, risk.level) for risk in survey.risks)
    rows = tuple(
        (words.domain(domain), *(str(counts[domain, level]) for level in RiskLevel))
        for domain in Domain
        if any(counts[domain, level] for level in RiskLevel)
    )
    said = words.say(
        f"共评估设施 {len(survey.risks)} 处，其中 {incomplete} 处有未知属性，已按偏于不利的系数取值。",
        f"{len(survey.risks)} assets were assessed. {incomplete} of them have attributes that are not known; "
        "for these a factor at the bad side of the middle was taken.",
    )
    cells = words.say("风险矩阵各格的设施数", "assets in each cell of the risk matrix")
    bars = words.say("各系统各等级的设施数", "assets by system and level")
    head = (words.say("系统", "system"), *(words.level(level) for level in RiskLevel))
    return Section(
        words.say("总体情况", "Overview"),
        (said,),
        (Figure(plots.matrix(words), cells), Figure(plots.bars(words), bars)),
        Table(head, rows, frozenset(range(1, 5))),
    )


def _map(words: Words) -> Section:
    caption = words.say(
        "每点一处设施，颜色为固有风险等级；地理数据见 map.geojson",
        "a point an asset, in the colour of its inherent level; as data: map.geojson",
    )
    return Section(
        words.say("风险四色图", "Four-colour map"), figures=(Figure(four_colour_map(words), caption),)
    )


def _dangerous(words: Words) -> Section:
    found = [risk for risk in words.survey.risks if risk.level in DANGEROUS]
    say = words.say
    head = (
        say("等级", "level"), say("设施", "asset"), say("危险", "hazards"), say("可能性×后果", "L × C"),
        say("依据", "why"), say("责任单位", "responsible unit"), say("管控措施", "measures"),
        say("下次评估", "review"),
    )  # fmt: skip
    return Section(
        say("重大与较大风险清单", "Red and orange assets"),
        _cut(words, len(found), "risks"),
        table=Table(head, tuple(_risk(words, risk) for risk in found[:LISTED]), frozenset({3, 7})),
    )


def _risk(words: Words, risk: Risk) -> tuple[Cell, ...]:
    return (
        Chip(risk.level, words.level(risk.level)),
        f"{words.asset(risk.asset)} ({risk.asset.id})",
        words.hazards(risk),
        f"{risk.estimate.likelihood} × {risk.consequence}",
        words.why(risk),
        words.utility(risk.asset),
        words.measures(risk),
        risk.review.isoformat(),
    )


def _coverage(words: Words) -> Section:
    rows = words.survey.coverage
    districts = sorted({row.district for row in rows})
    by_place = {(row.kind, row.district): row for row in rows}
    kinds = list(dict.fromkeys(row.kind for row in rows))
    wanted, present = sum(row.wanted for row in rows), sum(row.present for row in rows)
    said = words.say(
        f"应测 {wanted} 项，已测 {present} 项。每格：监测齐全的设施数 / 设施数（应测项覆盖率）。",
        f"{present} of {wanted} quantities that should be measured are. "
        "A cell: assets with all they should have / assets (share of the quantities).",
    )
    return Section(
        words.say("监测覆盖", "Monitoring coverage"),
        (said,),
        table=Table(
            (words.say("类型", "kind"), *districts),
            tuple(
                (words.kind(kind), *(_share(by_place.get((kind, district))) for district in districts))
                for kind in kinds
            ),
            frozenset(range(1, len(districts) + 1)),
        ),
    )


def _share(row: Coverage | None) -> Cell:
    return "–" if row is None else Share(row.share, f"{row.watched} / {row.assets} ({row.share:.0%})")


def _gaps(words: Words) -> Section:
    found = [risk for risk in words.survey.risks if risk.level in DANGEROUS and risk.watch.missing]
    say = words.say
    head = (
        say("等级", "level"), say("设施", "asset"), say("类型", "kind"), say("区域", "district"),
        say("缺少的监测量", "quantities missing"), say("责任单位", "responsible unit"),
    )  # fmt: skip
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Chip(risk.level, words.level(risk.level)),
            f"{words.asset(risk.asset)} ({risk.asset.id})",
            words.kind(risk.asset.kind),
            risk.asset.district,
            words.missing(risk),
            words.utility(risk.asset),
        )
        for risk in found[:LISTED]
    )
    return Section(
        say("重大与较大风险设施的监测缺口", "Sensors missing at red and orange assets"),
        _cut(words, len(found), "gaps"),
        table=Table(head, rows),
    )


def _cut(words: Words, found: int, sheet: str) -> tuple[str, ...]:
    """What is said before a list: that there is nothing in it, or that it goes on elsewhere."""
    if not found:
        return (words.say("无。", "None."),)
    if found <= LISTED:
        return ()
    language = words.language.value
    return (
        words.say(
            f"列出 {found} 处中的前 {LISTED} 处，其余见 {sheet}.{language}.csv。",
            f"The first {LISTED} of {found}; the others are in {sheet}.{language}.csv.",
        ),
    )


def _method(words: Words) -> Section:
    tables, say = words.survey.tables, words.say
    steps = say("、", ", ").join(f"{step:g}" for step in tables.likelihood.steps)
    said = (
        say(
            "固有风险以年为尺度，与实时监测的风险分别判定，本身不产生预警。"
            "年失效次数 = 同类基准 × 材质与管径 × 损伤（年限、状况、隐患）× 养护，"
            f"达到 {steps} 次/年时可能性依次为 2、3、4、5。",
            "Inherent risk is judged over years, apart from what the sensors say now, and makes no alert. "
            "Failures a year = the kind's base × make (material, diameter) × damage (age, condition, "
            f"defects) × upkeep; from {steps} a year on the likelihood is 2, 3, 4, 5.",
        ),
        say(
            "未知属性取评估表所列“未知”系数，不低于该表的中间值；后果取各因素中最高分；等级按矩阵确定。",
            "An attribute that is not known takes its table's factor for unknown, which is never below the "
            "table's middle one. The consequence is the worst of its factors; the level is the matrix's.",
        ),
        f"{say('刻度来源', 'scale')}: {tables.likelihood.source}",
        f"{say('矩阵来源', 'matrix')}: {words.survey.matrix.source}",
        f"{say('复评周期来源', 'review')}: {tables.review.source}",
    )
    used = sorted({risk.asset.kind for risk in words.survey.risks} & tables.kind.keys())
    factors = list(dict.fromkeys(name for kind in used for name in tables.kind[kind].factors))
    rows = [
        (words.kind(kind), _rate(words, kind), tables.kind[kind].source, tables.kind[kind].watch_source)
        for kind in used
    ]
    rows += [
        (f"{say('系数', 'factor')} {say(found.name, found.name_en)} ({name})", found.part, found.source, "")
        for name in factors
        for found in [tables.factor[name]]
    ]
    head = (
        say("类型或系数", "kind or factor"), say("基准或作用", "base or part"),
        say("来源", "source"), say("监测配置来源", "source of what should watch it"),
    )  # fmt: skip
    return Section(say("评估方法与来源", "How it was assessed"), said, table=Table(head, tuple(rows)))


def _rate(words: Words, kind: str) -> str:
    found = words.survey.tables.kind[kind]
    if found.per_km:
        return words.say(f"每公里 {found.per_year:.3g} 次/年", f"{found.per_year:.3g} per km and year")
    return words.say(f"{found.per_year:.3g} 次/年", f"{found.per_year:.3g} a year")
