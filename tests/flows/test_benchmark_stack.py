"""The stack that the benchmarks measure, with the smallest shop: real servers, a real model, both sides."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest

from benchmarks import asking, busy
from benchmarks.load import wrk
from benchmarks.stack import Size, Stack, running_stack
from shopreco.embedded_redis import server_program
from tests.flows.postgres import programs

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
SHOP = Size(products=600, shoppers=80, rows=2_400, epochs=1)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if programs() is None or server_program() is None:
        pytest.skip("no PostgreSQL or Redis: apt-get install postgresql redis-server")
    cores = os.sched_getaffinity(0)
    with running_stack(SHOP) as made:
        yield made
    assert os.sched_getaffinity(0) == cores
    assert not made.folder.exists()


def test_the_made_up_shop_is_as_large_as_asked_for(stack: Stack) -> None:
    assert (stack.made["products"], stack.made["shoppers"]) == (600, 80)
    assert stack.made["ratings"] == pytest.approx(2_400, rel=0.2)


def test_lists_are_personal_and_the_bare_view_answers_with_the_same_bytes(stack: Stack) -> None:
    path = asking.addresses(1)[0]
    with stack.shop() as shop:
        body = asking.checked(shop, path)
        assert shop.get("/api/v1/shoppers/nobody/recommendations")[0] == 200
        with stack.bare(body) as bare:
            assert bare.get(path) == (200, body)
    reasons = {item["reason"] for item in json.loads(body)["items"]}
    assert any(reason.startswith("Because you rated") for reason in reasons)


def test_nobody_gets_in_without_the_key(stack: Stack) -> None:
    with stack.shop() as shop:
        shop.headers["Authorization"] = "Api-Key wrong"
        with pytest.raises(RuntimeError, match="401"):
            asking.checked(shop, asking.addresses(1)[0])


@pytest.mark.skipif(shutil.which("wrk") is None, reason="no wrk: apt-get install wrk")
def test_the_load_is_answered_and_every_request_is_in_the_log(stack: Stack) -> None:
    with stack.shop() as shop:
        log = stack.folder / f"gunicorn-{shop.port}.log"
        found = wrk(shop, asking.addresses(80), seconds=1)
    # What was still being answered has been written down by now.
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    answered = [line for line in lines if line.get("path", "").endswith("/recommendations")]
    assert found.requests <= len(answered) <= found.requests + 16
    assert {line["status"] for line in answered} == {200}


def test_every_process_comes_to_work_before_its_memory_is_looked_at(stack: Stack) -> None:
    with stack.shop(workers=3, core=None) as shop:
        assert sum(map(busy.has_answered, shop.workers())) == 1, "only the probe was answered until now"
        busy._have_all_answer(shop, asking.addresses(busy.SPREAD))
        assert len(shop.workers()) == 3
        assert all(map(busy.has_answered, shop.workers()))
        assert all(10 < busy.own_megabytes(pid) < 300 for pid in shop.workers())


def test_lists_follow_ratings_of_many_clients_at_once(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "RATING_SECONDS", 2)
    monkeypatch.setattr(busy, "_warm", lambda _shop: None)
    figures = busy.rating_to_list(stack, 1)
    assert [figure.what[-3:] for figure in figures] == ["p50", "p99"] * 2
    for middle, worst in (figures[:2], figures[2:]):
        assert 0 < middle.median <= worst.median
