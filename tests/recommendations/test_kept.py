"""Answers kept in Redis: made once however many ask, and computed where there is no Redis."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from recommendations.serving import kept
from recommendations.serving.kept import NOTHING_THERE, Fetched, count_up, fetch, keep, wait_for


@pytest.fixture
def redis(redis_url: str) -> Any:
    return Redis.from_url(redis_url)


def test_what_is_kept_is_fetched_and_runs_out(redis: Any) -> None:
    assert fetch("a") == Fetched(None, is_mine=True)
    keep("a", b"body", seconds=100)
    assert fetch("a").body == b"body"
    (key,) = redis.keys("*:a")
    assert 0 < redis.ttl(key) <= 100


def test_of_many_who_ask_at_once_one_makes_it_and_the_others_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than any machine takes.
    monkeypatch.setattr(kept, "WAIT_SECONDS", 60)
    monkeypatch.setattr(kept, "MAKING_MS", 60_000)
    start, made, got = threading.Barrier(8), [], []

    def ask() -> None:
        start.wait()
        found = fetch("a")
        body = found.body or (None if found.is_mine else wait_for("a"))
        if body is None:
            made.append(1)
            time.sleep(0.03)
            body = b"made"
            keep("a", body, seconds=100)
        got.append(body)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1] and got == [b"made"] * 8


def test_whoever_makes_it_and_dies_is_not_waited_for_for_ever(
    redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "WAIT_SECONDS", 0.03)
    monkeypatch.setattr(kept, "MAKING_MS", 60_000)
    assert fetch("a").is_mine
    assert not fetch("a").is_mine
    assert wait_for("a") is None
    (making,) = redis.keys("*:a:making")
    assert 0 < redis.pttl(making) <= 60_000
    redis.pexpire(making, 0)
    assert fetch("a").is_mine, "the next one may try"


def test_the_caller_is_counted_in_the_same_call(redis: Any) -> None:
    assert [fetch("a", counter="c", counter_seconds=60).count for _ in range(3)] == [1, 2, 3]
    (key,) = redis.keys("*:c")
    assert 0 < redis.ttl(key) <= 61
    assert fetch("a").count == 0


def test_who_takes_no_list_is_counted_in_the_same_place(redis: Any) -> None:
    assert [count_up("c", seconds=60) for _ in range(2)] == [1, 2]
    assert fetch("a", counter="c", counter_seconds=60).count == 3
    (key,) = redis.keys("*:c")
    assert 0 < redis.ttl(key) <= 61


def test_without_redis_nothing_is_there_and_it_is_left_alone_for_a_while(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    assert fetch("a") is NOTHING_THERE
    assert fetch("a") is NOTHING_THERE
    assert count_up("c", seconds=60) is None
    assert caplog.text.count("cache unreachable") == 1
    keep("a", b"x", seconds=9)
    assert wait_for("a") is None
    kept.forget_connections()
    assert [count_up("c", seconds=60), count_up("c", seconds=60)] == [None, None]
    assert caplog.text.count("not counted") == 1


def test_a_server_that_was_started_again_is_found_again(redis: Any) -> None:
    keep("a", b"body", seconds=100)
    redis.client_kill_filter(_type="normal", skipme=True)
    assert fetch("a").body == b"body"
    redis.script_flush()
    assert fetch("a").body == b"body"


def test_every_thread_has_a_connection_of_its_own(redis: Any) -> None:
    keep("a", b"body", seconds=100)
    found: list[Fetched] = []
    threads = [threading.Thread(target=lambda: found.append(fetch("a"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.body for each in found] == [b"body"] * 4


def test_what_redis_will_not_keep_is_logged_and_disturbs_nothing(
    redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    keep("a", b"body", seconds=0)
    keep("b", b"body", seconds=100)
    assert fetch("b").body == b"body"
    assert fetch("a").body is None
    assert [record.message.split(":")[0] for record in caplog.records] == ["a list is not kept"]


def test_lists_that_were_being_kept_when_redis_went_are_forgotten(redis: Any) -> None:
    for name in ("a", "b", "c"):
        keep(name, b"body", seconds=100)
    redis.client_kill_filter(_type="normal", skipme=True)
    assert fetch("d") == Fetched(None, is_mine=True)
    assert fetch("d") == Fetched(None, is_mine=False)
