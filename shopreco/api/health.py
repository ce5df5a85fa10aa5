"""Whether this process can serve: the database, the cache and the live model, each looked at for real."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection

from recommendations.registry import live_version

logger = logging.getLogger(__name__)
PROBE_SECONDS = 10


class Health(StrEnum):
    READY = "ready"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


def look_at_everything(*, now: datetime) -> tuple[Health, dict[str, dict[str, Any]]]:
    """The shop's health, and each check by name. Only the database is needed to serve."""
    checks = {"database": _database(), "cache": _cache()}
    checks["model"] = _model(now) if checks["database"]["status"] == "ok" else {"status": "unknown"}
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


def _model(now: datetime) -> dict[str, Any]:
    try:
        version = live_version()
    except DatabaseError as error:
        logger.error("model versions cannot be read: %s", error)
        return {
            "status": "down",
            "detail": "The model versions cannot be read; has the database been migrated?",
        }
    if version is None:
        return {"status": "missing", "detail": "No model is live; shoppers get what is trending or new."}
    age = now - (version.published_at or version.created_at)
    return {"status": "ok", "version": version.pk, "age_seconds": max(0, round(age.total_seconds()))}
