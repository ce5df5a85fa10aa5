"""A PostgreSQL server of the tests' own, in a temporary folder, listening on a socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

# PostgreSQL refuses to run as root; Debian's package brings this user, and every Unix has the other.
SERVANTS = ("postgres", "nobody")
# pg_ctl waits for what it was told to do; a busy machine takes its time.
PATIENT = ("-w", "-t", "300")


def programs() -> Path | None:
    """The folder with initdb and pg_ctl: on the PATH, or where Debian keeps them."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def running_postgres(bin_dir: Path, *, durable: bool = False) -> Iterator[str]:
    """The DATABASE_URL of an empty database on a server that is gone afterwards.

    durable: whether a commit waits for the disk, as in a shop; tests need not.
    """
    folder = Path(tempfile.mkdtemp(prefix="shopreco-pg-"))
    prefix = _as_servant(folder)
    data = folder / "data"
    options = (
        f"unix_socket_directories = '{folder}'\nlisten_addresses = ''\nfsync = {'on' if durable else 'off'}\n"
    )
    try:
        _do(prefix, bin_dir / "initdb", "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8")
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(options)
        _do(prefix, bin_dir / "pg_ctl", "-D", data, "-l", folder / "log", *PATIENT, "start")
        _do(prefix, bin_dir / "createdb", "-h", folder, "-U", "shop", "shop")
        yield f"postgres://shop@{str(folder).replace('/', '%2F')}/shop"
    finally:
        subprocess.run(
            [*prefix, bin_dir / "pg_ctl", "-D", data, "-m", "immediate", "stop"], capture_output=True
        )
        shutil.rmtree(folder, ignore_errors=True)


def pg_ctl(url: str, bin_dir: Path, *words: str) -> None:
    """Tell the server of `running_postgres` something: pg_ctl(url, bin_dir, "-m", "fast", "stop")."""
    data = data_of(url)
    log = data.parent / "log"
    _do(_as_servant(data.parent), bin_dir / "pg_ctl", "-D", data, "-l", log, *PATIENT, *words)


def data_of(url: str) -> Path:
    """Where the server of `running_postgres` keeps its data."""
    return Path(unquote(urlsplit(url).hostname or "")) / "data"


def _as_servant(folder: Path) -> list[str]:
    if os.getuid() != 0:
        return []
    names = {user.pw_name for user in pwd.getpwall()}
    servant = next(name for name in SERVANTS if name in names)
    shutil.chown(folder, servant)
    return ["runuser", "-u", servant, "--"]


def _do(prefix: list[str], *command: object) -> None:
    done = subprocess.run([*prefix, *map(str, command)], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
