"""shopreco.embedded_redis: where the default set-up's Redis lies, and how it is started."""

import subprocess

from shopreco.embedded_redis import celery_url, default_url, server_command, server_program


def test_every_data_folder_has_a_server_of_its_own(tmp_path):
    first, second = default_url(tmp_path / "a"), default_url(tmp_path / "b")
    assert first != second
    assert first == default_url(tmp_path / "x" / ".." / "a")


def test_the_socket_fits_into_an_address_however_deep_the_checkout_lies(tmp_path):
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 20)
    path = default_url(deep).removeprefix("unix://")
    assert len(path.encode()) < 107


def test_celery_is_given_the_same_socket_and_other_addresses_as_they_are():
    assert celery_url("unix:///tmp/redis.sock") == "redis+socket:///tmp/redis.sock"
    assert celery_url("redis://:secret@cache.example:6379/1") == "redis://:secret@cache.example:6379/1"


def test_a_redis_on_the_path_is_preferred(tmp_path, monkeypatch):
    own = tmp_path / "redis-server"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert server_program() == str(own)


def test_without_one_the_wheels_server_is_taken_and_it_runs(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    program = server_program()
    assert program is not None
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    assert "Redis server" in version.stdout


def test_without_either_there_is_none(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr("sys.prefix", "/nowhere")
    assert server_program() is None


def test_it_listens_on_the_socket_only_and_writes_nothing(tmp_path):
    command = server_command("redis-server", tmp_path / "redis.sock")
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--port"] == "0"
    assert options["--unixsocket"] == str(tmp_path / "redis.sock")
    assert options["--unixsocketperm"] == "700"
    assert (options["--save"], options["--appendonly"]) == ("", "no")
