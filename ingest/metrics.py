"""What a worker counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The metrics of one worker, in the registry that is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Counter("lifeline_messages_total", "Messages taken in.", registry=registry)
        self.readings = Counter(
            "lifeline_readings_total", "Readings by what became of them.", ["outcome"], registry=registry
        )
        self.dead_letters = Counter(
            "lifeline_dead_letters_total", "Messages kept aside, by reason.", ["reason"], registry=registry
        )
        self.dead_letters_dropped = Counter(
            "lifeline_dead_letters_dropped_total",
            "Messages of devices that had used up their allowance of dead letters: counted, not kept.",
            registry=registry,
        )
        self.transitions = Counter("lifeline_transitions_total", "Changes of evidence.", registry=registry)
        self.rule_failures = Counter(
            "lifeline_rule_failures_total",
            "Subjects at which a rule raised an error and was switched off.",
            registry=registry,
        )
        self.late_stretches = Gauge(
            "lifeline_late_stretches", "Stretches of history that wait to be run again.", registry=registry
        )
        self.hindsight = Counter(
            "lifeline_hindsight_total", "Stretches of history that were run again.", registry=registry
        )
        self.restarts = Counter(
            "lifeline_worker_restarts_total", "Starts over from the journal.", registry=registry
        )
        self.batch = Histogram(
            "lifeline_batch_readings",
            "Readings in a transaction.",
            buckets=(1, 10, 100, 1_000, 10_000, 100_000),
            registry=registry,
        )
        self.commit = Histogram("lifeline_commit_seconds", "Time in a transaction.", registry=registry)
        self.waiting = Gauge(
            "lifeline_waiting_messages", "Messages that wait in the worker.", registry=registry
        )
