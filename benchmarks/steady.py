"""Requests at a constant rate, whatever the server does: what waits for it, waits on the clock.

wrk asks as fast as it is answered: a server that hangs is asked less meanwhile, and the wait counts once.
Here every request has its moment and is timed from then (an open loop). At half of peak load Python is fast
enough to ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.loops import run
from benchmarks.stack import Server

CONNECTIONS = 32
"""More than ever wait at once at half load; a request that finds none free waits on the clock, too."""


class Connection:
    """One kept connection: a request at a time."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in server.headers.items())
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """(status, body). Opens the connection anew after the server has closed it between two requests."""
        payload = b"" if body is None else json.dumps(body).encode()
        sized = f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n" if payload else ""
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}{sized}\r\n".encode()
        if self._reader is not None and self._reader.at_eof():
            await self.close()
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        assert self._reader is not None
        self._writer.write(head + payload)
        told = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        content = await _body(self._reader, told)
        if "\r\nconnection: close" in told:
            await self.close()
        return int(told.split(maxsplit=2)[1]), content

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None


async def _body(reader: asyncio.StreamReader, head: str) -> bytes:
    """What follows the head of an answer, sent at once or in chunks."""
    for line in head.splitlines():
        if line.startswith("content-length:"):
            return await reader.readexactly(int(line.split(":")[1]))
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)


def steady(
    server: Server, paths: Sequence[str], *, rate: float, seconds: float, start: int = 0
) -> list[float]:
    """The milliseconds of each of rate x seconds requests, from when they were due. Raises RuntimeError for
    any answer but 200."""
    gc.collect()
    gc.disable()
    try:
        return run(_steady(server, paths, rate, seconds, start))
    finally:
        gc.enable()


def peak(server: Server, paths: Sequence[str], *, seconds: float) -> float:
    """Requests a second when each connection asks again at once: the most that is answered beside who asks
    here, who takes more of the processor than wrk does. Raises RuntimeError for any answer but 200."""
    gc.collect()
    gc.disable()
    try:
        return run(_peak(server, paths, seconds))
    finally:
        gc.enable()


async def _peak(server: Server, paths: Sequence[str], seconds: float) -> float:
    turn, began = itertools.cycle(paths), time.perf_counter()

    async def ask_again_and_again() -> int:
        connection, answers = Connection(server), 0
        try:
            while time.perf_counter() < began + seconds:
                path = next(turn)
                status, _ = await connection.call("GET", path)
                if status != 200:
                    raise RuntimeError(f"{path} was answered with {status}.")
                answers += 1
        finally:
            await connection.close()
        return answers

    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(ask_again_and_again()) for _ in range(CONNECTIONS)]
    return sum(each.result() for each in asking) / (time.perf_counter() - began)


async def _steady(
    server: Server, paths: Sequence[str], rate: float, seconds: float, start: int
) -> list[float]:
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    made = [Connection(server) for _ in range(CONNECTIONS)]
    for one in made:
        free.put_nowait(one)
    taken: list[float] = []

    async def ask(number: int, due: float) -> None:
        connection = await free.get()
        status, _ = await connection.call("GET", paths[(start + number) % len(paths)])
        taken.append(1000 * (time.perf_counter() - due))
        free.put_nowait(connection)
        if status != 200:
            raise RuntimeError(f"{paths[(start + number) % len(paths)]} was answered with {status}.")

    began = time.perf_counter() + 0.05
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(round(rate * seconds)):
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(ask(number, due))
    finally:
        for one in made:
            await one.close()
    return taken
