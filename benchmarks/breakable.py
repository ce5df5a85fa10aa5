"""The production stack under a supervisor, to be broken part by part: every part comes back when it dies.

PostgreSQL, Redis, gunicorn by deploy/, a worker, a trainer and the beat, with a small demo shop and a model.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import yaml

from benchmarks.ledger import ask
from benchmarks.ports import free_port
from benchmarks.stack import HOST, UNLIMITED, CannotMeasureError, children, python, until
from shopreco.embedded_redis import server_command, server_program
from tests.flows.postgres import data_of, pg_ctl, programs, running_postgres

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# A supervisor as systemd: what has died is started again after a moment.
RESTART_SECONDS = 0.5
MARK = "SHOPRECO_BREAKABLE"


@dataclass
class Part:
    """A process that is started again when it dies, as long as `wanted`."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    wanted: bool = True

    @property
    def pid(self) -> int:
        return self.process.pid if self.process is not None else 0


@dataclass
class BreakableShop:
    """The running shop. url: of its database. port: of its web server."""

    folder: Path
    environment: dict[str, str]
    url: str
    bin_dir: Path
    port: int
    parts: dict[str, Part] = field(default_factory=dict)
    key: str = ""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _supervisor: threading.Thread | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Of every request: what the proxy in front adds, and the shop's key."""
        key = {"Authorization": f"Api-Key {self.key}"} if self.key else {}
        return {"Host": HOST, "X-Forwarded-Proto": "https", "Content-Type": "application/json", **key}

    def python(self, *words: str, **environment: str) -> str:
        """`python ...` with the shop's settings."""
        return python(self.environment | environment, *words)

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What the database says, asked on a connection of its own."""
        with psycopg.connect(self._conninfo(), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def _conninfo(self) -> str:
        return f"host={data_of(self.url).parent} user=shop dbname=shop"

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to the part's own process; its pid."""
        pid = self.parts[name].pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid

    def web_workers(self) -> list[int]:
        """The processes that answer requests."""
        return children(self.parts["web"].pid)

    def postmaster(self) -> int:
        return int((data_of(self.url) / "postmaster.pid").read_text().split()[0])

    def backends(self) -> list[int]:
        """PostgreSQL's processes that serve the shop's connections."""
        return [pid for pid in children(self.postmaster()) if b"shop shop" in _command_line(pid)]

    def stop_database(self, mode: str = "fast") -> None:
        pg_ctl(self.url, self.bin_dir, "-m", mode, "stop")

    def start_database(self) -> None:
        pg_ctl(self.url, self.bin_dir, "start")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start(self, name: str) -> None:
        part = self.parts[name]
        with (self.folder / f"{name}.log").open("a") as log:
            part.process = subprocess.Popen(
                part.command, cwd=PROJECT, env=self.environment, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        part.starts += 1

    def restart(self, name: str) -> None:
        """End the part in an orderly way and wait until its successor answers."""
        before = self.kill(name, signal.SIGTERM)
        until(lambda: self.parts[name].pid != before and _serves(self), str(self.folder / f"{name}.log"))

    def supervise(self) -> None:
        """Start again what has died, in a thread of its own until `stop`."""
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._supervisor.start()

    def _supervise(self) -> None:
        while not self._stopping.wait(0.1):
            for part in self.parts.values():
                if part.wanted and part.process is not None and part.process.poll() is not None:
                    time.sleep(RESTART_SECONDS)
                    self.start(part.name)

    def stop(self) -> None:
        """End everything in an orderly way, as `systemctl stop` does."""
        self._stopping.set()
        if self._supervisor is not None:
            self._supervisor.join()
        # Redis last: workers say good-bye to it.
        others = [part for part in self.parts.values() if part.name != "redis"]
        for group in (others, [part for part in self.parts.values() if part.name == "redis"]):
            running = [part.process for part in group if part.process is not None]
            for process in running:
                process.send_signal(signal.SIGCONT)
                process.send_signal(signal.SIGTERM)
            for process in running:
                _wait(process)

    def left_over(self) -> dict[int, str]:
        """Processes that were started by this shop and still run: pid -> command line."""
        mark = f"{MARK}={self.environment[MARK]}".encode()
        found = {}
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    pid = int(path.parent.name)
                    found[pid] = _command_line(pid).replace(b"\0", b" ").decode(errors="replace")
        return found


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def breakable_shop(
    *, shoppers: int = 150, ratings: int = 3000, **environment: str
) -> Iterator[BreakableShop]:
    """Start all of it with a demo shop and a live model, and stop it. Raises CannotMeasureError."""
    bin_dir, program = programs(), server_program()
    if bin_dir is None or program is None:
        raise CannotMeasureError("There is no PostgreSQL or Redis: apt-get install postgresql redis-server")
    folder = Path(tempfile.mkdtemp(prefix="shopreco-break-"))
    try:
        with running_postgres(bin_dir) as url:
            shop = BreakableShop(folder, _environment(folder, url, environment), url, bin_dir, free_port())
            shop.environment["BIND"] = f"127.0.0.1:{shop.port}"
            try:
                _fill(shop, server_command(program, folder / "redis.sock"), shoppers, ratings)
                yield shop
            finally:
                shop.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(shop: BreakableShop, redis_command: list[str], shoppers: int, ratings: int) -> None:
    shop.parts["redis"] = Part("redis", redis_command)
    shop.start("redis")
    shop.python("manage.py", "migrate", "-v0")
    shop.python("manage.py", "seed_demo", "--shoppers", str(shoppers), "--ratings", str(ratings))
    shop.python("manage.py", "train_model")
    make_key = "from shopreco.models import ApiKey; print(ApiKey.issue('soak')[1])"
    shop.key = shop.python("manage.py", "shell", "-v0", "-c", make_key).split()[-1]
    shop.python("manage.py", "collectstatic", "--noinput", "-v0")
    for name, command in _commands(shop.folder).items():
        shop.parts[name] = Part(name, command)
        shop.start(name)
    shop.supervise()
    until(lambda: _serves(shop), str(shop.folder / "web.log"))


def _serves(shop: BreakableShop) -> bool:
    return ask(shop.port, shop.headers, "GET", "/api/v1/health/ready", timeout=10).status == 200


def _commands(folder: Path) -> dict[str, list[str]]:
    """Service -> the command that deploy/compose.yaml gives it."""
    services = yaml.safe_load((PROJECT / "deploy" / "compose.yaml").read_text())["services"]
    own = {name: each["command"] for name, each in services.items() if each.get("image") == "shopreco"}
    own.pop("migrate")
    beat = str(folder / "beat-schedule")
    return {name: [word.replace("/tmp/beat-schedule", beat) for word in words] for name, words in own.items()}


def _environment(folder: Path, url: str, more: dict[str, str]) -> dict[str, str]:
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    return {
        "PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"),
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.prod", "SHOPRECO_VAR_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "SECRET_KEY": secrets.token_urlsafe(60), "ALLOWED_HOSTS": HOST, "LOG_REQUESTS": "0",
        "DATABASE_URL": url, "REDIS_URL": f"unix://{folder / 'redis.sock'}", "WEB_WORKERS": "2",
        "RECOMMENDATION_ALGORITHM": "svd", "RETRAIN_MIN_INTERVAL": "2", "RETRAIN_AFTER_RATINGS": "1500",
        "THROTTLE_ANON": UNLIMITED, "THROTTLE_USER": UNLIMITED, "THROTTLE_FEEDBACK": UNLIMITED,
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", MARK: secrets.token_hex(8), **more,
    }  # fmt: skip


def _command_line(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
