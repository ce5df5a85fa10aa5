"""The production stack for measuring: PostgreSQL, Redis, gunicorn by deploy/, a made-up shop with a model.

With two cores or more the web process has core 0 for itself; the database, Redis and who asks share the rest.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import redis

from benchmarks import starter
from benchmarks.ports import free_port
from shopreco.embedded_redis import server_command, server_program
from tests.flows.postgres import programs, running_postgres

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOST = "shop.example"
WEB_CORE = 0
START_SECONDS = 180.0
UNLIMITED = "1000000000/min"
GUNICORN = ("gunicorn", "-c", "deploy/gunicorn.conf.py")


class CannotMeasureError(Exception):
    """Something this machine lacks; the message says how to get it."""


@dataclass(frozen=True)
class Size:
    """A made-up shop. rows: ratings, about. epochs: of its model, None for the shop's default."""

    products: int
    shoppers: int
    rows: int
    epochs: int | None = None


@dataclass(frozen=True)
class Server:
    """Something that answers HTTP. pid: of the process that was started; its workers are its children."""

    port: int
    pid: int
    headers: dict[str, str]

    def get(self, path: str) -> tuple[int, bytes]:
        """(status, body) on a connection of its own."""
        return self.call("GET", path)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, self.headers | {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer

    def workers(self) -> list[int]:
        """The processes that answer."""
        return children(self.pid)


@dataclass
class Stack:
    """A database with a shop in it, and Redis. made: what `benchmarks.filling` says of it."""

    environment: dict[str, str]
    folder: Path
    redis: redis.Redis
    made: dict[str, Any]
    backing: list[int]
    """The processes of the database and of Redis that all others come from."""

    @property
    def headers(self) -> dict[str, str]:
        """Of every request: what a proxy adds, and the shop's key."""
        key = self.made.get("key", "")
        return {"Host": HOST, "X-Forwarded-Proto": "https", "Authorization": f"Api-Key {key}"}

    def python(self, *arguments: str, **environment: str) -> str:
        """`python ...` with the stack's settings."""
        return python(self.environment | environment, *arguments)

    def forget_lists(self) -> None:
        """Empty Redis: no list, no part of one and no history is remembered there."""
        self.redis.flushdb()

    @contextmanager
    def shop(self, *, workers: int = 1, core: int | None = WEB_CORE, **environment: str) -> Iterator[Server]:
        """The shop by gunicorn, as deploy/ starts it. core: the one for all its processes; None for any."""
        command = [*GUNICORN, "shopreco.wsgi"]
        settings = self.environment | {"WEB_WORKERS": str(workers)} | environment
        probe = "/api/v1/health/live"
        with running(command, settings, self.folder, core, self.headers, probe) as server:
            yield server

    @contextmanager
    def bare(self, body: bytes, *, core: int | None = WEB_CORE, **environment: str) -> Iterator[Server]:
        """A bare Django view that answers with `body`, by the same server and settings."""
        (self.folder / "body").write_bytes(body)
        settings = self.environment | {"WEB_WORKERS": "1", "BARE_BODY": str(self.folder / "body")}
        command = [*GUNICORN, "benchmarks.bare:application"]
        with running(command, settings | environment, self.folder, core, self.headers, "/") as server:
            yield server

    def spread(self) -> None:
        """Everything on all cores, as on a machine that is left alone."""
        self._place(all_cores())

    def apart(self) -> None:
        """Everything but the web on the other cores."""
        self._place(other_cores())

    def _place(self, cores: set[int]) -> None:
        for pid in (os.getpid(), *self.backing, *(each for one in self.backing for each in children(one))):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(pid, cores)


@contextmanager
def running_stack(size: Size | None) -> Iterator[Stack]:
    """PostgreSQL (its commits wait for the disk) and Redis with a migrated database, filled by `size`."""
    bin_dir, program = programs(), server_program()
    if bin_dir is None or program is None:
        raise CannotMeasureError("There is no PostgreSQL or Redis: apt-get install postgresql redis-server")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, other_cores())
    folder = Path(tempfile.mkdtemp(prefix="shopreco-bench-"))
    try:
        with running_postgres(bin_dir, durable=True) as url:
            server = subprocess.Popen(
                server_command(program, folder / "redis.sock"), cwd=folder, stdout=subprocess.DEVNULL
            )
            try:
                yield _stack(folder, url, server.pid, size)
            finally:
                server.terminate()
                server.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.sched_setaffinity(0, before)


def _stack(folder: Path, database_url: str, redis_pid: int, size: Size | None) -> Stack:
    environment = {
        "PATH": f"{BIN}:/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "HOME": str(folder),
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.prod",
        "SECRET_KEY": secrets.token_urlsafe(60), "ALLOWED_HOSTS": HOST,
        "LOG_FORMAT": "json", "LOG_REQUESTS": "1",
        "DATABASE_URL": database_url, "REDIS_URL": f"unix://{folder / 'redis.sock'}",
        "SHOPRECO_VAR_DIR": str(folder), "STATIC_ROOT": str(folder / "static"),
        "RECOMMENDATION_ALGORITHM": "svd",
        # They count, but nobody is refused; and no training begins in the middle of what is measured.
        "THROTTLE_ANON": UNLIMITED, "THROTTLE_USER": UNLIMITED, "THROTTLE_FEEDBACK": UNLIMITED,
        "RETRAIN_AFTER_RATINGS": "1000000000",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    data = Path(unquote(urlsplit(database_url).hostname or "")) / "data"
    postmaster = int((data / "postmaster.pid").read_text().split()[0])
    client = redis.Redis(unix_socket_path=str(folder / "redis.sock"))
    stack = Stack(environment, folder, client, {}, [postmaster, redis_pid])
    until(client.ping, "Redis", errors=(redis.ConnectionError,))
    stack.python("manage.py", "migrate", "-v0")
    stack.python("manage.py", "collectstatic", "--noinput", "-v0")
    if size is not None:
        words = ["--products", size.products, "--shoppers", size.shoppers, "--rows", size.rows]
        words += [] if size.epochs is None else ["--epochs", size.epochs]
        stack.made = json.loads(stack.python("-m", "benchmarks.filling", *map(str, words)).splitlines()[-1])
    return stack


@contextmanager
def running(
    command: Sequence[str],
    environment: dict[str, str],
    folder: Path,
    core: int | None,
    headers: dict[str, str],
    probe: str,
) -> Iterator[Server]:
    """A server program on a free port (`BIND`; `{port}` in its words) and on `core`, until `probe` is 200."""
    port = free_port()
    cores = ",".join(map(str, all_cores() if core is None else [core]))
    words = ["taskset", "-c", cores, *(word.format(port=port) for word in command)]
    log = folder / f"{Path(command[0]).name}-{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            words, cwd=PROJECT, env=environment | {"BIND": f"127.0.0.1:{port}"},
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    server = Server(port, process.pid, headers)
    try:
        until(lambda: process.poll() is not None or server.get(probe)[0] == 200, str(log), errors=(OSError,))
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(words)} ended: {log.read_text()[-3000:]}")
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def python(environment: dict[str, str], *words: str) -> str:
    """The output of `python ...`. Raises RuntimeError with what it said."""
    if words[0] == "manage.py":
        done = starter.python(words, environment)
    else:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def until(what: Any, name: str, *, errors: tuple[type[Exception], ...] = ()) -> None:
    """Wait for it to be true. Raises RuntimeError when it does not come about."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(*errors):
            if what():
                return
        if time.monotonic() > deadline:
            said = Path(name).read_text()[-3000:] if Path(name).is_file() else ""
            raise RuntimeError(f"{name} did not come up. {said}")
        time.sleep(0.05)


def shopper_id(number: int) -> str:
    """What the made-up shop's shoppers are called, from 1."""
    return f"s{number}"


def children(pid: int) -> list[int]:
    """The processes started by this one."""
    told = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in told.read_text().split()] if told.exists() else []


def all_cores() -> set[int]:
    return set(range(os.cpu_count() or 1))


def other_cores() -> set[int]:
    """All but the web's. Raises CannotMeasureError on a machine with one."""
    if rest := all_cores() - {WEB_CORE}:
        return rest
    raise CannotMeasureError("Measuring needs two cores: one for the web, one for who asks it.")
