"""The system itself: what goes through it, what it is behind with, what it could not do."""

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.base import board
from grafana.language import Language
from grafana.panels import data
from grafana.panels.metrics import counted

_RATE = "[$__rate_interval]"
_IN_A_ROW, _SIDE = 3, 8


def _per_second(metric: str, label: str) -> dict[str, str]:
    return {f"sum by ({label}) (rate({metric}{_RATE}))": f"{{{{{label}}}}}"}


def _quantile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{_RATE})))"


def _quantiles(metric: str) -> dict[str, str]:
    return {_quantile(share, metric): f"p{share * 100:.0f}" for share in (0.5, 0.95, 0.99)}


# Titles, what is asked with how its series are called, and its unit.
_SHOWN: tuple[tuple[tuple[str, str], Mapping[str, str], str], ...] = (
    (("进程", "Processes"), {"up": "{{job}} {{instance}}"}, "bool_on_off"),
    (("报文接收", "Messages"), _per_second("lifeline_messages_total", "instance"), "cps"),
    (
        ("读数去向", "Readings by what became of them"),
        _per_second("lifeline_readings_total", "outcome"),
        "cps",
    ),
    (
        ("读数时刻到入库", "From a reading's time to its commit"),
        _quantiles("lifeline_end_to_end_seconds"),
        "s",
    ),
    (
        ("批次时延，其中规则与事务（p95）", "Age of a batch; of it, rules and transaction (p95)"),
        {
            _quantile(0.95, "lifeline_batch_age_seconds"): "batch",
            _quantile(0.95, "lifeline_engine_seconds"): "rules",
            _quantile(0.95, "lifeline_commit_seconds"): "transaction",
        },
        "s",
    ),
    (("事务耗时", "Time in a transaction"), _quantiles("lifeline_commit_seconds"), "s"),
    (("每批读数", "Readings in a transaction"), _quantiles("lifeline_batch_readings"), "none"),
    (("排队报文", "Messages that wait"), {"lifeline_waiting_messages": "{{instance}}"}, "none"),
    (
        ("距最新读数与最新报文", "Since the newest reading, and the last message"),
        {
            "time() - lifeline_newest_reading_timestamp_seconds": "reading {{instance}}",
            "time() - lifeline_last_message_timestamp_seconds": "message {{instance}}",
        },
        "s",
    ),
    (
        ("各系统在线测点占比", "Sensors heard of, by system"),
        {
            "sum by (domain) (lifeline_sensors_online) / sum by (domain) (lifeline_sensors)": "{{domain}}",
        },
        "percentunit",
    ),
    (
        ("存疑读数与代理丢弃的报文", "Doubtful readings, and messages that the broker dropped"),
        _per_second("lifeline_readings_flagged_total", "flag")
        | {f"max(rate(lifeline_broker_dropped_messages_total{_RATE}))": "dropped"},
        "cps",
    ),
    (
        ("死信（按原因）", "Dead letters by reason"),
        _per_second("lifeline_dead_letters_total", "reason")
        | {f"sum(rate(lifeline_dead_letters_dropped_total{_RATE}))": "–"},
        "cps",
    ),
    (
        ("报警与规则故障", "Transitions, and rules that failed"),
        {
            f"sum(rate(lifeline_transitions_total{_RATE}))": "transitions",
            f"sum(rate(lifeline_rule_failures_total{_RATE}))": "failures",
        },
        "cps",
    ),
    (
        ("重启与待重算历史", "Starts over, and history to run again"),
        {
            "lifeline_worker_restarts_total": "{{instance}}",
            "lifeline_late_stretches": "late {{instance}}",
        },
        "none",
    ),
    (
        ("快照、历史重算与维护轮次", "Snapshots, history run again, housekeeping"),
        {
            f"sum by (outcome) (increase(lifeline_snapshots_total{_RATE}))": "snapshot {{outcome}}",
            f"sum(increase(lifeline_hindsight_total{_RATE}))": "history",
            f"sum by (outcome) (increase(lifeline_maintenance_rounds_total{_RATE}))": "upkeep {{outcome}}",
        },
        "none",
    ),
    (
        ("风险变化认领结果", "Changes of risk by what they did"),
        _per_second("lifeline_alerts_changes_total", "result"),
        "cps",
    ),
    (
        ("未处理与无人接收", "Skipped, and for nobody"),
        {
            "lifeline_alerts_skipped_changes": "skipped {{instance}}",
            "lifeline_alerts_messages_for_nobody_total": "nobody {{instance}}",
        },
        "none",
    ),
    (
        ("认领进程与中断的接收方", "Who claims, and which receivers are away"),
        {"lifeline_alerts_claiming": "{{instance}}", "lifeline_alerts_receiver_away": "{{receiver}}"},
        "bool_on_off",
    ),
    (
        ("投递结果", "Deliveries by outcome"),
        _per_second("lifeline_alerts_deliveries_total", "outcome"),
        "cps",
    ),
    (("发件箱积压时间", "Age of the outbox"), {"lifeline_alerts_outbox_age_seconds": "{{instance}}"}, "s"),
    (
        ("心跳结果", "Heartbeats by outcome"),
        _per_second("lifeline_alerts_heartbeats_total", "outcome"),
        "cps",
    ),
    (("未关闭预警", "Open alerts"), {"sum by (level) (lifeline_alerts_open)": "{{level}}"}, "none"),
    (
        ("代理证书剩余有效期", "Until the broker's certificate runs out"),
        {"lifeline_broker_certificate_end_timestamp_seconds - time()": "{{instance}}"},
        "s",
    ),
    (
        ("距上次完成维护", "Since housekeeping came to its end"),
        {"time() - lifeline_maintained_timestamp_seconds": "{{instance}}"},
        "s",
    ),
)


def operations(language: Language) -> Dashboard:
    """All of Prometheus but the last panels, which the database tells."""
    below = -(-len(_SHOWN) // _IN_A_ROW) * _SIDE
    return board(
        language,
        "operations",
        language.say("系统运行", "Operations"),
        [
            *(
                counted(
                    language,
                    (n % _IN_A_ROW * _SIDE, n // _IN_A_ROW * _SIDE, _SIDE, _SIDE),
                    title,
                    expressions,
                    unit,
                )
                for n, (title, expressions, unit) in enumerate(_SHOWN)
            ),
            data.ingest(language, (0, below, 12, 9)),
            data.quality(language, (12, below, 12, 9)),
        ],
    )
