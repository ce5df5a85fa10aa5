"""What tests of the API share."""

from __future__ import annotations

from typing import Any

import pytest

from shopreco.cache import ForgivingRedisCache

ROOT = "/api/v1"
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "code"}


def problem_of(response: Any, status: int) -> dict[str, Any]:
    """The problem document of an answer, which must be one, of this status."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document.keys() - {"errors"} == PROBLEM_MEMBERS
    assert document["status"] == status
    return document


def wrong_fields(document: dict[str, Any]) -> set[str]:
    return {error["field"] for error in document["errors"]}


def take_redis_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the cache at a server that is not there; the next test's server is not held for dead."""
    monkeypatch.setattr(ForgivingRedisCache, "_down_until", 0.0)
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/redis.sock"}}
