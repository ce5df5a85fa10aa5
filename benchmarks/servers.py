"""Which server to run in production, and how it should hold its connections to the database.

`python -m benchmarks.servers [--rounds N]` measures each on one core with one process and writes
benchmarks/servers.md. Servers that the shop does not depend on are installed into a folder of their own.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import platform
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.asking import FREQUENT, addresses, checked, in_turn
from benchmarks.figures import percentile
from benchmarks.load import CONNECTIONS, Load, wrk, wrk_program
from benchmarks.stack import (
    GUNICORN,
    PROJECT,
    WEB_CORE,
    CannotMeasureError,
    Server,
    Size,
    Stack,
    children,
    running,
    running_stack,
)

TABLE = PROJECT / "benchmarks" / "servers.md"
OTHERS = PROJECT / "var" / "other-servers"
WANTED = ("granian==2.8.7", "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0")
SHOP = Size(products=3_706, shoppers=1_000, rows=40_000, epochs=1)
SECONDS, WARM_SECONDS = 2.0, 1.0
RELOAD_SECONDS, PAUSE = 8.0, 0.01
GRANIAN = (
    sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1",
    "--runtime-threads", "1", "--no-ws",
)  # fmt: skip
UVICORN = (sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--no-access-log")
WAYS = (
    "a connection per request", "pool", "pool, prepared statements", "kept", "kept, looked after",
    "kept, looked after, prepared statements",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A server and its settings. app: 'application' (WSGI) or 'asgi'."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    app: str = "application"

    def serving(self, module: str) -> tuple[list[str], dict[str, str]]:
        """(command, environment) for an application of the benchmarks, or for `shopreco`."""
        name = module if module != "shopreco" else f"shopreco.{'asgi' if self.app == 'asgi' else 'wsgi'}"
        attribute = "application" if module == "shopreco" else self.app
        return [*self.command, f"{name}:{attribute}"], dict(self.environment)


KINDS = {
    "gunicorn sync": Kind(("gunicorn", "-c", "deploy/gunicorn.conf.py", "--worker-class", "sync"),
                          {"WEB_THREADS": "1"}),
    "gunicorn gthread, 1 thread": Kind((*GUNICORN, "--worker-class", "gthread"), {"WEB_THREADS": "1"}),
    "gunicorn gthread, 2 threads": Kind(GUNICORN, {"WEB_THREADS": "2"}),
    "gunicorn gthread, 4 threads": Kind(GUNICORN, {"WEB_THREADS": "4"}),
    "gunicorn gthread, 8 threads": Kind(GUNICORN, {"WEB_THREADS": "8"}),
    "granian WSGI, 1 thread": Kind((*GRANIAN, "--interface", "wsgi", "--blocking-threads", "1")),
    "granian WSGI, 4 threads": Kind((*GRANIAN, "--interface", "wsgi", "--blocking-threads", "4")),
    "granian ASGI": Kind((*GRANIAN, "--interface", "asginl"), app="asgi"),
    "uvicorn (ASGI)": Kind(UVICORN, app="asgi"),
}  # fmt: skip


@dataclass
class Found:
    """Of one server: per round requests a second of each view, p99 ms of the list, CPU ms a request of the
    bare view and of the list; and the rest."""

    bare: list[float] = field(default_factory=list)
    query: list[float] = field(default_factory=list)
    lists: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    bare_cpu: list[float] = field(default_factory=list)
    list_cpu: list[float] = field(default_factory=list)
    megabytes: float = 0.0
    keeps: bool = False
    reload: str = "cannot"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    try:
        wrk_program()
        _install()
        with running_stack(SHOP) as stack:
            stack.environment["PYTHONPATH"] += f":{OTHERS}"
            ways = _ways(stack, rounds)
            found = _servers(stack, rounds)
    except CannotMeasureError as lack:
        print(lack, file=sys.stderr)
        return 1
    TABLE.write_text("\n".join([*_preamble(), *_table(found), "", *_ways_table(ways), ""]))
    print(TABLE.read_text())
    return 0


def _install() -> None:
    if not (OTHERS / "granian").exists():
        print(f"installing {', '.join(WANTED)} into {OTHERS}", flush=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(OTHERS), *WANTED]
        subprocess.run(command, check=True)


def _servers(stack: Stack, rounds: int) -> dict[str, Found]:
    found = {name: Found() for name in KINDS}
    with contextlib.ExitStack() as open_servers:
        shops, bares, queries = {}, {}, {}
        for name, kind in KINDS.items():
            print(f"starting {name}", flush=True)
            shops[name] = open_servers.enter_context(_serving(stack, kind, "shopreco"))
            (stack.folder / "body").write_bytes(checked(shops[name], addresses(1)[0]))
            bares[name] = open_servers.enter_context(_serving(stack, kind, "benchmarks.bare"))
            queries[name] = open_servers.enter_context(_serving(stack, kind, "benchmarks.one_query"))
            for server in (shops[name], bares[name], queries[name]):
                wrk(server, addresses(FREQUENT), seconds=WARM_SECONDS)
            found[name].megabytes = _megabytes(bares[name].pid)
            found[name].keeps = _keeps(bares[name])
        for number in range(rounds):
            for name in KINDS if number % 2 else reversed(KINDS):
                print(f"round {number + 1} of {rounds}: {name}", flush=True)
                _round(found[name], bares[name], queries[name], shops[name])
    for name, kind in KINDS.items():
        if "uvicorn" not in name:
            print(f"reloading {name}", flush=True)
            found[name].reload = _reloaded(stack, kind)
    return found


def _round(found: Found, bare: Server, query: Server, shop: Server) -> None:
    load, cpu = _with_cpu(bare)
    found.bare.append(load.rate)
    found.bare_cpu.append(cpu)
    found.query.append(wrk(query, addresses(FREQUENT), seconds=SECONDS).rate)
    load, cpu = _with_cpu(shop)
    found.lists.append(load.rate)
    found.list_cpu.append(cpu)
    found.p99.append(load.p99_ms)


def _with_cpu(server: Server) -> tuple[Load, float]:
    """(the load, milliseconds of CPU of the server's processes per request)."""
    before = _cpu_seconds(server.pid)
    load = wrk(server, addresses(FREQUENT), seconds=SECONDS)
    return load, 1000 * (_cpu_seconds(server.pid) - before) / load.requests


def _cpu_seconds(pid: int) -> float:
    """Of a process and those it started, as long as they live."""
    fields = [
        Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in (pid, *children(pid))
    ]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _serving(stack: Stack, kind: Kind, module: str, **more: str) -> Iterator[Server]:
    command, environment = kind.serving(module)
    settings = stack.environment | {"WEB_WORKERS": "1", "BARE_BODY": str(stack.folder / "body")}
    probe = "/api/v1/health/live"
    with running(
        command, settings | environment | more, stack.folder, WEB_CORE, stack.headers, probe
    ) as server:
        yield server


def _ways(stack: Stack, rounds: int) -> dict[str, list[float]]:
    """How connections are kept -> requests a second with one query each, in the server of deploy/."""
    with contextlib.ExitStack() as open_servers:
        sides = []
        for way in WAYS:
            kind = KINDS["gunicorn gthread, 4 threads"]
            server = open_servers.enter_context(
                _serving(stack, kind, "benchmarks.one_query", CONNECTIONS=way)
            )
            wrk(server, addresses(FREQUENT), seconds=WARM_SECONDS)
            sides.append(
                lambda _number, server=server: wrk(server, addresses(FREQUENT), seconds=SECONDS).rate
            )
        return dict(zip(WAYS, in_turn(rounds, *sides), strict=True))


def _reloaded(stack: Stack, kind: Kind) -> str:
    """SIGHUP in the middle of requests on new connections, and of others on kept ones; what failed."""
    outcomes: list[bool] = []
    with _serving(stack, kind, "benchmarks.bare") as server:
        ends = time.monotonic() + RELOAD_SECONDS
        askers = [threading.Thread(target=_ask, args=(server, ends, outcomes)) for _ in range(4)]
        for asker in askers:
            asker.start()
        time.sleep(RELOAD_SECONDS / 4)
        os.kill(server.pid, signal.SIGHUP)
        for asker in askers:
            asker.join()
    failed = outcomes.count(False)
    return f"{failed} of {len(outcomes):,} failed"


def _ask(server: Server, ends: float, outcomes: list[bool]) -> None:
    while time.monotonic() < ends:
        try:
            outcomes.append(server.get("/")[0] == 200)
        except (OSError, http.client.HTTPException):
            outcomes.append(False)
        time.sleep(PAUSE)


def _keeps(server: Server) -> bool:
    """Whether a second request can go over the same connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.connect()
        connection.auto_open = 0
        for _ in range(2):
            connection.request("GET", "/", headers=server.headers)
            connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _megabytes(pid: int) -> float:
    """Memory of a process and all below it; what they share counts once (PSS)."""
    total = 0.0
    for each in (pid, *children(pid)):
        lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def _preamble() -> list[str]:
    return [
        "# Servers",
        "",
        "`python -m benchmarks.servers` writes this file. One process on a core of its own, asked by wrk",
        f"over {CONNECTIONS} connections from the others; requests per second, the median of rounds that the",
        "servers run in turn. *Bare*: a Django view without middleware. *One query*: the same with one",
        "query to PostgreSQL. *List*: GET recommendations, cached, in production settings. MB: of the bare",
        "view's processes together. *Reload*: SIGHUP under load on new connections. CPU: of the server's",
        "processes, which is steadier than the clock where others use the machine, too.",
        "",
        f"{platform.machine()}, Python {platform.python_version()}. Why the one in deploy/ was chosen:",
        "[docs/adr/0015](../docs/adr/0015-the-server-is-gunicorn.md).",
        "",
    ]


def _table(found: Mapping[str, Found]) -> list[str]:
    columns = ("server", "bare", "one query", "list", "lowest to highest", "p99 of the list",
               "CPU ms: bare", "list", "MB")  # fmt: skip
    lines = [f"| {' | '.join(columns)} | keeps connections | reload |", f"|{'---|' * (len(columns) + 2)}"]
    for name, one in found.items():
        middles = " | ".join(
            f"{statistics.median(values):,.0f}" for values in (one.bare, one.query, one.lists)
        )
        lines.append(
            f"| {name} | {middles} | {min(one.lists):,.0f} to {max(one.lists):,.0f} | "
            f"{percentile(one.p99, 50):.0f} ms | {statistics.median(one.bare_cpu):.2f} | "
            f"{statistics.median(one.list_cpu):.2f} | {one.megabytes:.0f} | "
            f"{'yes' if one.keeps else 'no'} | {one.reload} |"
        )
    return lines


def _ways_table(ways: Mapping[str, list[float]]) -> list[str]:
    lines = [
        "## Connections to PostgreSQL",
        "",
        "One query per request, gunicorn gthread with 4 threads.",
        "",
    ]
    lines += ["| | requests/s | lowest to highest |", "|---|---|---|"]
    for name, rates in ways.items():
        lines.append(f"| {name} | {statistics.median(rates):,.0f} | {min(rates):,.0f} to {max(rates):,.0f} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
