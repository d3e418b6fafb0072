"""Figures for Prometheus, in a registry of our own."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector

from aigc_desktop.core.jobs import RunStatus
from aigc_desktop.services.outside import Figures

__all__ = ["CONTENT_TYPE", "Metrics"]


class Metrics:
    """Counts requests and renders everything as text."""

    def __init__(self) -> None:
        self._requests = Counter(
            "aigc_http_requests",
            "Requests to the local HTTP server; unknown addresses count as other.",
            ("path", "method", "status"),
            registry=None,
        )

    def count(self, path: str, method: str, status: int) -> None:
        """Count one request."""
        self._requests.labels(path, method, str(status)).inc()

    def render(self, figures: Figures) -> bytes:
        """Return the text for Prometheus."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Snapshot(figures))
        registry.register(self._requests)
        return generate_latest(registry)


class _Snapshot(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures, stats = self._figures, self._figures.stats
        yield InfoMetricFamily("aigc_build", "The program.", {"version": figures.version})
        sessions = GaugeMetricFamily("aigc_sessions", "Sessions.", labels=["state"])
        sessions.add_metric(["open"], stats.sessions)
        sessions.add_metric(["trash"], stats.trashed_sessions)
        yield sessions
        yield GaugeMetricFamily("aigc_turns", "Turns that are stored.", stats.turns)
        yield GaugeMetricFamily("aigc_messages", "Messages that are stored.", stats.messages)
        yield GaugeMetricFamily(
            "aigc_turns_running", "Turns that are being answered.", figures.running_turns
        )
        tokens = GaugeMetricFamily("aigc_tokens", "Tokens of the stored turns.", labels=["kind"])
        tokens.add_metric(["input"], stats.input_tokens)
        tokens.add_metric(["output"], stats.output_tokens)
        tokens.add_metric(["cache_read"], stats.cache_read_tokens)
        tokens.add_metric(["cache_write"], stats.cache_write_tokens)
        yield tokens
        yield GaugeMetricFamily(
            "aigc_cost_dollars", "Cost of the stored turns.", stats.cost_micros / 1e6
        )
        yield GaugeMetricFamily(
            "aigc_turns_unpriced", "Turns without a price.", stats.unpriced_turns
        )
        yield from self._jobs()

    def _jobs(self) -> Iterator[Metric]:
        last = GaugeMetricFamily(
            "aigc_job_last_run_timestamp_seconds", "When the job last ran.", labels=["job"]
        )
        lasted = GaugeMetricFamily(
            "aigc_job_last_duration_seconds", "How long that took.", labels=["job"]
        )
        well = GaugeMetricFamily(
            "aigc_job_last_success", "1 if it did what it should.", labels=["job"]
        )
        running = GaugeMetricFamily("aigc_job_running", "1 while it runs.", labels=["job"])
        for job in self._figures.jobs:
            running.add_metric([job.name], float(job.running is not None))
            if job.last is not None:
                last.add_metric([job.name], job.last.started_at / 1000)
                lasted.add_metric([job.name], (job.last.duration_ms or 0) / 1000)
                well.add_metric([job.name], float(job.last.status is RunStatus.DONE))
        yield from (last, lasted, well, running)
