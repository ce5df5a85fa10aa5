"""A training in a running shop: by a worker that gives way."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from benchmarks.shop import Shop

pytestmark = pytest.mark.slow


def environment(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def test_the_worker_has_a_low_priority_and_one_thread(shop: Shop) -> None:
    before = shop.call("GET", "/api/v1/models/live").body["version"]
    for number in range(8):
        sku = shop.call("GET", "/api/v1/products?page_size=20").body["results"][number]["sku"]
        shop.call("PUT", f"/api/v1/shoppers/newcomer/ratings/{sku}", {"value": 4})
    deadline = time.monotonic() + 300
    while shop.call("GET", "/api/v1/models/live").body["version"] == before:
        assert time.monotonic() < deadline, "waited in vain for a new live model"
        time.sleep(0.1)
    (worker,) = shop.pids("celery", "worker")
    assert os.getpriority(os.PRIO_PROCESS, worker) >= 10
    told = environment(worker)
    assert (told["OMP_NUM_THREADS"], told["OPENBLAS_NUM_THREADS"]) == ("1", "1")
