"""shopreco.run and deploy/supervisord.conf: what `make run` starts, and what it makes sure of before."""

import os
import shlex
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings as django_settings
from supervisor.options import ServerOptions

from shopreco import run
from shopreco.watching import probe

PROJECT = django_settings.BASE_DIR
HOLD = """
import sys, time
from pathlib import Path
from shopreco.run import _claimed
with _claimed(Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(600)
"""


class Site(HTTPServer):
    """A site that is well, and the names it was asked by."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Healthy)
        self.names = []


class Healthy(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self):
        self.server.names.append(self.headers["Host"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words):
        pass


@pytest.fixture
def site():
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def dead_proxy(monkeypatch):
    """The environment of a company whose proxy is to be used for everything, and cannot be reached."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{free.getsockname()[1]}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield


@contextmanager
def claimed_elsewhere(folder):
    """Another process that has the folder."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "claimed\n"
            yield process
        finally:
            process.kill()


@pytest.mark.usefixtures("dead_proxy")
def test_the_start_asks_its_own_site_past_a_companys_proxy(site):
    supervisor = mock.Mock(**{"poll.return_value": None})
    run._wait_until_ready(supervisor, "127.0.0.1", site.server_port)
    assert len(site.names) == 1


@pytest.mark.usefixtures("dead_proxy")
@pytest.mark.parametrize(
    ("hosts", "name"), [("shop.example,b.example", "shop.example"), (", .shop.example", "shop.example")]
)
def test_the_probe_asks_past_a_companys_proxy_by_the_shops_first_name(site, monkeypatch, hosts, name):
    monkeypatch.setenv("ALLOWED_HOSTS", hosts)
    assert probe.main([f"http://127.0.0.1:{site.server_port}/api/v1/health/live"]) == 0
    assert site.names == [name]


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Program -> words of its command line, as the supervisor reads them for a Python of this path."""

    def read(python, redis):
        own = {
            "SHOPRECO_PYTHON": python, "SHOPRECO_RUN_DIR": str(tmp_path), "HOST": "127.0.0.1", "PORT": "8000",
            "WEB_WORKERS": "2", "TRAINING_THREADS": "1", **redis,
        }  # fmt: skip
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        options = ServerOptions()
        options.realize(["-n", "-c", str(PROJECT / "deploy" / "supervisord.conf")])
        programs = [each for group in options.process_group_configs for each in group.process_configs]
        return {each.name: shlex.split(each.command) for each in programs}

    return read


@pytest.mark.parametrize("folder", ["a folder", "50%", "it's #1; really"])
def test_every_program_starts_from_a_checkout_with_an_unusual_path(commands, monkeypatch, folder):
    monkeypatch.setattr(run, "server_program", lambda: f"/{folder}/redis-server")
    python = f"/home/shop/{folder}/.venv/bin/python"
    found = commands(python, run._redis("", Path(f"/{folder}/redis.sock")))
    assert {words[0] for words in found.values()} == {python}
    assert found["redis"][1:4] == ["-m", "shopreco.tied", f"/{folder}/redis-server"]
    assert f"/{folder}/redis.sock" in found["redis"]
    for name in ("web", "worker", "beat"):
        assert found[name].count(python) == 2


@pytest.mark.parametrize(
    ("named", "expected"),
    [(None, "dev"), ("", "dev"), ("shopreco.settings.prod", "prod")],
    ids=["none named", "empty", "named"],
)
def test_make_run_names_the_development_settings_to_all_it_starts_unless_others_are(
    tmp_path, named, expected
):
    code = (
        "from shopreco import run\n"
        "run._prepare = lambda environment, _folder: print(environment['DJANGO_SETTINGS_MODULE'])\n"
        "run._supervise = lambda environment, *_: print(environment['DJANGO_SETTINGS_MODULE'])\n"
        "run._check_port = lambda *_: None\n"
        "run.run()\n"
    )
    own = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    own |= {"SHOPRECO_VAR_DIR": str(tmp_path)} | ({} if named is None else {"DJANGO_SETTINGS_MODULE": named})
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=own, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == [f"shopreco.settings.{expected}"] * 2, done.stderr


def test_a_folder_that_is_claimed_is_refused_and_its_process_named(tmp_path):
    folder = tmp_path / "run"
    with claimed_elsewhere(folder) as process:
        words = rf"running already \(process {process.pid}\)"
        with pytest.raises(run.CannotRunError, match=words), run._claimed(folder):
            pass
        assert (folder / "run.pid").read_text() == str(process.pid), "what the other has is left alone"


def test_a_killed_run_leaves_nothing_that_is_in_the_way(tmp_path):
    folder = tmp_path / "run"
    with claimed_elsewhere(folder) as process:
        (folder / "redis.sock").touch()
        (folder / "figures" / "old").touch()
        process.kill()
        process.wait()
        assert folder.exists()
    with run._claimed(folder):
        assert sorted(each.name for each in folder.iterdir()) == ["figures", "run.pid"]
        assert not list((folder / "figures").iterdir())
    assert not folder.exists()


@pytest.mark.parametrize(
    "number", [os.getpid(), 1, "", "what"], ids=["own", "another's", "none", "no number"]
)
def test_a_number_that_was_left_by_a_killed_run_and_is_anybodys_now_is_no_claim(tmp_path, number):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.pid").write_text(str(number))
    with run._claimed(tmp_path / "run"):
        assert (tmp_path / "run" / "run.pid").read_text() == str(os.getpid())


def test_a_child_that_outlives_the_start_does_not_keep_the_claim(tmp_path):
    folder = tmp_path / "run"
    with run._claimed(folder):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
    try:
        with run._claimed(folder):
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_a_folder_that_is_a_link_to_somewhere_else_is_not_taken(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(run.CannotRunError, match="is not yours"), run._claimed(tmp_path / "run"):
        pass
