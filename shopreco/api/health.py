"""Whether the shop can serve: database, triggers, cache, live model, beat and workers, looked at for real."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection

from catalog.changes import watching
from recommendations import background
from recommendations.models import ModelVersion
from recommendations.registry import age, live_version
from recommendations.serving import index
from shopreco.databases import drop_dead_connections

logger = logging.getLogger(__name__)
PROBE_SECONDS = 10
UNREADABLE = "The model versions cannot be read; has the database been migrated?"

UNNOTICED = (
    "A migration is running or was killed: changed prices, hidden products, rules and keys are not noticed. "
    "The beat puts that right when no migration runs."
)


class Health(StrEnum):
    READY = "ready"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


def look_at_everything(*, now: datetime) -> tuple[Health, dict[str, dict[str, Any]]]:
    """The shop's health, and each check by name. Only the database is needed to serve."""
    checks = {"database": _database(), "cache": _cache()}
    for name, check in (("triggers", _triggers), ("model", _model), ("background", _background)):
        checks[name] = check(now) if checks["database"]["status"] == "ok" else {"status": "unknown"}
    if checks["database"]["status"] != "ok":
        return Health.UNAVAILABLE, checks
    healthy = all(check["status"] == "ok" for check in checks.values())
    return (Health.READY if healthy else Health.DEGRADED), checks


def _database() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        logger.error("database unreachable: %s", error)
        drop_dead_connections(error)
        return {"status": "down", "detail": "The database cannot be reached; nothing can be served."}
    return {"status": "ok"}


def _cache() -> dict[str, Any]:
    # The cache backend forgives an unreachable server, so only what comes back proves that it is there.
    key, sent = f"health:{secrets.token_hex(8)}", secrets.token_hex(8)
    cache.set(key, sent, timeout=PROBE_SECONDS)
    if cache.get(key) != sent:
        return {"status": "down", "detail": "Redis cannot be reached; pages work, only slower."}
    cache.delete(key)
    return {"status": "ok"}


def _triggers(now: datetime) -> dict[str, Any]:
    try:
        is_there = watching.is_there()
    except DatabaseError as error:
        logger.error("triggers cannot be looked for: %s", error)
        return {"status": "down", "detail": "The database does not say which triggers it has."}
    return {"status": "ok"} if is_there else {"status": "missing", "detail": UNNOTICED}


def _background(now: datetime) -> dict[str, Any]:
    try:
        seen = background.look(gone_after=settings.SHOPRECO_WORKER_GONE_AFTER, now=now)
    except DatabaseError as error:
        logger.error("rounds and runs cannot be read: %s", error)
        return {"status": "down", "detail": UNREADABLE}
    told: dict[str, Any] = {"status": "ok"}
    if seen.trouble:
        told = {"status": "missing" if seen.is_new else "down", "detail": seen.trouble}
    if seen.seen_at is not None:
        told["seen_seconds_ago"] = age(seen.seen_at, now=now)
    return told


def _model(now: datetime) -> dict[str, Any]:
    try:
        version, serving = live_version(), index.live_model()
    except DatabaseError as error:
        logger.error("model versions cannot be read: %s", error)
        return {"status": "down", "detail": UNREADABLE}
    if version is None:
        return {"status": "missing", "detail": "No model is live; shoppers get what is trending or new."}
    if serving is None:
        return {"status": "down", "detail": f"{_trouble_of(version)}; shoppers get what is trending."}
    told = {"version": serving.version, "age_seconds": age(serving.created_at, now=now)}
    if serving.version != version.pk:
        if index.comes(version):
            return {"status": "ok", "detail": f"Version {version.pk} is being loaded.", **told}
        return {"status": "down", "detail": f"{_trouble_of(version)}; an older one serves.", **told}
    return {"status": "ok", **told}


def _trouble_of(version: ModelVersion) -> str:
    if index.comes(version):
        return f"Version {version.pk} is being loaded"
    if index.is_refused(version):
        return "The live model's files are damaged or not signed"
    return (
        "The live model cannot be loaded now, such as missing files or too little memory, and is tried again"
    )
