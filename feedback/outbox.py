"""What must follow a commit, noted in the same transaction: done at once, or by the beat after any crash.

For effects outside the database, such as a cache. Whatever can be counted from rows that are there anyway
needs no entry (docs/adr/0016-an-outbox-for-what-leaves-the-database.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from feedback.models import OutboxEntry

logger = logging.getLogger(__name__)
Payload = dict[str, Any]
Deed = Callable[[Payload], object]
NEVER_MIND = timedelta(0)


@dataclass(frozen=True)
class Handler:
    """What an entry of a kind asks for. It may be done more than once, and by two processes at a time.

    until: how long after the entry was made it is done again at every round, for effects that a request which
    had begun before can still undo.
    """

    deed: Deed
    until: timedelta


_handlers: dict[str, Handler] = {}


def handles(kind: str, *, until: timedelta = NEVER_MIND) -> Callable[[Deed], Deed]:
    """Register what is done for entries of a kind."""

    def register(deed: Deed) -> Deed:
        _handlers[kind] = Handler(deed, until)
        return deed

    return register


def post(kind: str, payload: Payload, *, now: datetime) -> OutboxEntry:
    """Note what has to follow, in the caller's transaction; it is tried right after the commit.

    payload: ids, as JSON. No names and no contents: the entry may outlive what it speaks of.
    """
    entry = OutboxEntry.objects.create(kind=kind, payload=payload, created_at=now)
    transaction.on_commit(lambda: _try(entry.pk, now=now), robust=True)
    return entry


def catch_up(*, now: datetime) -> int:
    """Do what is still noted, oldest first; how many were struck off. One that fails stops no other."""
    waiting = list(OutboxEntry.objects.order_by("pk").values_list("pk", flat=True))
    return sum(_try(entry_id, now=now) for entry_id in waiting)


def _try(entry_id: int, *, now: datetime) -> bool:
    """Do one entry; whether it could be struck off. A failure is logged and tried again by the beat."""
    try:
        return _do(entry_id, now=now)
    except Exception:
        logger.exception("outbox entry %d failed; it is tried again", entry_id)
        return False


def _do(entry_id: int, *, now: datetime) -> bool:
    entries = OutboxEntry.objects.filter(pk=entry_id)
    # Where rows can be locked, what another process is at is left to it. SQLite could only lock everybody out
    # for as long as the deed takes; there it may be done twice.
    can_lock = connection.features.has_select_for_update_skip_locked
    with transaction.atomic() if can_lock else nullcontext():
        entry = (entries.select_for_update(skip_locked=True) if can_lock else entries).first()
        if entry is None:
            return False
        handler = _handlers[entry.kind]
        handler.deed(entry.payload)
        if now < entry.created_at + handler.until:
            return False
        return bool(entries.delete()[0])
