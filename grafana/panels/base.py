"""What panels are made of: places, columns with their names, colours that mean the same everywhere."""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, stat
from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    FieldConfig,
    FieldConfigSource,
    GridPos,
    MatcherConfig,
    Panel,
    RangeMap,
    RegexMap,
    SpecialValueMap,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

from grafana.language import Language
from grafana.query import MIXED, Query, source_of
from rules.levels import RiskLevel

CALM = "#6e7681"
"""What has nothing to say: none of the four colours, which are the levels' alone."""

Mappings = list[ValueMap | RangeMap | RegexMap | SpecialValueMap]
Override = DashboardFieldConfigSourceOverrides
Place = tuple[int, int, int, int]
"""x, y, width and height, on a grid 24 columns wide."""


def panel(
    kind: str,
    title: str,
    place: Place,
    queries: Query | Sequence[Dataquery],
    options: object,
    *,
    fields: FieldConfig | None = None,
    overrides: Sequence[Override] = (),
    points: int | None = None,
) -> Panel:
    """One panel, of the data source that all its queries ask, or of many.

    points: at most so many of each series; none = as many as it is wide, in pixels.
    """
    x, y, width, height = place
    targets: list[Dataquery] = [queries] if isinstance(queries, Query) else list(queries)
    first, *others = (source_of(each) for each in targets)
    return Panel(
        type_val=kind,
        title=title,
        grid_pos=GridPos(x=x, y=y, w=width, h=height),
        datasource=first if all(each.uid == first.uid for each in others) else MIXED,
        targets=targets,
        options=options,
        max_data_points=points,
        field_config=FieldConfigSource(defaults=fields or FieldConfig(), overrides=list(overrides)),
    )


def column(name: str, title: str, properties: Mapping[str, object] | None = None) -> Override:
    """A column of the query under the name that people read, with further properties of the field."""
    return Override(
        matcher=MatcherConfig("byName", name),
        properties=[
            DynamicConfigValue("displayName", title),
            *(DynamicConfigValue(*item) for item in (properties or {}).items()),
        ],
    )


def link(title: str, url: str) -> dict[str, object]:
    """A property of a column: its cells lead somewhere."""
    return {"links": [{"title": title, "url": url, "targetBlank": False}]}


HIDDEN: dict[str, object] = {"custom.hidden": True}
"""Of a column that only links need."""


def levels(language: Language) -> list[ValueMap]:
    """A column that holds levels shows their names in their colours."""
    return [
        ValueMap(
            {
                str(level.value): ValueMappingResult(
                    text=language.say(level.chinese, level.english), color=level.colour, index=index
                )
                for index, level in enumerate(RiskLevel)
            }
        )
    ]


def fixed(colour: str) -> FieldColor:
    """Always this colour."""
    return FieldColor(FieldColorModeId.FIXED, fixed_color=colour)


def by_steps(lowest: str, *steps: tuple[float, str]) -> dict[str, object]:
    """A field's colour by its value: ``lowest``, and from each step on another one."""
    thresholds = [Threshold(None, lowest), *(Threshold(value, colour) for value, colour in steps)]
    return {
        "color": FieldColor(FieldColorModeId.THRESHOLDS),
        "thresholds": ThresholdsConfig(ThresholdsMode.ABSOLUTE, thresholds),
    }


def by_level() -> dict[str, object]:
    """A level's own colour."""
    worst, *others = RiskLevel
    return by_steps(worst.colour, *((level.value, level.colour) for level in others))


SHARE = by_steps("red", (0.90, "orange"), (0.95, "green")) | {"unit": "percentunit", "decimals": 1, "max": 1}
"""Of a share that ought to be whole. 95 % is what tenders usually ask for; unsourced, to be confirmed."""


def tiles() -> stat.Options:
    """Big figures on their colour, to be read from afar."""
    return stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.BACKGROUND_SOLID,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME,
        reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"]),
    )


def cells() -> FieldConfig:
    """A table's cells as they are unless a column says otherwise."""
    return FieldConfig(custom=common.TableFieldOptions())


def legend() -> common.VizLegendOptions:
    """The names of what is drawn, in a line below it."""
    return common.VizLegendOptions(
        display_mode=common.LegendDisplayMode.LIST,
        placement=common.LegendPlacement.BOTTOM,
        show_legend=True,
        calcs=[],
    )


def together() -> common.VizTooltipOptions:
    """Pointing at a moment tells of all series."""
    return common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.NONE)
