"""The figures of /metrics: counted where requests are answered, and read from the database for the model.

With PROMETHEUS_MULTIPROC_DIR set (`make run` and deploy/gunicorn.conf.py do so) the counts of all web
processes of a machine are added up; without it every process tells its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache

from django.db.models import Count
from django.utils import timezone
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from recommendations.models import TrainingRun
from recommendations.registry import age, live_version

REQUESTS = Counter("shopreco_http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "shopreco_http_request_seconds",
    "Time from the request to its answer.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    # Anybody can send any word as a method: each would be a series of its own for ever.
    count, time = _series(method if method in METHODS else "other", route, status)
    count.inc()
    time.observe(seconds)


@lru_cache(maxsize=2048)
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Looking one up by its labels takes longer than counting."""
    return REQUESTS.labels(method, route, status), SECONDS.labels(route)


class ModelFigures(Collector):
    """Of the live model and its trainings; from the database, so the same whichever process is asked."""

    def collect(self) -> Iterator[Metric]:
        runs = GaugeMetricFamily("shopreco_training_runs", "Training runs by status.", labels=["status"])
        counts = dict(TrainingRun.objects.order_by().values_list("status").annotate(Count("pk")))
        for status in TrainingRun.Status.values:
            runs.add_metric([status], counts.get(status, 0))
        yield runs
        version = live_version()
        if version is None:
            return
        seconds = age(version.created_at, now=timezone.now())
        yield GaugeMetricFamily("shopreco_model_version", "The live model version.", value=version.pk)
        yield GaugeMetricFamily("shopreco_model_age_seconds", "Since it was trained.", value=seconds)


def page() -> bytes:
    """Everything in Prometheus' text format."""
    model = CollectorRegistry()
    model.register(ModelFigures())
    return generate_latest(_requests()) + generate_latest(model)


def _requests() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
