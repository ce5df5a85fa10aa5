"""A database that is locked, slow, read-only, full or gone: 503 for what it refuses, nothing by halves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.postgres import programs, running_postgres

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = PROJECT / "tests" / "flows" / "bad_database.py"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgres)
NOT_NOW = {"status": 503, "after": "5"}
PROBLEM, HTML = "application/problem+json", "text/html; charset=utf-8"


@pytest.fixture(scope="module", params=["sqlite", POSTGRESQL])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp(f"bad-{request.param}")
    if request.param == "sqlite":
        yield run(folder, f"sqlite:///{folder / 'shop.sqlite3'}")
        return
    bin_dir = programs()
    if bin_dir is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    with running_postgres(bin_dir) as url:
        yield run(folder, url)


def run(folder: Path, url: str) -> Any:
    environment = {
        **os.environ, "DATABASE_URL": url, "SHOPRECO_VAR_DIR": str(folder), "PYTHONPATH": str(PROJECT),
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.test", "REDIS_URL": f"unix://{folder / 'no-redis.sock'}",
        "DB_LOCK_TIMEOUT": "0.4", "DB_STATEMENT_TIMEOUT": "0.7", "DB_IDLE_IN_TRANSACTION_TIMEOUT": "9",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM)], env=environment, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
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
    assert NOT_NOW.items() <= found["put"].items() and found["put"]["type"] == PROBLEM
    assert NOT_NOW.items() <= found["post"].items() and found["post"]["type"] == PROBLEM
    assert NOT_NOW.items() <= found["express"].items() and found["express"]["type"] == PROBLEM
    assert NOT_NOW.items() <= found["form"].items() and found["form"]["type"] == HTML
    assert found["changed"] is False
    assert max(found[name]["seconds"] for name in ("put", "post", "form", "express")) < 5
    assert (found["afterwards"], found["express afterwards"]) == (200, 200)


@pytest.mark.parametrize("trouble", ["locked", "read_only", "full", "slow"])
def test_lists_and_pages_are_served_meanwhile(told: Any, trouble: str) -> None:
    for name in {trouble} & told.keys():
        assert (told[name]["list"], told[name]["product"]) == (200, 200)


def test_one_failed_request_gets_the_pool_over_connections_that_were_cut(told: Any) -> None:
    for came in [told["cut"]["came"]] if "cut" in told else []:
        assert came == [503, *[200] * 5]
        assert told["cut"]["express"] == [200, 200]


def test_web_processes_give_up_soon_and_commands_take_their_time(told: Any) -> None:
    if "limits of a command" in told:
        assert set(told["limits of a command"].values()) == {"0"}
        assert told["limits of a web process"] == {
            "statement_timeout": "700ms", "lock_timeout": "400ms",
            "idle_in_transaction_session_timeout": "9s",
        }  # fmt: skip
