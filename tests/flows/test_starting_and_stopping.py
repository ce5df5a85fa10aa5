"""One command starts the shop; Ctrl-C, or worse, ends all of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.ports import free_port
from benchmarks.shop import PROJECT, Shop, running_shop
from shopreco.embedded_redis import default_url

pytestmark = pytest.mark.slow


def run_dir(var_dir: Path) -> Path:
    return Path(default_url(var_dir).removeprefix("unix://")).parent


def alive(pids: list[int]) -> list[int]:
    """Those of the pids that are still running programs (a zombie waiting to be collected is not)."""
    states = [Path(f"/proc/{pid}/stat") for pid in pids]
    return [
        pid
        for pid, state in zip(pids, states, strict=True)
        if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    ]


def wait_until_gone(pids: list[int], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while left := alive(pids):
        assert time.monotonic() < deadline, f"still running after {seconds:.0f} s: {left}"
        time.sleep(0.1)


def start_in_vain(var_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shopreco.run"],
        cwd=PROJECT,
        env=os.environ | {"SHOPRECO_VAR_DIR": str(var_dir), **environment},
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_ctrl_c_ends_every_process_and_removes_the_run_folder(shop_data: Path, tmp_path: Path) -> None:
    with running_shop(shop_data, log=tmp_path / "run.log") as shop:
        everyone = shop.everyone()
        assert shop.pids("redis-server")
        assert shop.pids("gunicorn")
        assert shop.pids("celery", "worker")
        assert shop.pids("celery", "beat")
        shop.process.send_signal(signal.SIGINT)
        assert shop.process.wait(timeout=180) == 0
    wait_until_gone(everyone)
    assert not run_dir(shop_data).exists()
    assert "ShopReco has stopped." in (tmp_path / "run.log").read_text()


def test_a_killed_starter_leaves_no_process_behind(shop_data: Path, tmp_path: Path) -> None:
    with running_shop(shop_data, log=tmp_path / "run.log") as shop:
        everyone = shop.everyone()
        os.kill(shop.process.pid, signal.SIGKILL)
        wait_until_gone(everyone)


def test_a_start_after_a_killed_one_works_and_keeps_the_data(shop_data: Path, tmp_path: Path) -> None:
    def live_version(shop: Shop) -> int:
        version: int = shop.call("GET", "/api/v1/models/live").body["version"]
        return version

    with running_shop(shop_data, log=tmp_path / "first.log") as shop:
        before, everyone = live_version(shop), shop.everyone()
        os.kill(shop.process.pid, signal.SIGKILL)
        wait_until_gone(everyone)
    with running_shop(shop_data, log=tmp_path / "second.log") as shop:
        assert live_version(shop) == before


def test_the_start_names_the_address_and_two_shoppers(shop_data: Path, tmp_path: Path) -> None:
    with running_shop(shop_data, log=tmp_path / "run.log") as shop:
        lines = (tmp_path / "run.log").read_text()
    assert f"http://localhost:{shop.port}/" in lines
    assert len(lines.split("Shopper ids to try:")[1].splitlines()[0].split(" and ")) == 2


def test_a_taken_port_gets_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = start_in_vain(tmp_path, PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"port {port}" in done.stderr
    assert "PORT=" in done.stderr


@pytest.mark.parametrize("port", ["", "web", "0", "70000", "-1"])
def test_a_port_that_is_none_gets_one_clear_line(tmp_path: Path, port: str) -> None:
    done = start_in_vain(tmp_path, PORT=port)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "from 1 to 65535" in done.stderr


def test_a_second_start_on_the_same_data_is_refused(shop_data: Path, tmp_path: Path) -> None:
    with running_shop(shop_data, log=tmp_path / "run.log") as shop:
        done = start_in_vain(shop_data, PORT=str(free_port()))
        assert shop.call("GET", "/api/v1/health/live").status == 200
    assert done.returncode == 1
    assert "running already" in done.stderr
