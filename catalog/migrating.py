"""`migrate` takes the triggers and the search index away; here they are put back when it does not do so."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from django.db import connections, transaction

from catalog.changes import watching
from catalog.search import index

logger = logging.getLogger(__name__)
PARTS: tuple[ModuleType, ...] = (watching, index)
# Any number that nothing else in the database locks.
LOCK = 5_409_730_017
# Shorter than PostgreSQL looks for deadlocks: whoever waits for a table has everybody else wait behind it.
PATIENCE = "500ms"
WAITING = "Another migrate is at work; waiting for it."


def after_failure(*, using: str) -> None:
    """Put back what can be; what cannot is logged, since the caller has an error of its own to tell."""
    for part in PARTS:
        try:
            if not connections[using].in_atomic_block:
                # The migration may have lost it.
                connections[using].close_if_unusable_or_obsolete()
            if not part.is_there(using=using):
                part.make_sure(using=using)
        except Exception:
            logger.exception("%s could not be put back after a migration that failed", part.__name__)


def catch_up(*, using: str = "default") -> None:
    """Put back what a killed `migrate` took away; nothing while one is at work.

    What is there stays, even where another version made it: during an upgrade workers of both are about.
    """
    if all(part.is_there(using=using) for part in PARTS):
        return
    # Whether a migration is pending does not tell: to a worker of before an upgrade none is while one runs,
    # and once it was killed some are. A lock that ends with its process says just whether one runs.
    with alone(using=using, wait=False) as is_alone:
        if not is_alone:
            return
        for part in PARTS:
            if not part.is_there(using=using) and _made(part, using):
                logger.warning("%s was missing and has been put back; was a migrate killed?", part.__name__)


def _made(part: ModuleType, using: str) -> bool:
    with transaction.atomic(using=using):
        if connections[using].vendor == "postgresql":
            with connections[using].cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        return bool(part.make_sure(using=using))


@contextmanager
def alone(*, using: str, wait: bool) -> Iterator[bool]:
    """Whether nobody else migrates or puts back meanwhile; with `wait` only once that is so."""
    connection: Any = connections[using]
    if connection.vendor == "postgresql":
        with _locked_number(connection, wait=wait) as is_alone:
            yield is_alone
    elif connection.is_in_memory_db() or not Path(connection.settings_dict["NAME"]).parent.is_dir():
        # Nobody else sees it, or nobody can.
        yield True
    else:
        with _locked_file(f"{connection.settings_dict['NAME']}.migrating", wait=wait) as is_alone:
            yield is_alone


@contextmanager
def _locked_file(name: str, *, wait: bool) -> Iterator[bool]:
    # Reading is enough for the lock: the file may be another user's.
    handle = os.open(name, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            logger.warning(WAITING)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield True
    finally:
        os.close(handle)


@contextmanager
def _locked_number(connection: Any, *, wait: bool) -> Iterator[bool]:
    # On a connection of its own, in a transaction of its own: migrations begin and end theirs, and behind a
    # pooler of transactions a session's lock would be anybody's.
    own = connection.copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            (is_alone,) = cursor.fetchone()
            if not is_alone and wait:
                logger.warning(WAITING)
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield is_alone or wait
    finally:
        own.close()
