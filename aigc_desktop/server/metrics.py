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


_GAUGES = (
    ("aigc_turns", "total_turns", "Requests."),
    ("aigc_turns_running", "running_turns", "Requests that are being answered."),
    ("aigc_messages", "total_messages", "Messages."),
    ("aigc_feedback", "total_feedback", "Feedback of every kind."),
)


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
        totals = self._figures.totals
        yield InfoMetricFamily("aigc_build", "The program.", {"version": self._figures.version})
        sessions = GaugeMetricFamily("aigc_sessions", "Sessions.", labels=["state"])
        sessions.add_metric(["all"], totals["total_sessions"])
        sessions.add_metric(["active"], totals["active_sessions"])
        sessions.add_metric(["trash"], totals["trashed_sessions"])
        yield sessions
        for name, key, text in _GAUGES:
            yield GaugeMetricFamily(name, text, totals[key])
        tokens = GaugeMetricFamily("aigc_tokens", "Tokens that were used.", labels=["kind"])
        for kind in ("input", "output", "cache_read", "cache_write"):
            tokens.add_metric([kind], totals[f"{kind}_tokens"])
        yield tokens
        cost = float(totals["cost_usd"] or 0)
        yield GaugeMetricFamily("aigc_cost_dollars", "Cost of what had a price.", cost)
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
