"""gunicorn's settings in production; the environment changes what differs from shop to shop.

gunicorn -c deploy/gunicorn.conf.py shopreco.wsgi
"""

import contextlib
import gc
import importlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# A fold-in is a small matrix: splitting it over threads costs more than it brings, and starves others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_WORKERS", "4"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Before it takes a connection more, a process waits so many seconds for each it has, and so many at most.
TURN_SECONDS, LONGEST_TURN = 0.000_05, 0.000_5


class InTurn(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Threads whose connections are shared evenly between the processes.

    All processes are woken for a connection, and whichever is quickest takes it: of a proxy's, which are
    opened together and kept, one process would take nearly all, and other cores have nothing to do.
    """

    def accept(self, listener: Any) -> None:
        if workers > 1 and self.nr_conns:
            time.sleep(min(self.nr_conns * TURN_SECONDS, LONGEST_TURN))
        # Where another one took it meanwhile there is none to be had, which gunicorn expects.
        super().accept(listener)


worker_class = InTurn
# A request that takes longer than this is stuck; a worker that is told to stop may finish what it has begun.
timeout = 60
graceful_timeout = 30
# Longer than the proxy keeps its connections to here (nginx: 60 s): who closes first must be who asks, or a
# request is sent down a connection that is just being closed.
keepalive = 75
# No header says what is asked for, or below which prefix: proxies hand such names on from whoever sends them.
forwarder_headers = ""
# Against slow leaks of whatever library; spread, so that not all restart at once. At full load a process
# does half a million requests in some minutes, and its restart costs seconds of a core.
max_requests = 500_000
max_requests_jitter = 50_000
# shopreco.watching writes the log line of a request, with its id.
accesslog = None
errorlog = "-"
control_socket_disable = True

# Read by the main process before the others part from it: they share that memory, some 110 MB each. Only what
# needs no settings and, but for the compiled functions, is none of ours, so that a reload (SIGHUP) still
# takes new code; new versions of the libraries take a restart.
LIBRARIES = (
    "numpy", "numba", "scipy.sparse.linalg", "scipy.linalg", "scipy.special", "joblib",
    "django.core.handlers.wsgi", "django.db.models", "django.forms", "django.template.loader",
    "django.views.generic", "celery.app.base", "kombu", "redis", "psycopg_pool", "marshmallow",
    "openpyxl", "tablib", "yaml", "pythonjsonlogger.json",
)  # fmt: skip

# Of ours only functions on arrays, whose machine code is half of what numba takes.
ENGINE = Path(__file__).parent.parent / "recommendations" / "engine"


def _sources() -> dict[str, bytes]:
    """The modules of compiled functions, as they are now."""
    paths = (ENGINE / "compiling.py", *sorted(ENGINE.glob("compiled_*.py")))
    return {f"recommendations.engine.{path.stem}": path.read_bytes() for path in paths}


def _read_compiled() -> None:
    if str(ENGINE.parent.parent) not in sys.path:
        sys.path.insert(0, str(ENGINE.parent.parent))
    sources = _sources()
    for name in sources:
        importlib.import_module(name)
    sys.modules["recommendations.engine.compiling"].__dict__["read_all"]()
    # There it outlives a reload, which reads this file again but does not call `on_starting`.
    sys.modules["recommendations.engine"].__dict__["sources"] = sources


def _forget_changed() -> None:
    """Have a worker take compiled functions and their app anew if a reload brought others."""
    if sys.modules["recommendations.engine"].__dict__["sources"] != _sources():
        for name in [name for name in sys.modules if name.partition(".")[0] == "recommendations"]:
            del sys.modules[name]


# Named by this process, which a reload does not change, so that what a killed one left can be told.
_figures_of = "shopreco-figures-{}-".format


def _is_gone(pid: int) -> bool:
    # In a container every main process has the same number; what bears ours is of the one before.
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _sweep() -> None:
    """Remove the figures of main processes that were killed, once none of their workers answers any more."""
    for folder in Path(tempfile.gettempdir()).glob(_figures_of("[0-9]*") + "*"):
        with contextlib.suppress(OSError):  # another one sweeps it, or it is somebody else's
            counting = [path.name.removeprefix("web-") for path in folder.glob("web-*")]
            pids = [int(pid) for pid in (folder.name.split("-")[2], *counting)]
            if folder.stat().st_uid == os.getuid() and all(map(_is_gone, pids)):
                shutil.rmtree(folder, ignore_errors=True)


if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _sweep()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=_figures_of(os.getpid()))
_figures = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
_own_figures = _figures.name.startswith(_figures_of(os.getpid()))


def on_starting(server: Any) -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    _read_compiled()
    # What is there now is never garbage. Looked through for some all the same, it would be written to, and
    # what is written to is shared no more.
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    _forget_changed()
    # A killed main process leaves workers behind that finish what they are at, and count it.
    if _own_figures:
        (_figures / f"web-{os.getpid()}").touch()


def child_exit(server: Any, worker: Any) -> None:
    """What a process counted still counts, but it is no longer one that lives."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - only after the folder is named

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
    (_figures / f"web-{worker.pid}").unlink(missing_ok=True)


def on_exit(server: Any) -> None:
    if _own_figures:
        shutil.rmtree(_figures, ignore_errors=True)
        _sweep()
