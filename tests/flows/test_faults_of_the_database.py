"""A database that is locked, slow, read-only, full or gone: 503 for what it refuses, nothing by halves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flows.empty_shop import EmptyShop

pytestmark = pytest.mark.slow
NOT_NOW = {"status": 503, "after": "5"}
PROBLEM, HTML = "application/problem+json", "text/html; charset=utf-8"
# Without limits all of these would wait for 20 seconds and more. A busy machine is slow by itself.
GAVE_UP_SECONDS = 15
LIMITS = {"DB_LOCK_TIMEOUT": "0.8", "DB_STATEMENT_TIMEOUT": "1.6", "DB_IDLE_IN_TRANSACTION_TIMEOUT": "9"}


@pytest.fixture(scope="module")
def told(empty_shop: EmptyShop) -> Any:
    found = json.loads(empty_shop.play("bad_database.py", environment=LIMITS))
    assert found["before"] == [201, 302, 200]
    return found


@pytest.mark.parametrize("trouble", ["locked", "read_only", "full", "slow"])
def test_what_cannot_be_written_is_refused_whole_in_words_that_say_when_to_come_back(
    told: Any, trouble: str
) -> None:
    if trouble not in told:
        assert "limits of a command" not in told, "SQLite has no slow statements to be stopped"
        return
    found = told[trouble]
    for name, refused in found["refused"].items():
        assert NOT_NOW.items() <= refused.items(), name
        assert refused["type"] == (HTML if name.startswith("form") else PROBLEM), name
        assert refused["seconds"] < GAVE_UP_SECONDS, name
    assert found["changed"] == []
    assert (found["afterwards"], found["express afterwards"]) == (200, 200)


@pytest.mark.parametrize("trouble", ["locked", "read_only", "full", "slow"])
def test_lists_and_pages_are_served_meanwhile(told: Any, trouble: str) -> None:
    for name in {trouble} & told.keys():
        served = told[name]["served"]
        assert (served["list"], served["visit"]["status"]) == (200, 200)


@pytest.mark.parametrize("trouble", ["locked", "read_only", "full", "slow"])
def test_a_visit_meanwhile_is_noted_whole_or_not_at_all(told: Any, trouble: str) -> None:
    for name in {trouble} & told.keys():
        visit = told[name]["served"]["visit"]
        events, versions = visit["noted"]
        assert events == versions <= int(trouble in {"full", "slow"})
        assert visit["else"] == []


def test_one_failed_request_gets_the_pool_over_connections_that_were_cut(told: Any) -> None:
    for came in [told["cut"]["came"]] if "cut" in told else []:
        assert came == [503, *[200] * 5]
        assert told["cut"]["express"] == [200, 200]


def test_web_processes_give_up_soon_and_commands_take_their_time(told: Any) -> None:
    if "limits of a command" in told:
        assert set(told["limits of a command"].values()) == {"0"}
        assert told["limits of a web process"] == {
            "statement_timeout": "1600ms", "lock_timeout": "800ms",
            "idle_in_transaction_session_timeout": "9s",
        }  # fmt: skip
