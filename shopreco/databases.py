"""How long a web process waits for the database, and how it gets over one that was away."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.db.utils import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError

# SQLSTATEs of PostgreSQL that say "not now", though Django files them under mistakes of the program:
# a read-only transaction, a transaction that was left idle for too long, one that took too long.
NOT_NOW = {"25006", "25P03", "25P04"}
# Statement cancelled for its time, lock not to be had in time.
WAITED = {"57014", "55P03"}
# When to try again what could not be done now.
RETRY_SECONDS = 5
# Operator intervention: told to stop, crashed, starting up, database dropped.
GONE = "57P"


def wait_as_web() -> None:
    """Give up soon on a database that is busy, slow or away; for processes that answer requests.

    Trainings, imports and migrations take the time they need. Connections made before are closed.
    """
    _close_all()
    database: dict[str, Any] = connections.settings[DEFAULT_DB_ALIAS]
    options = database.setdefault("OPTIONS", {})
    limits: dict[str, float] = settings.SHOPRECO_DB_TIMEOUTS
    if database["ENGINE"].endswith("sqlite3"):
        options["timeout"] = limits["lock_timeout"]
    elif database["ENGINE"].endswith("postgresql"):
        asked = [options["options"]] if options.get("options") else []
        asked += [f"-c {name}={round(1000 * seconds)}" for name, seconds in limits.items()]
        options["options"] = " ".join(asked)


def _close_all() -> None:
    for made in connections.all(initialized_only=True):
        made.close()
        if getattr(made, "pool", None) is not None:
            made.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's


def is_not_now(error: BaseException) -> bool:
    """Whether the database could not do it at the moment: away, too slow, locked, read-only, disk full."""
    if isinstance(error, InterfaceError | OperationalError):
        # SQLite calls a statement it does not understand operational, too.
        return getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return isinstance(error, Error) and _sqlstate(error) in NOT_NOW


def has_waited(error: BaseException) -> bool:
    """Whether the time for a lock or a statement is up: to try at once again would only take it twice."""
    return (
        _sqlstate(error) in WAITED
        or getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
    )


def drop_dead_connections(error: BaseException) -> None:
    """After a lost connection: the pool's others have gone the same way and must not cost a request each."""
    if not is_not_now(error):
        return
    state = _sqlstate(error)
    pool = getattr(connection, "pool", None)
    if pool is not None and (state is None or state.startswith(GONE)):
        pool.check()


def _sqlstate(error: BaseException) -> str | None:
    state: str | None = getattr(error.__cause__, "sqlstate", None)
    return state
