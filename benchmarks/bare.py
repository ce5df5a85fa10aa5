"""The least a Django view can cost: no middleware, no database, the same bytes (`BARE_BODY`) every time."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import re_path

BODY = Path(os.environ["BARE_BODY"]).read_bytes()
LENGTH = {"Content-Length": str(len(BODY))}


def same_bytes(_request: HttpRequest, **_: str) -> HttpResponse:
    return HttpResponse(BODY, content_type="application/json", headers=LENGTH)


urlpatterns = [re_path(r"^", same_bytes)]
settings.configure(
    ROOT_URLCONF="benchmarks.bare", ALLOWED_HOSTS=["*"], MIDDLEWARE=[], DEBUG=False, SECRET_KEY="unused"
)
application = WSGIHandler()
asgi = ASGIHandler()
