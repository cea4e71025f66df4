"""The system itself: what goes through it, what it is behind with, what it could not do."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.dashboards.base import board
from grafana.language import Language
from grafana.panels import data
from grafana.panels.metrics import counted


def operations(language: Language) -> Dashboard:
    """All of Prometheus but the last panels, which the database tells."""
    rate = "[$__rate_interval]"

    def quantile(share: float) -> str:
        return f"histogram_quantile({share}, sum by (le) (rate(lifeline_commit_seconds_bucket{rate})))"

    return board(
        language,
        "operations",
        language.say("系统运行", "Operations"),
        [
            counted(
                language, (0, 0, 8, 8), ("进程", "Processes"), {"up": "{{job}} {{instance}}"}, "bool_on_off"
            ),
            counted(
                language,
                (8, 0, 8, 8),
                ("报文接收", "Messages"),
                {f"sum by (instance) (rate(lifeline_messages_total{rate}))": "{{instance}}"},
                "cps",
            ),
            counted(
                language,
                (16, 0, 8, 8),
                ("读数去向", "Readings by what became of them"),
                {f"sum by (outcome) (rate(lifeline_readings_total{rate}))": "{{outcome}}"},
                "cps",
            ),
            counted(
                language,
                (0, 8, 8, 8),
                ("事务耗时", "Time in a transaction"),
                {quantile(0.5): "p50", quantile(0.95): "p95", quantile(0.99): "p99"},
                "s",
            ),
            counted(
                language,
                (8, 8, 8, 8),
                ("排队报文", "Messages that wait"),
                {"lifeline_waiting_messages": "{{instance}}"},
                "none",
            ),
            counted(
                language,
                (16, 8, 8, 8),
                ("死信（按原因）", "Dead letters by reason"),
                {
                    f"sum by (reason) (rate(lifeline_dead_letters_total{rate}))": "{{reason}}",
                    f"sum(rate(lifeline_dead_letters_dropped_total{rate}))": "–",
                },
                "cps",
            ),
            counted(
                language,
                (0, 16, 8, 8),
                ("报警与规则故障", "Transitions, and rules that failed"),
                {
                    f"sum(rate(lifeline_transitions_total{rate}))": "transitions",
                    f"sum(rate(lifeline_rule_failures_total{rate}))": "failures",
                },
                "cps",
            ),
            counted(
                language,
                (8, 16, 8, 8),
                ("投递结果", "Deliveries by outcome"),
                {f"sum by (outcome) (rate(lifeline_alerts_deliveries_total{rate}))": "{{outcome}}"},
                "cps",
            ),
            counted(
                language,
                (16, 16, 8, 8),
                ("发件箱积压时间", "Age of the outbox"),
                {"lifeline_alerts_outbox_age_seconds": "{{instance}}"},
                "s",
            ),
            counted(
                language,
                (0, 24, 8, 8),
                ("重启与历史重算", "Starts over, and history to run again"),
                {
                    "lifeline_worker_restarts_total": "{{instance}}",
                    "lifeline_late_stretches": "late {{instance}}",
                },
                "none",
            ),
            counted(
                language,
                (8, 24, 8, 8),
                ("未处理与无人接收", "Skipped, and for nobody"),
                {
                    "lifeline_alerts_skipped_changes": "skipped {{instance}}",
                    "lifeline_alerts_messages_for_nobody_total": "nobody {{instance}}",
                },
                "none",
            ),
            counted(
                language,
                (16, 24, 8, 8),
                ("未关闭预警", "Open alerts"),
                {"sum by (level) (lifeline_alerts_open)": "{{level}}"},
                "none",
            ),
            data.ingest(language, (0, 32, 12, 9)),
            data.quality(language, (12, 32, 12, 9)),
        ],
    )
