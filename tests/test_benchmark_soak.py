"""The soak's own bookkeeping: what it takes for acknowledged, and what it says of an outcome."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.ledger import Ledger, Load, Said, VersionWatch, Watch, ask
from benchmarks.soak import Outcome, Storm, page

PAIR = ("ann", "lamp")


def test_the_last_acknowledged_value_is_the_only_one_allowed() -> None:
    ledger = Ledger()
    for value in (1, 4):
        ledger.sent({PAIR: value})
        ledger.answered({PAIR: value})
    assert ledger.allowed(PAIR) == {4}
    assert (ledger.ratings, ledger.requests["ann"]) == (2, 2)


def test_what_was_sent_without_an_answer_may_be_in_or_not_until_it_is_answered() -> None:
    ledger = Ledger()
    ledger.sent({PAIR: 3})
    assert ledger.allowed(PAIR) == {None, 3}
    ledger.answered({PAIR: 3})
    ledger.sent({PAIR: 5})
    assert ledger.allowed(PAIR) == {3, 5}
    ledger.answered({PAIR: 5})
    assert ledger.allowed(PAIR) == {5}


def test_the_same_again_is_a_rating_acknowledged_and_no_change() -> None:
    ledger = Ledger()
    for _ in range(2):
        ledger.sent({PAIR: 3})
        ledger.answered({PAIR: 3})
    assert (ledger.ratings, ledger.requests["ann"]) == (2, 1)


def test_an_outage_lasts_from_one_good_answer_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("benchmarks.ledger.time.monotonic", lambda: clock[0])
    watch = Watch()
    came = ((101, 200, b""), (102, 503, b""), (107, 0, b"Refused"), (108, 201, b""))
    for at, status, body in came:
        clock[0] = at
        watch.note(Said(status, body))
    assert watch.longest_outage == 7
    assert watch.kinds == {"200": 1, "503": 1, "Refused": 1, "201": 1}


def test_a_connection_that_breaks_is_an_answer_of_its_own_kind() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        closing = threading.Thread(target=lambda: server.accept()[0].close())
        closing.start()
        said = ask(port, {}, "GET", "/")
        closing.join()
    assert said.status == 0 and said.kind in {"RemoteDisconnected", "ConnectionResetError"}
    assert ask(port, {}, "GET", "/").kind == "ConnectionRefusedError"


def test_a_version_that_goes_back_is_noticed() -> None:
    told = [[("ann", 3), ("bob", 1)], [("ann", 2), ("bob", 1)], [("ann", 2), ("bob", 4)]]
    watch = VersionWatch(SimpleNamespace(sql=lambda _: told.pop(0)))  # type: ignore[arg-type]
    for _ in range(3):
        watch.look()
    assert watch.went_back == ["ann: 3 -> 2"]


@pytest.mark.parametrize("wrong", [[], ["3 acknowledged ratings that are not stored"]])
def test_the_page_says_what_was_broken_answered_and_wrong(wrong: list[str]) -> None:
    rater = SimpleNamespace(ledger=Ledger(ratings=12_000), watch=Watch(Counter({"201": 900, "503": 7}), 6.5))
    reader = SimpleNamespace(watch=Watch(Counter({"200": 40, "ConnectionRefusedError": 2}), 3.25))
    load: Any = Load("soak-", [rater], reader, None, seconds=120.0)  # type: ignore[list-item, arg-type]
    storm = Storm(None, None, Counter({"beat, killed": 2}))  # type: ignore[arg-type]
    text = page(Outcome(storm, load, Counter(published=1, failed=1), wrong), per_minute=10_000, seed=3)
    for line in (
        "| beat, killed | 2 |", "| ratings acknowledged | 12,000 (6,000 a minute) |", "| answered 503 | 7 |",
        "| answered by nothing (ConnectionRefusedError) | 2 |", "| trainings failed | 1 |",
        "| longest time without a list | 3.2 s |", "seed 3",
    ):  # fmt: skip
        assert line in text
    assert ("Nothing was." in text) is (not wrong)
    assert all(f"- {each}" in text for each in wrong)
