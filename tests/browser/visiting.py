"""Being somebody in a test's Chromium."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page

from feedback.identity import SESSION_KEY
from feedback.models import Shopper


def be(page: Page, shopper: Shopper) -> None:
    """Give the browser the session of the anonymous shopper."""
    session = SessionStore()
    session[SESSION_KEY] = shopper.pk
    session.create()
    key = session.session_key
    assert key is not None
    address = page.context.new_page()
    address.goto("/robots.txt")
    url = address.url
    address.close()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])
