"""A real Chromium on a real server with a really trained model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser import chromium as program
from tests.browser import server
from tests.browser.steps import PATIENCE
from tests.shop import Shop, open_trained_shop

# Playwright's own event loop runs in this thread; Django would refuse the database beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
DESKTOP, PHONE = (1280, 900), (390, 844)
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = program.launched(playwright, timeout=2 * PATIENCE)
        if browser is None:
            pytest.skip(f"No Chromium: {program.HOW_TO_GET}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """pytest-django's, with a server that can be waited for."""
    started = server.start()
    yield started
    started.stop()


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return open_trained_shop()


# What htmx says of a request that was still on its way when its page was left or closed. What failed in
# another way it calls by another name, too.
BROKEN_OFF = ("htmx:afterRequest,", "htmx:sendAbort,")


@dataclass
class Complaints:
    """What a shopper never sees but should not be there: console errors, requests to other hosts."""

    host: str
    console: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self._see(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(BROKEN_OFF):
            self.console.append(message.text)

    def _see(self, url: str) -> None:
        if not url.startswith((self.host, "data:")):
            self.elsewhere.append(url)


OpenBrowser = Callable[..., Page]


@pytest.fixture
def open_browser(chromium: Browser, live_server: LiveServer, shop: Shop) -> Iterator[OpenBrowser]:
    """A new visitor's page; at the end nothing may have been complained about."""
    contexts: list[BrowserContext] = []
    complaints = Complaints(live_server.url)

    def opened(
        *,
        size: tuple[int, int] = DESKTOP,
        javascript: bool = True,
        theme: Any = "light",
        watched: bool = True,
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": size[0], "height": size[1]},
            java_script_enabled=javascript, color_scheme=theme, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        if watched:
            complaints.listen(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    # What a page sent last (a beacon, a rail nobody waited for) is answered before the database is emptied.
    server.httpd(live_server).wait_until_idle()
    assert complaints.console == []
    assert complaints.elsewhere == []
