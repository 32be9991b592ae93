"""What the AppView counts. Prometheus, multi-process; docs/metrics.md says what each figure means."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("plyr_appview_requests", "Requests answered, by method and status", ["method", "status"])
SECONDS = Histogram(
    "plyr_appview_request_seconds",
    "Time from a request's arrival to its answer, by method",
    ["method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
HELD = Counter("plyr_appview_answers_held", "Requests answered with what was held, or with what another one waited for")
POOL_SIZE = Gauge("plyr_appview_pool_connections", "Database connections open", multiprocess_mode="livesum")
POOL_IN_USE = Gauge("plyr_appview_pool_in_use", "Database connections in use", multiprocess_mode="livesum")
DATABASE_FAILURES = Counter("plyr_appview_database_failures", "Statements without a result, by reason", ["reason"])


@cache
def _children(method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, str(status)), SECONDS.labels(method)


def answered(method: str, status: int, seconds: float) -> None:
    """Count one answer. `method` is one of ours or `unknown`, never what a client made up."""
    requests, times = _children(method, status)
    requests.inc()
    times.observe(seconds)
