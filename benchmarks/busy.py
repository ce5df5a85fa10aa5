"""A shop at work: ratings and the lists after them, a training beside the web, memory of its processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.asking import SHOWN, TRY_SECONDS, WARM_SECONDS, addresses, in_turn
from benchmarks.figures import Figure, percentile, ratios
from benchmarks.groups import idle_group
from benchmarks.load import CONNECTIONS, wrk
from benchmarks.loops import run
from benchmarks.pairs import rate_and_list
from benchmarks.stack import BIN, PROJECT, Server, Stack, shopper_id, until
from benchmarks.steady import Connection, peak, steady

CLIENTS, RATING_SECONDS, PAUSE = 16, 6, 0.1
STEADY_SECONDS, SHARE_OF_PEAK, TRIES = 6.0, 0.5, 5
# The p99 of some seconds is a matter of some thirty requests, and of where the machine ran what meanwhile.
TIMES_THE_ROUNDS = 3
WEB_PROCESSES = 2
SPREAD, TIMES_OVER, START_SECONDS = 60, 5, 60.0
ASK_FOR_TRAINING = (
    "from django.utils import timezone; from recommendations.triggers import Trigger, request_training; "
    "request_training(trigger=Trigger.COMMAND, now=timezone.now())"
)
TRAINER = (
    "nice", "-n", "10", "taskset", "-c", "0", str(BIN / "celery"), "-A", "shopreco", "worker",
    "--pool", "solo", "--queues", "training",
)  # fmt: skip


def rating_to_list(stack: Stack, rounds: int) -> list[Figure]:
    """From the first byte of a rating to the last of the list that follows it, many clients at once.

    Once they rate again the moment their list is there, so that the machine has all it can take; and once
    they look at it first, for `PAUSE` seconds.
    """
    stack.spread()
    taken: dict[float, list[list[float]]] = {0.0: [], PAUSE: []}
    with stack.shop(workers=WEB_PROCESSES, core=None) as shop:
        _warm(shop)
        for number in range(rounds):
            for place, pause in enumerate(taken):
                first = 1 + CLIENTS * (len(taken) * number + place)
                shoppers = [shopper_id(each) for each in range(first, first + CLIENTS)]
                taken[pause].append(
                    rate_and_list(shop, shoppers, shown=SHOWN, seconds=RATING_SECONDS, pause=pause)
                )
    stack.apart()
    return [figure for pause, rates in taken.items() for figure in _pair_figures(stack, rates, pause)]


def _pair_figures(stack: Stack, taken: list[list[float]], pause: float) -> list[Figure]:
    pairs = sum(map(len, taken)) / (len(taken) * RATING_SECONDS)
    how = f"with {1000 * pause:.0f} ms between" if pause else "without a pause"
    told = f"{CLIENTS} clients {how}, {pairs:.0f} of both a second, {WEB_PROCESSES} processes"
    what = f"rating to changed list, {stack.made['products']:,} products, {how}"
    return [
        Figure(f"{what}, p{percent}", "ms", [percentile(each, percent) for each in taken],
               at_least, aim, more=False, told=told)
        for percent, at_least, aim in ((50, 25, 10), (99, 100, 40))
    ]  # fmt: skip


def during_training(stack: Stack, rounds: int) -> list[Figure]:
    """p99 at half of peak load while the trainer's process stands still, and while it trains.

    The trainer is started as in deploy/systemd, or where no group can be made, as in deploy/compose.yaml,
    and given a training; SIGSTOP and SIGCONT make the two sides of a pair seconds apart. Nothing but the
    trainer is pinned: the machine shares itself out.
    """
    stack.spread()
    paths = addresses(stack.made["shoppers"])
    with (
        idle_group() as group,
        stack.shop(workers=WEB_PROCESSES, core=None) as shop,
        _trainer(stack, group) as trainer,
    ):
        _warm(shop)
        stack.forget_lists()
        most = peak(shop, paths, seconds=2 * TRY_SECONDS)
        rate, asked = most * SHARE_OF_PEAK, 0

        def side(status: int) -> float:
            nonlocal asked
            for _ in range(TRIES):
                _train(stack, trainer)
                stack.forget_lists()
                os.killpg(trainer.pid, status)
                seconds = min(STEADY_SECONDS, len(paths) / rate)
                taken = steady(shop, paths, rate=rate, seconds=seconds, start=asked)
                asked += len(taken)
                if _training(stack) == "running":
                    return percentile(taken, 99)
            raise RuntimeError("Trainings end before they can be measured beside: enlarge the shop.")

        def busy(_number: int) -> float:
            return side(signal.SIGCONT)

        def idle(_number: int) -> float:
            return side(signal.SIGSTOP)

        trained, rested = in_turn(TIMES_THE_ROUNDS * rounds, busy, idle)
    stack.apart()
    told = (
        f"{rate:.0f} of {most:.0f} requests/s, not cached, {WEB_PROCESSES} processes; p99 "
        f"{percentile(trained, 50):.0f} ms, idle {percentile(rested, 50):.0f} ms; the trainer "
        + ("at niceness 10" if group is None else "as by CPUWeight=idle")
    )
    what = "p99 at half of peak load, during a training against idle"
    return [Figure(what, "x", ratios(trained, rested), 2.0, 1.3, more=False, told=told)]


@contextmanager
def _trainer(stack: Stack, group: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """group: where its id is written to, if anywhere."""
    with (stack.folder / "trainer.log").open("w") as log:
        process = subprocess.Popen(
            TRAINER, cwd=PROJECT, env=stack.environment,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    if group is not None:
        group.write_text(str(process.pid))
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGCONT)
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _train(stack: Stack, trainer: subprocess.Popen[bytes]) -> None:
    """See to it that a training is under way."""
    if _training(stack) == "running":
        return
    os.killpg(trainer.pid, signal.SIGCONT)
    stack.python("manage.py", "shell", "-v0", "-c", ASK_FOR_TRAINING)
    until(lambda: _training(stack) == "running", str(stack.folder / "trainer.log"))
    time.sleep(1)


def _training(stack: Stack) -> str:
    """The state of the newest run."""
    address = stack.environment["DATABASE_URL"].replace("postgres://", "postgresql://")
    with psycopg.connect(address) as database:
        row: Any = database.execute(
            "SELECT status FROM recommendations_trainingrun ORDER BY id DESC LIMIT 1"
        ).fetchone()
    return str(row[0]) if row else ""


def memory(stack: Stack, rounds: int) -> list[Figure]:
    """Megabytes that a web process has for itself, of all but the one that has least, after many lists."""
    values = []
    for number in range(rounds):
        with stack.shop(workers=WEB_PROCESSES + 1, core=None) as shop:
            first = 1 + 1_000 * number
            _have_all_answer(shop, addresses(SPREAD, first=first))
            wrk(shop, addresses(2_000, first=first), seconds=2 * WARM_SECONDS, connections=4 * CONNECTIONS)
            _, *further = sorted(own_megabytes(pid) for pid in shop.workers())
        values.append(max(further))
    told = "private pages (USS) of the largest of 3 processes after many lists"
    what = f"memory of a web process beyond the first, {stack.made['products']:,} products"
    return [Figure(what, "MB", values, 120, 80, more=False, told=told)]


def _have_all_answer(shop: Server, paths: Sequence[str]) -> None:
    """Raises RuntimeError when a process of the shop still gets nothing to do: it would seem to be small, and
    what it has not read of the model's file would look like the others' own."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        run(_ask_at_once(shop, paths))
        if all(map(has_answered, shop.workers())):
            return
    raise RuntimeError("One of the web processes answers no requests.")


def has_answered(pid: int) -> bool:
    """Whether that web process has counted a request: it keeps what it counts in a file of its own."""
    return f"counter_{pid}.db" in Path(f"/proc/{pid}/maps").read_text()


async def _ask_at_once(shop: Server, paths: Sequence[str]) -> None:
    """Each path on a connection of its own, some times over, so that all processes come to work: what only
    one has read of the model's file would look like its own."""

    async def ask(path: str) -> None:
        connection = Connection(shop)
        for _ in range(TIMES_OVER):
            await connection.call("GET", path)
        await connection.close()

    async with asyncio.TaskGroup() as group:
        for path in paths:
            group.create_task(ask(path))


def own_megabytes(pid: int) -> float:
    """What would be free if this process ended: its private pages."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def _warm(shop: Server) -> None:
    """Every process has loaded the model and knows the catalogue."""
    _have_all_answer(shop, addresses(SPREAD))
    for _ in range(WEB_PROCESSES):
        wrk(shop, addresses(500), seconds=WARM_SECONDS)


if __name__ == "__main__":
    sys.exit("Run `python -m benchmarks.serving --only rating training memory`.")
