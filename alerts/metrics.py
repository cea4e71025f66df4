"""What the process counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """The figures of one process, in the registry given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.changes = Counter(
            "lifeline_alerts_changes",
            "Changes of risk claimed, by what they did to their case.",
            ["result"],
            registry=registry,
        )
        self.skipped = Gauge(
            "lifeline_alerts_skipped_changes",
            "Changes of risk that could not be taken and are waiting for a person.",
            registry=registry,
        )
        self.nobody = Counter(
            "lifeline_alerts_messages_for_nobody",
            "Messages that no receiver gets.",
            registry=registry,
        )
        self.deliveries = Counter(
            "lifeline_alerts_deliveries",
            "Tries to deliver, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self.away = Gauge(
            "lifeline_alerts_receiver_away",
            "1 while messages to a receiver do not get through, and one at a time finds out when they do.",
            ["receiver"],
            registry=registry,
        )
        self.heartbeats = Counter(
            "lifeline_alerts_heartbeats",
            "Heartbeats to receivers, by outcome.",
            ["receiver", "outcome"],
            registry=registry,
        )
        self.open = Gauge(
            "lifeline_alerts_open",
            "Open cases by level; returned ones have none.",
            ["level"],
            registry=registry,
        )
        self.outbox_age = Gauge(
            "lifeline_alerts_outbox_age_seconds",
            "Age of the oldest message that is still on its way.",
            registry=registry,
        )
        self.claiming = Gauge(
            "lifeline_alerts_claiming",
            "1 while this process claims changes, 0 while it stands by or waits for the database.",
            registry=registry,
        )
