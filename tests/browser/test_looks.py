"""Every main page: no wider than the screen, and nothing too small to hit."""

from __future__ import annotations

import pytest

from tests.browser.conftest import PHONE, OpenBrowser
from tests.browser.pages import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_the_screen(open_browser: OpenBrowser, width: int) -> None:
    page = open_browser(size=(width, 844))
    for address in PAGES.values():
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_every_target_is_at_least_24_pixels(open_browser: OpenBrowser) -> None:
    """Links inside a sentence are excepted, as the standard does; a card's title link spans its card."""
    page = open_browser(size=PHONE)
    for address in PAGES.values():
        page.goto(address)
        small = page.evaluate(
            """() => [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden])")]
                .filter(each => each.checkVisibility() && !each.matches(".skip-link, .stretched-link, p a"))
                .map(each => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
                .filter(([, box]) => box.width < 24 || box.height < 24)
                .map(([what, box]) => `${what} ${box.width}x${box.height}`)"""
        )
        assert small == [], address
