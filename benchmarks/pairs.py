"""Clients that rate and look at the list that follows, as many at once as there are, with wrk.

A client is a thread of wrk with a connection that is kept: it takes a product of the list it sees, rates it,
and asks for the list again. Timed is from the first byte of the rating to the last of that list. They share
the machine with the shop, so who asks is to cost little: clients in Python took two fifths more.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load import told_headers, wrk_program
from benchmarks.stack import Server

STARS = 4
SCRIPT = """
local ffi = require("ffi")
ffi.cdef("typedef struct { long sec; long nsec; } moment; int clock_gettime(int, moment *);")
local MONOTONIC, at = 1, ffi.new("moment")
local function now()
  ffi.C.clock_gettime(MONOTONIC, at)
  return tonumber(at.sec) * 1e3 + tonumber(at.nsec) / 1e6
end
local threads, paths, pause = {}, {}, tonumber(os.getenv("LOAD_PAUSE"))
for path in io.lines(os.getenv("LOAD_PATHS")) do paths[#paths + 1] = path end
local shown, stars = tonumber(os.getenv("LOAD_SHOWN")), os.getenv("LOAD_STARS")

function setup(thread)
  threads[#threads + 1] = thread
  thread:set("number", #threads)
end
function init(args)
  headers = {}
  for line in io.lines(os.getenv("LOAD_HEADERS")) do
    local name, value = line:match("^(.-): (.*)$")
    headers[name] = value
  end
  shopper = paths[number]
  list = wrk.format("GET", shopper .. "/recommendations?limit=" .. shown, headers)
  headers["Content-Type"] = "application/json"
  taken, began, wrong, sku, is_rated = {}, 0, "", nil, false
end
-- So long they look at a list before they rate; at first so long that not all come at once.
if pause > 0 then
  function delay()
    if is_rated then return 0 end
    return sku and pause or pause * number / #paths
  end
end
function request()
  if sku == nil or is_rated then return list end
  began = now()
  return wrk.format("PUT", shopper .. "/ratings/" .. sku, headers, '{"value": ' .. stars .. '}')
end
function response(status, _, body)
  if status ~= 200 and status ~= 201 then
    wrong = status .. " " .. body
  elseif sku and not is_rated then
    is_rated = true
  else
    if sku then
      taken[#taken + 1] = now() - began
      if body:find('{"sku":"' .. sku .. '"', 1, true) then wrong = "the list did not follow " .. sku end
    end
    is_rated = false
    local place, wanted = 0, #taken % shown
    for found in body:gmatch('{"sku":"([^"]+)"') do
      if place == wanted then sku = found end
      place = place + 1
    end
  end
end
function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  if failed > 0 then io.write("WRONG " .. failed .. " connections failed\\n") end
  for _, thread in ipairs(threads) do
    io.write("WRONG " .. thread:get("wrong"):sub(1, 300) .. "\\n")
    for _, each in ipairs(thread:get("taken")) do io.write(string.format("PAIR %.3f\\n", each)) end
  end
end
"""


def rate_and_list(
    server: Server, shoppers: Sequence[str], *, shown: int, seconds: int, pause: float
) -> list[float]:
    """Milliseconds of each rating with the list after it, by a client for each of the shoppers.

    shoppers: their ids. shown: products of a list. pause: seconds between a list and the next rating. Raises
    RuntimeError when a request failed or a list still had what was just rated, and CannotMeasureError without
    wrk.
    """
    program, clients = wrk_program(), len(shoppers)
    with tempfile.TemporaryDirectory(prefix="shopreco-load-") as folder:
        (Path(folder) / "script.lua").write_text(SCRIPT)
        (Path(folder) / "headers").write_text(told_headers(server))
        (Path(folder) / "paths").write_text("".join(f"/api/v1/shoppers/{each}\n" for each in shoppers))
        command = [
            program, f"-t{clients}", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s",
            "-s", f"{folder}/script.lua", f"http://127.0.0.1:{server.port}/",
        ]  # fmt: skip
        settings = {
            "LOAD_HEADERS": f"{folder}/headers", "LOAD_PATHS": f"{folder}/paths",
            "LOAD_PAUSE": f"{1000 * pause:g}", "LOAD_SHOWN": str(shown), "LOAD_STARS": str(STARS),
        }  # fmt: skip
        done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=True)
    return read(done.stdout)


def read(output: str) -> list[float]:
    """What wrk with the script printed. Raises RuntimeError if something was wrong, or nothing was timed."""
    lines = output.splitlines()
    wrong = [line.removeprefix("WRONG ") for line in lines if line.startswith("WRONG ")]
    if found := next(filter(None, wrong), None):
        raise RuntimeError(f"A rating or its list failed: {found}")
    taken = [float(line.removeprefix("PAIR ")) for line in lines if line.startswith("PAIR ")]
    if not taken:
        raise RuntimeError(f"No rating was followed by a list:\n{output}")
    return taken
