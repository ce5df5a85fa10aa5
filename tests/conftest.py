"""What every test stands on: a Redis and an artefact folder of its own, and no skipping when told so."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.urls import set_script_prefix
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from redis import Redis

from shopreco.cache import ForgivingRedisCache
from shopreco.celery import app as celery_app
from shopreco.embedded_redis import celery_url, server_command, server_program

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
# Where all tests have passed on one database, another one has a say in those only that use it.
ONLY_WITH_DATABASE = os.environ.get("ONLY_WITH_DATABASE") == "1"
DATABASE = {"db", "transactional_db"}


# How long an example takes is the machine's business: the first one may compile or import something.
hypothesis_settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("steady")


# By files that take minutes, though they have few tests: begun last, one would keep a core busy alone.
LONG = ("tests/flows/", "tests/test_backup.py", "tests/browser/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first; otherwise the order stays. Needs --no-loadscope-reorder where there are workers."""
    if ONLY_WITH_DATABASE:
        config.hook.pytest_deselected(items=[item for item in items if not uses_database(item)])
        items[:] = filter(uses_database, items)
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def uses_database(item: pytest.Item) -> bool:
    """Whether the test says so itself, or by a fixture."""
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return item.get_closest_marker("django_db") is not None or not DATABASE.isdisjoint(fixtures)


def pytest_configure(config: pytest.Config) -> None:
    """Start the Redis that settings, tasks and caches of this run talk to."""
    program = server_program()
    if program is None:
        pytest.exit("No redis-server: `make setup-dev` brings one, or install one.", 2)
    folder = Path(tempfile.mkdtemp(prefix="shopreco-tests-"))
    config.stash[FOLDER] = folder
    config.stash[SERVER] = subprocess.Popen(
        server_command(program, folder / "redis.sock"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _wait_for(folder / "redis.sock")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """What fails in one order of the tests alone has to be run in that order again."""
    seed = config.getoption("randomly_seed", None)
    if exitstatus and seed is not None:
        terminalreporter.line(f"The order was that of --randomly-seed={seed}")


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(SERVER, None)
    if server is not None:
        server.terminate()
        server.wait(timeout=60)
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


FOLDER = pytest.StashKey[Path]()
SERVER = pytest.StashKey["subprocess.Popen[bytes]"]()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, pytestconfig: pytest.Config
) -> None:
    """SQLite's database is a file of this run's own, so that each thread has a connection to itself, as in a
    shop. One in memory is a single connection to the test and to the live server's threads: whoever writes
    while another's transaction is open fails.
    """
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(pytestconfig.stash[FOLDER] / "db.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def redis_url(pytestconfig: pytest.Config) -> str:
    """Cache and broker are the run's own server."""
    url = f"unix://{pytestconfig.stash[FOLDER] / 'redis.sock'}"
    django_settings.REDIS_URL = url
    django_settings.CACHES["default"]["LOCATION"] = url
    # A connection made before (by an import, a check) still means the server of the settings file.
    with suppress(AttributeError):
        del caches["default"]
    celery_app.conf.broker_url = celery_url(url)  # type: ignore[misc]
    return url


@pytest.fixture(autouse=True)
def fresh_state(redis_url: str, settings: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """No cached list, no queued message, no loaded model and no artefact of another test."""
    from catalog import quick
    from recommendations import patience
    from recommendations.serving import index, kept, snapshot

    settings.RECOMMENDATIONS = {**django_settings.RECOMMENDATIONS, "artefact_root": tmp_path / "models"}  # type: ignore[attr-defined]
    # A test that stopped its Redis must not leave the next one without a cache for two seconds.
    ForgivingRedisCache._down_until = 0.0
    # A thread keeps the prefix of what it was last asked; this one goes on to tests that ask no server.
    set_script_prefix("/")
    # More than cache.clear(): the queue is emptied, too.
    Redis.from_url(redis_url).flushdb()
    index.forget()
    snapshot.forget()
    kept.forget_connections()
    quick.forget()
    patience.end()
    before = set(threading.enumerate())
    yield
    _await_threads(before)
    quick.forget()
    index.forget()
    snapshot.forget()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With REQUIRE_ALL=1 a skip is a failure: whoever asks for everything must not get less unnoticed."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped although REQUIRE_ALL=1: {report.longrepr}"


def _await_threads(before: set[threading.Thread], seconds: float = 10.0) -> None:
    """What a test has set going ends before the next one begins: it would remember another's shop for it."""
    ends = time.monotonic() + seconds
    for thread in set(threading.enumerate()) - before:
        # Other daemons stay for the whole run: the server for browsers, whoever watches progress bars.
        if not thread.daemon or thread.name == "load-model":
            thread.join(max(0.0, ends - time.monotonic()))


def _wait_for(socket: Path, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not socket.exists():
        if time.monotonic() > deadline:
            pytest.exit(f"redis-server did not open {socket}.", 2)
        time.sleep(0.02)
