"""A Django view with one trivial query to PostgreSQL and nothing else: what a connection costs a request.

`CONNECTIONS` names how connections are kept (a key of `WAYS`). Any server can run it.
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import re_path
from environs import Env

SMALL_POOL = {"min_size": 1, "max_size": 8, "timeout": 5}
PREPARED = {"server_side_binding": True, "prepare_threshold": 5}
WAYS: dict[str, dict[str, Any]] = {
    "a connection per request": {},
    "pool": {"OPTIONS": {"pool": SMALL_POOL}},
    "pool, prepared statements": {"OPTIONS": {"pool": SMALL_POOL} | PREPARED},
    "kept": {"CONN_MAX_AGE": 60},
    "kept, looked after": {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True},
    "kept, looked after, prepared statements": {
        "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": PREPARED,
    },
}  # fmt: skip
QUERY = "SELECT id, external_id, consent, feedback_version FROM feedback_shopper WHERE external_id = %s"


def one_query(request: HttpRequest, **_: str) -> JsonResponse:
    shopper = request.path.split("/")[4] if request.path.startswith("/api/v1/shoppers/") else "s1"
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [shopper])
        row = cursor.fetchone()
    answer = JsonResponse({"shopper": row})
    answer["Content-Length"] = str(len(answer.content))
    return answer


urlpatterns = [re_path(r"^", one_query)]
env = Env()
settings.configure(
    ROOT_URLCONF="benchmarks.one_query", ALLOWED_HOSTS=["*"], MIDDLEWARE=[], DEBUG=False, SECRET_KEY="unused",
    DATABASES={"default": env.dj_db_url("DATABASE_URL") | WAYS[os.environ.get("CONNECTIONS", "pool")]},
)  # fmt: skip
application = get_wsgi_application()
asgi = get_asgi_application()
