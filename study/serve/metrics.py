"""What Prometheus is told: requests, images, seconds, batches, processes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
IMAGES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "study_requests", "requests for predictions, by status", ["status"], registry=self.registry
        )
        self.images = Counter(
            "study_images", "images, by what came of them: class, unsure, unlike, failed", ["verdict"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "study_request_seconds", "seconds of a request for predictions", buckets=SECONDS, registry=self.registry
        )
        self.batch = Histogram(
            "study_batch_images", "images that went through the network together", buckets=IMAGES,
            registry=self.registry,
        )  # fmt: skip
        self.at_work = Gauge("study_requests_at_work", "requests for predictions under way", registry=self.registry)
        self.replaced = Counter(
            "study_workers_replaced", "processes that decode and were replaced", registry=self.registry
        )

    def text(self) -> bytes:
        """Return all figures in the form that Prometheus reads."""
        return generate_latest(self.registry)

    def count(self, name: str) -> dict[str, int]:
        """Return label -> value of one of the counters that have a label."""
        return {
            sample.labels[next(iter(sample.labels))]: int(sample.value)
            for metric in getattr(self, name).collect()
            for sample in metric.samples
            if sample.name.endswith("_total")
        }

    def number(self, name: str) -> int:
        """Return the value of one of the counters that have no label."""
        return int(getattr(self, name).collect()[0].samples[0].value)
