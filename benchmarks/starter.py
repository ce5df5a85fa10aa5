"""Commands that start sooner: one process has read other people's libraries and forks each command.

Two thirds of a start are these libraries, the same every time; tests and measurements make some hundred
starts. A command is a process as ever, with its own environment, settings, output and exit code, and reads
all that is the shop's own. What is about starting itself, or runs on, starts without this.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# None of these looks for settings when it is imported, nor at the environment but for numbers of threads.
LIBRARIES = (
    "numpy", "numba", "scipy.sparse.linalg", "scipy.linalg", "joblib", "surprise", "environs",
    "django.core.handlers.wsgi", "django.core.management", "django.db.models", "django.forms",
    "django.template.loader", "django.views.generic", "django.test.client", "celery.app.base", "kombu",
    "redis", "hiredis", "psycopg_pool", "marshmallow", "openpyxl", "tablib", "requests", "yaml", "sqlparse",
    "psutil", "pythonjsonlogger.json",
)  # fmt: skip
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
SECONDS = 900
"""Generous: a command that hangs is found out by this, a machine that is slow is not."""
DESCRIPTORS = 3
"""Of a command: where its exit code is told, its output, its errors."""


def python(words: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What `python` with these words said in the project's folder, and its exit code.

    words: a file of the folder, "-m" and a module or "-c" and code, and arguments. What takes longer than
    `SECONDS` is ended by SIGALRM.
    """
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        with theirs:
            socket.send_fds(_starter(), [b"!"], [theirs.fileno(), output.fileno(), errors.fileno()])
        ours.sendall(json.dumps({"words": list(words), "environment": environment}).encode())
        ours.shutdown(socket.SHUT_WR)
        told = ours.makefile().read()
        if not told:
            raise RuntimeError("the process that starts commands has ended")
        said = [_text(file.fileno()) for file in (output, errors)]
    return subprocess.CompletedProcess([sys.executable, *words], int(told), *said)


def _text(descriptor: int) -> str:
    """All of a file, wherever whoever wrote it left off."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()


@cache
def _starter() -> socket.socket:
    """The line to it; it ends when this process does."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.starter", str(theirs.fileno())], cwd=PROJECT,
            env=os.environ | THREADS, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    atexit.register(_stop, ours, process)
    return ours


def _stop(line: socket.socket, process: subprocess.Popen[bytes]) -> None:
    line.close()
    process.wait()


def main(line: socket.socket) -> None:
    for name in LIBRARIES:
        import_module(name)
    # Those that saw a command through to its end are waited for by nobody.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        _, descriptors, _, _ = socket.recv_fds(line, 1, DESCRIPTORS)
        if not descriptors:
            return None
        if os.fork() == 0:
            line.close()
            return _see_through(*descriptors)
        for each in descriptors:
            os.close(each)


def _see_through(line: int, output: int, errors: int) -> None:
    """Have the command run in a process below this one, and tell its exit code. Returns in that one
    only."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=line) as told:
        asked = json.load(told.makefile())
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            with contextlib.suppress(BrokenPipeError):  # whoever asked has ended
                told.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
    signal.alarm(SECONDS)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[0], sys.argv = str(PROJECT), asked["words"]
    if sys.argv[0] == "-c":
        exec(sys.argv.pop(1), {"__name__": "__main__"})
    elif sys.argv[0] == "-m":
        runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
