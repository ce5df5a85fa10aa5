"""From a gesture to the next list, and through every fault, on real processes."""

from __future__ import annotations

import http.client
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import pytest

from benchmarks.shop import Shop
from tests.flows.conftest import THRESHOLD

pytestmark = pytest.mark.slow
# Generous: what does not come about is found out by this, a machine that is slow is not.
SECONDS = 300.0


def query(shop: Shop, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(shop.var_dir / "db.sqlite3", timeout=20)) as database:
        return database.execute(sql, values).fetchall()


def wait_for(what: str, condition: Callable[[], Any], seconds: float = SECONDS, every: float = 0.05) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(every)
    return found


def live_version(shop: Shop) -> int:
    version: int = shop.call("GET", "/api/v1/models/live").body["version"]
    return version


def recommended(shop: Shop, shopper: str, limit: int = 20) -> list[str]:
    answer = shop.call("GET", f"/api/v1/shoppers/{shopper}/recommendations?limit={limit}")
    assert answer.status == 200
    return [item["sku"] for item in answer.body["items"]]


def a_shopper(shop: Shop, place: int) -> str:
    rows = query(shop, "SELECT external_id FROM feedback_shopper ORDER BY id LIMIT 1 OFFSET ?", place)
    return str(rows[0][0])


def rate(shop: Shop, shopper: str, count: int) -> dict[str, int]:
    """Rate the shopper's first recommendations; sku -> stars, of the acknowledged ratings."""
    given = {}
    for number, sku in enumerate(recommended(shop, shopper)[:count]):
        value = 1 + number % 5
        answer = shop.call("PUT", f"/api/v1/shoppers/{shopper}/ratings/{sku}", {"value": value})
        assert answer.status in {200, 201}, answer
        given[sku] = value
    return given


def stored(shop: Shop, shopper: str) -> dict[str, int]:
    rows = query(
        shop,
        "SELECT p.sku, r.value FROM feedback_rating r JOIN catalog_product p ON p.id = r.product_id "
        "JOIN feedback_shopper s ON s.id = r.shopper_id WHERE s.external_id = ?",
        shopper,
    )
    assert len(rows) == len(dict(rows))
    return dict(rows)


def idle(shop: Shop) -> bool:
    active = "SELECT 1 FROM recommendations_trainingrun WHERE status IN ('queued', 'running')"
    return not query(shop, active)


def test_a_rating_over_the_api_changes_the_next_list(shop: Shop) -> None:
    shopper = a_shopper(shop, 3)
    before = recommended(shop, shopper)
    answer = shop.call("PUT", f"/api/v1/shoppers/{shopper}/ratings/{before[0]}", {"value": 5})
    assert answer.status in {200, 201}
    after = recommended(shop, shopper)
    assert before[0] not in after
    assert after == recommended(shop, shopper)


def test_enough_ratings_bring_a_new_live_model_without_a_restart(shop: Shop) -> None:
    wait_for("earlier trainings", lambda: idle(shop))
    before, processes = live_version(shop), shop.pids("gunicorn") + shop.pids("celery")
    rate(shop, a_shopper(shop, 5), THRESHOLD)
    wait_for("a new live model", lambda: live_version(shop) > before)
    assert shop.pids("gunicorn") + shop.pids("celery") == processes


def stopped_in_a_training(shop: Shop, shopper: str) -> tuple[int, dict[str, int]] | None:
    """Freeze the worker during the training that the shopper's ratings cause: the run, and the ratings.

    None when the training was over before it was seen; the worker goes on then.
    """
    wait_for("earlier trainings", lambda: idle(shop))
    before = live_version(shop)
    (worker,) = shop.pids("celery", "worker")
    given = rate(shop, shopper, THRESHOLD)
    running = "SELECT id FROM recommendations_trainingrun WHERE status = 'running'"
    wait_for("a training", lambda: query(shop, running) or live_version(shop) > before, every=0.01)
    os.kill(worker, signal.SIGSTOP)
    if found := query(shop, running):
        return int(found[0][0]), given
    os.kill(worker, signal.SIGCONT)
    return None


def test_a_worker_killed_during_a_training_is_made_good(shop: Shop) -> None:
    places = iter(range(20, 40))
    while (stopped := stopped_in_a_training(shop, shopper := a_shopper(shop, next(places)))) is None:
        pass
    run_id, given = stopped
    before = live_version(shop)
    (worker,) = shop.pids("celery", "worker")
    os.kill(worker, signal.SIGKILL)
    assert shop.call("GET", "/api/v1/health/live").status == 200
    assert live_version(shop) == before
    wait_for("the next live model", lambda: live_version(shop) > before)
    ((status,),) = query(shop, "SELECT status FROM recommendations_trainingrun WHERE id = ?", run_id)
    assert status == "failed"
    assert given.items() <= stored(shop, shopper).items()


def test_ratings_given_while_redis_is_stopped_are_kept_and_learned_from(shop: Shop) -> None:
    wait_for("earlier trainings", lambda: idle(shop))
    before, shopper = live_version(shop), a_shopper(shop, 9)
    (redis,) = shop.pids("redis-server")
    os.kill(redis, signal.SIGSTOP)
    try:
        given = rate(shop, shopper, THRESHOLD)
        after = recommended(shop, shopper)
    finally:
        os.kill(redis, signal.SIGKILL)
    assert not given.keys() & set(after)
    assert given.items() <= stored(shop, shopper).items()
    wait_for("the supervisor's new Redis", lambda: shop.pids("redis-server") not in ([], [redis]))
    wait_for("a model of those ratings", lambda: live_version(shop) > before)


@pytest.mark.parametrize(
    "program", [("gunicorn",), ("celery", "worker"), ("celery", "beat"), ("redis-server",)]
)
def test_a_killed_process_comes_back(shop: Shop, program: tuple[str, ...]) -> None:
    killed = shop.pids(*program)
    for pid in killed:
        # A process ends by itself when the one that started it was killed a moment ago.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(
        f"another {program}",
        lambda: len(shop.pids(*program)) == len(killed) and not set(shop.pids(*program)) & set(killed),
    )

    def answers() -> bool:
        try:
            return shop.call("GET", "/api/v1/health/live").status == 200
        except (OSError, http.client.HTTPException):
            return False

    wait_for("the site", answers)
