"""What housekeeping counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """The figures of one process, in the registry given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.rounds = Counter(
            "lifeline_maintenance_rounds",
            "Rounds of housekeeping, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self.last = Gauge(
            "lifeline_maintained_timestamp_seconds",
            "When the last round that did not fail ended; 0 = none has since the process started.",
            registry=registry,
        )
