"""`python -m shopreco.run`: the whole shop with one command, until Ctrl-C.

Prepares the database, then has supervisord run Redis (unless REDIS_URL names one), the web server, the Celery
worker and beat. PORT (8000), HOST (127.0.0.1) and WEB_WORKERS (2) come from the environment.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from shopreco.embedded_redis import default_url, server_command, server_program
from shopreco.settings import DEVELOPMENT, NAMED
from shopreco.settings.environment import Environment
from shopreco.tied import tie_to_parent

PROJECT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
PID_FILE = "run.pid"
# A company's proxy knows nothing of this machine.
STRAIGHT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CannotRunError(Exception):
    """Why the shop does not start, in one line that says what to do."""


def main() -> int:
    """Exit status: 0 after Ctrl-C, 1 when the shop cannot start."""
    # Any of these stops everything below in an orderly way; SIGINT is named since a shell that starts the
    # shop in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        run()
    except CannotRunError as reason:
        print(f"ShopReco: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nShopReco has stopped.")
    return 0


def run() -> None:
    """Start everything and wait. Raises CannotRunError, and KeyboardInterrupt when told to stop."""
    env = Environment()
    env.read_env(str(PROJECT / ".env"), recurse=False)
    host, port = env.str("HOST", "127.0.0.1"), _port(env.str("PORT", "8000"))
    _check_port(host, port)
    run_dir = Path(default_url(env.path("SHOPRECO_VAR_DIR", PROJECT / "var")).removeprefix("unix://")).parent
    environment = os.environ | {
        # Importing this package has named production's, which are for whoever says nothing anywhere.
        "DJANGO_SETTINGS_MODULE": NAMED or DEVELOPMENT,
        "HOST": host,
        "PORT": str(port),
        "WEB_WORKERS": env.str("WEB_WORKERS", "2"),
        "TRAINING_THREADS": env.str("TRAINING_THREADS", "1"),
        "SHOPRECO_RUN_DIR": str(run_dir),
        "SHOPRECO_PYTHON": sys.executable,
        "PROMETHEUS_MULTIPROC_DIR": str(run_dir / "figures"),
        **_redis(env.str("REDIS_URL", ""), run_dir / "redis.sock"),
    }
    with _claimed(run_dir):
        shoppers = _prepare(environment, run_dir)
        _supervise(environment, host, port, shoppers)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotRunError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _check_port(host: str, port: int) -> None:
    try:
        with socket.socket() as probe:
            # As gunicorn does: a port that is merely cooling down after the last run is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise CannotRunError(
            f"port {port} on {host} cannot be had ({error.strerror}). Stop what uses it, or choose another: "
            f"PORT={port + 1} make run"
        ) from error


def _redis(url: str, socket_path: Path) -> dict[str, str]:
    """The environment that starts the embedded Redis, or that uses the given one."""
    if url:
        return {"SHOPRECO_START_REDIS": "false", "SHOPRECO_REDIS_COMMAND": "true"}
    program = server_program()
    if program is None:
        raise CannotRunError(
            "there is no redis-server, and none is bundled for this machine. Install one (Debian: apt-get "
            "install redis-server), or set REDIS_URL."
        )
    command = shlex.join(server_command(program, socket_path))
    return {"SHOPRECO_START_REDIS": "true", "SHOPRECO_REDIS_COMMAND": command}


@contextmanager
def _claimed(run_dir: Path) -> Iterator[None]:
    """Make the folder of sockets and pids ours alone; what a killed run left in it is removed.

    The claim is a lock, which ends with this process however that ends. A number alone may be another's by
    then: in a container that was killed, the next run's own.
    """
    lock = _lock(run_dir)
    try:
        for left in run_dir.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            elif left.name != PID_FILE:
                left.unlink(missing_ok=True)
        (run_dir / "figures").mkdir(exist_ok=True)
        yield
    finally:
        # While the lock is held: afterwards the folder may be the next run's.
        shutil.rmtree(run_dir, ignore_errors=True)
        os.close(lock)


def _lock(run_dir: Path) -> int:
    """The pid file, open and locked. No child inherits it: Python opens files for its own process only."""
    path = run_dir / PID_FILE
    while True:
        try:
            _make_own(run_dir)
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            continue  # removed this moment by a run that has ended
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock), path.stat()):
                os.ftruncate(lock, 0)
                os.write(lock, str(os.getpid()).encode())
                return lock
        except BlockingIOError as error:
            raise _running_already(os.pread(lock, 20, 0).decode()) from error
        except FileNotFoundError:
            pass
        # What was locked has been removed meanwhile, and says nothing about who has the folder now.
        os.close(lock)


def _running_already(number: str) -> CannotRunError:
    named = f" (process {number})" if number else ""
    return CannotRunError(
        f"the shop of this folder is running already{named}. Stop it first, or give the second one data of "
        "its own: SHOPRECO_VAR_DIR=/some/folder make run"
    )


def _make_own(run_dir: Path) -> None:
    """Whoever made the folder could put sockets of their own into it: another user's is not taken."""
    with suppress(FileExistsError):
        run_dir.mkdir(mode=0o700, parents=True)
    found = run_dir.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise CannotRunError(f"{run_dir} is not yours. Remove it, or set TMPDIR to a folder of your own.")
    run_dir.chmod(0o700)


def _prepare(environment: dict[str, str], run_dir: Path) -> str:
    """Migrations, and on the first start the demo shop and its model; shopper ids to try."""
    shoppers = run_dir / "shoppers"
    command = [sys.executable, str(PROJECT / "manage.py"), "prepare", "--shoppers-to", str(shoppers)]
    if subprocess.run(command, env=environment, cwd=PROJECT, check=False).returncode:
        raise CannotRunError("the database could not be prepared; the lines above say why.")
    return shoppers.read_text()


def _supervise(environment: dict[str, str], host: str, port: int, shoppers: str) -> None:
    config = str(PROJECT / "deploy" / "supervisord.conf")
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", config],
        env=environment,
        cwd=PROJECT,
        # Ctrl-C reaches this process only; it then stops the supervisor in an orderly way.
        start_new_session=True,
        preexec_fn=tie_to_parent,
    )
    try:
        _wait_until_ready(supervisor, host, port)
        _announce(host, port, shoppers)
        supervisor.wait()
        raise CannotRunError("the supervisor ended by itself.")
    finally:
        _stop(supervisor)


def _wait_until_ready(supervisor: subprocess.Popen[bytes], host: str, port: int) -> None:
    url = f"http://{_reachable(host)}:{port}/api/v1/health/live"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if supervisor.poll() is not None:
            raise CannotRunError("the processes could not be started.")
        try:
            with STRAIGHT.open(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise CannotRunError(f"the site did not answer at {url} within {READY_SECONDS:.0f} s.")


def _announce(host: str, port: int, shoppers: str) -> None:
    address = f"http://{_reachable(host)}:{port}/"
    print(f"\n  ShopReco is up at {address}   (Ctrl-C stops it)")
    if shoppers:
        print(f"  Shopper ids to try: {shoppers}")
    print(f"  API: {address}api/v1/docs   Admin: {address}admin/ (manage.py createsuperuser)\n", flush=True)


def _reachable(host: str) -> str:
    return "localhost" if host in {"0.0.0.0", "127.0.0.1", "::"} else host  # noqa: S104


def _stop(supervisor: subprocess.Popen[bytes]) -> None:
    """Stop the supervisor and with it all processes; a second Ctrl-C does not cut that short."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    supervisor.terminate()
    try:
        supervisor.wait(timeout=30)
    except subprocess.TimeoutExpired:
        supervisor.kill()


if __name__ == "__main__":
    sys.exit(main())
