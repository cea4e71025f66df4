"""What a worker counts, for Prometheus; docs/operations.md is its list for people.

Everything is counted once a batch, never once a reading.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from sensors.model import Flag

DROPPED = "$SYS/broker/publish/messages/dropped"
"""Where Mosquitto says how many messages it has dropped since it started."""

_LATENCIES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


class _Dropped(Collector):
    """The broker's own counter, passed on as it is: what it drops while no worker is there shows too."""

    value: int | None = None

    def collect(self) -> Iterable[CounterMetricFamily]:
        if self.value is not None:
            yield CounterMetricFamily(
                "lifeline_broker_dropped_messages",
                "Messages that the broker has dropped, by its own count.",
                self.value,
            )


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
        self.flagged = Counter(
            "lifeline_readings_flagged_total", "Readings that are not good.", ["flag"], registry=registry
        )
        self.age = Histogram(
            "lifeline_batch_age_seconds",
            "From the first message of a batch to its commit.",
            buckets=_LATENCIES,
            registry=registry,
        )
        self.latency = Histogram(
            "lifeline_end_to_end_seconds",
            "From the event time of a batch's median reading that is not late to its commit.",
            buckets=_LATENCIES,
            registry=registry,
        )
        self.engine = Histogram(
            "lifeline_engine_seconds", "Time of a batch in the rules.", buckets=_LATENCIES, registry=registry
        )
        self.snapshots = Counter(
            "lifeline_snapshots_total", "Snapshots of the engine, by outcome.", ["outcome"], registry=registry
        )
        self.newest = Gauge(
            "lifeline_newest_reading_timestamp_seconds",
            "Event time of the newest reading: what it lags behind the present is the watermark's lag.",
            registry=registry,
        )
        self.heard = Gauge(
            "lifeline_last_message_timestamp_seconds", "When the last message was stored.", registry=registry
        )
        self.sensors = Gauge(
            "lifeline_sensors", "Sensors that are declared in this partition.", ["domain"], registry=registry
        )
        self.online = Gauge(
            "lifeline_sensors_online",
            "Sensors heard of within three of their upload intervals.",
            ["domain"],
            registry=registry,
        )
        self.certificate_ends = Gauge(
            "lifeline_broker_certificate_end_timestamp_seconds",
            "When the certificate runs out that the broker showed; 0 without TLS.",
            registry=registry,
        )
        self._dropped = _Dropped()
        registry.register(self._dropped)

    def count_flags(self, flag: NDArray[np.int8]) -> None:
        """Count the readings of a batch that are not good, by flag."""
        counts = np.bincount(flag, minlength=max(Flag) + 1)
        for each in Flag:
            if each is not Flag.GOOD and counts[each]:
                self.flagged.labels(each.name.lower()).inc(int(counts[each]))

    def broker_dropped(self, payload: bytes) -> None:
        """Take the broker's own count of what it dropped, as it says it on ``DROPPED``."""
        self._dropped.value = int(payload)
