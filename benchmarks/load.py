"""Asking a server as hard as it can bear, with wrk: requests a second, and how long they took."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stack import CannotMeasureError, Server

CONNECTIONS = 8
NO_WRK = "There is no wrk, which makes the load: apt-get install wrk (or https://github.com/wg/wrk)."
SCRIPT = """
local asked, at = {}, tonumber(os.getenv("LOAD_FROM"))
function init(args)
  local headers = {}
  for line in io.lines(os.getenv("LOAD_HEADERS")) do
    local name, value = line:match("^(.-): (.*)$")
    headers[name] = value
  end
  for path in io.lines(os.getenv("LOAD_PATHS")) do
    asked[#asked + 1] = wrk.format("GET", path, headers)
  end
end
function request()
  at = at % #asked + 1
  return asked[at]
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\nLOAD {"requests": %d, "microseconds": %d, "failed": %d, "p50": %d, "p99": %d}\\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Load:
    """What came of one run. p50_ms, p99_ms: of single requests, at this load."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def wrk_program() -> str:
    """Where wrk is; asked before anything is made for it. Raises CannotMeasureError without it."""
    if (program := shutil.which("wrk")) is None:
        raise CannotMeasureError(NO_WRK)
    return program


def wrk(
    server: Server, paths: Sequence[str], *, seconds: float, start: int = 0, connections: int = CONNECTIONS
) -> Load:
    """One run over the paths in turn from number `start`, on connections that are kept. Raises RuntimeError
    when a request failed, and CannotMeasureError without wrk."""
    program = wrk_program()
    with tempfile.TemporaryDirectory(prefix="shopreco-load-") as folder:
        told = {
            "LOAD_PATHS": "\n".join(paths),
            "LOAD_HEADERS": told_headers(server),
            "script.lua": SCRIPT,
        }
        for name, text in told.items():
            (Path(folder) / name).write_text(f"{text.rstrip()}\n")
        command = [
            program, "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s",
            "-s", f"{folder}/script.lua", f"http://127.0.0.1:{server.port}/",
        ]  # fmt: skip
        settings = {name: f"{folder}/{name}" for name in told} | {
            # wrk takes one request to look at before the first that it sends.
            "LOAD_FROM": str(start % len(paths) - 1)
        }
        done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=True)
    return read(done.stdout)


def told_headers(server: Server) -> str:
    """A line for each header of every request, as the scripts read them."""
    return "".join(f"{name}: {value}\n" for name, value in server.headers.items())


def read(output: str) -> Load:
    """What wrk with the script printed. Raises RuntimeError when a request failed."""
    line = next(each for each in output.splitlines() if each.startswith("LOAD "))
    told = json.loads(line.removeprefix("LOAD "))
    if told["failed"]:
        raise RuntimeError(f"{told['failed']} of {told['requests']} requests failed:\n{output}")
    return Load(told["requests"], told["microseconds"] / 1e6, told["p50"] / 1000, told["p99"] / 1000)
