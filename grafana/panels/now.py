"""Tables of how a domain's assets stand now."""

from grafana_foundation_sdk.models.dashboard import Panel

from grafana.language import Language
from grafana.panels.base import HIDDEN, Override, Place, by_steps, column
from grafana.panels.risk import LEVEL_CELL, level_column, to_asset
from grafana.panels.watch import LIMIT, standing
from grafana.units import unit

_SHOWN = "asset.asset_id, asset.domain, asset.level"


def _asset_columns(language: Language) -> list[Override]:
    return [
        column("asset", language.say("设施", "asset"), to_asset(language)),
        level_column(language, LEVEL_CELL),
        column("asset_id", language.say("设施编号", "asset_id"), HIDDEN),
        column("domain", language.say("系统代码", "domain"), HIDDEN),
    ]


def _over(limit: float, measure: str, decimals: int = 1) -> dict[str, object]:
    return by_steps("text", (limit, LIMIT)) | {
        "unit": measure,
        "decimals": decimals,
        "custom.cellOptions": {"type": "color-text"},
    }


def chambers(language: Language, place: Place) -> Panel:
    """%LEL of each chamber and manhole beside the gas network, how fast it rises, and when it reaches 20."""
    name = language.column("name")
    return standing(
        language.say("各井室可燃气体现状", "Chambers now"),
        place,
        f"""
        select asset.{name} as asset, {_SHOWN}, s.last_value as lel, r.rise, s.last_time,
            case when r.rise > 0.5 and s.last_value < 20
                then (20 - s.last_value) / r.rise * 3600 end as reaches
        from grafana.sensors_online s
        join grafana.current_assets asset using (asset_id)
        cross join lateral (select grafana.rise(s.sensor_id, '30 minutes') as rise) r
        where s.quantity = 'methane_lel' and s.domain = 'gas' and s.district in (${{district:sqlstring}})
        order by s.last_value desc nulls last limit 100
        """,
        [
            *_asset_columns(language),
            column("lel", language.say("浓度", "now"), _over(20, unit("methane_lel"))),
            column("rise", language.say("每小时上升", "rise per hour"), _over(60, unit("methane_lel"))),
            column(
                "reaches", language.say("预计到20%LEL", "reaches 20 %LEL in"), {"unit": "s", "decimals": 0}
            ),
            column("last_time", language.say("读数时间", "read at")),
        ],
    )


def wells(language: Language, place: Place) -> Panel:
    """How full each manhole and sump is, how fast it fills, and how long until it overflows."""
    name = language.column("name")
    return standing(
        language.say("各井充满度与预计溢流", "Manholes and sumps now"),
        place,
        f"""
        select asset.{name} as asset, {_SHOWN}, s.last_value as water,
            s.last_value / depth.value as full_share, r.rise, s.last_time,
            case when r.rise > 0.05 and s.last_value < depth.value
                then (depth.value - s.last_value) / r.rise * 3600 end as overflows
        from grafana.sensors_online s
        join grafana.current_assets asset using (asset_id)
        join grafana.asset_attributes depth on depth.asset_id = s.asset_id and depth.attribute = 'depth_m'
        cross join lateral (select grafana.rise(s.sensor_id, '15 minutes') as rise) r
        where s.quantity = 'sewer_level' and s.district in (${{district:sqlstring}})
        order by full_share desc nulls last limit 100
        """,
        [
            *_asset_columns(language),
            column(
                "water", language.say("液位", "level of water"), {"unit": unit("sewer_level"), "decimals": 2}
            ),
            column("full_share", language.say("充满度", "full"), _over(0.8, "percentunit", 0)),
            column(
                "rise",
                language.say("每小时上升", "rise per hour"),
                {"unit": unit("sewer_level"), "decimals": 2},
            ),
            column("overflows", language.say("预计溢流", "overflows in"), {"unit": "s", "decimals": 0}),
            column("last_time", language.say("读数时间", "read at")),
        ],
    )


def zones(language: Language, place: Place) -> Panel:
    """Night flow of each DMA, and the leakage that it tells of.

    Of the mean flow Q = D + L and the night flow N = u D + L, where people use D on the mean and a share u
    of it at night, L / Q = (N / Q - u) / (1 - u). That pressure is higher at night is left out.
    """
    name = language.column("name")
    return standing(
        language.say("各分区夜间流量与漏损率", "Night flow and leakage of each zone"),
        place,
        f"""
        select asset.{name} as asset, {_SHOWN}, s.last_value as inflow, n.time as night_of, n.night, n.day,
            case when n.day > 0 then greatest(
                (n.night / n.day - ${{night_use:sqlstring}}::double precision)
                    / (1 - ${{night_use:sqlstring}}::double precision), 0) end as leakage,
            n.night / nullif(n.usual, 0) - 1 as change
        from grafana.sensors_online s
        join grafana.current_assets asset using (asset_id)
        cross join grafana.present() present(time)
        left join lateral (
            select max(time) as time, max(night) filter (where newest) as night,
                max(day) filter (where newest) as day,
                percentile_cont(0.5) within group (order by night) filter (where not newest) as usual
            from (
                select *, row_number() over (order by time desc) = 1 as newest
                from grafana.nights(
                    s.sensor_id, present.time - interval '9 days', present.time, ${{zone:sqlstring}})
            ) nights
            having max(time) > present.time - interval '3 days'
        ) n on true
        where s.quantity = 'water_flow' and asset.kind = 'dma' and s.district in (${{district:sqlstring}})
        order by leakage desc nulls last limit 100
        """,
        [
            *_asset_columns(language),
            column(
                "inflow", language.say("当前流量", "inflow now"), {"unit": unit("water_flow"), "decimals": 0}
            ),
            column("night_of", language.say("夜间", "night of"), {"unit": "dateTimeAsIso"}),
            column(
                "night", language.say("夜间流量", "night flow"), {"unit": unit("water_flow"), "decimals": 0}
            ),
            column("day", language.say("日均流量", "mean flow"), {"unit": unit("water_flow"), "decimals": 0}),
            column("leakage", language.say("漏损率估计", "leakage, estimated"), _over(0.09, "percentunit")),
            column(
                "change", language.say("较往周夜间", "against the week's nights"), _over(0.1, "percentunit")
            ),
        ],
    )


def shares(
    language: Language,
    place: Place,
    title: tuple[str, str],
    quantity: str,
    attribute: str,
    limits: tuple[float, float],
) -> Panel:
    """A quantity of each asset against what it is designed for; ``limits``: the usual shares."""
    name = language.column("name")
    low, high = limits
    return standing(
        language.say(*title),
        place,
        f"""
        select asset.{name} as asset, {_SHOWN}, s.last_value as value, s.last_value / whole.value as share,
            s.last_value / whole.value not between {low} and {high} as outside, s.last_time
        from grafana.sensors_online s
        join grafana.current_assets asset using (asset_id)
        join grafana.asset_attributes whole
            on whole.asset_id = s.asset_id and whole.attribute = '{attribute}' and whole.value <> 0
        where s.quantity = '{quantity}' and s.district in (${{district:sqlstring}})
        order by outside desc nulls last, share desc limit 100
        """,
        [
            *_asset_columns(language),
            column("value", language.say("当前值", "now"), {"unit": unit(quantity), "decimals": 2}),
            column(
                "share",
                language.say("与基准之比", "share of its reference"),
                {"unit": "percentunit", "decimals": 1},
            ),
            column("outside", language.say("超出范围", "out of its band")),
            column("last_time", language.say("读数时间", "read at")),
        ],
    )
