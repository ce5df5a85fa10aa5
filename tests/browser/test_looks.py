"""Every main page: no wider than the screen, and nothing too small to hit."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, OpenBrowser
from tests.browser.pages import PAGES
from tests.browser.steps import cards, said, star, until

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


def test_who_wants_no_motion_gets_none(open_browser: OpenBrowser) -> None:
    """The browsers of these tests ask for reduced motion: the glow, the message and the cards stand still."""
    page = open_browser()
    page.goto("/")
    assert page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
    star(page, cards(page, "#rails")[0], 5).click()
    expect(said(page).get_by_role("button", name="Undo")).to_be_visible()
    page.locator(".product-card").first.hover()
    moving = "document.getAnimations().filter(each => each.effect.getComputedTiming().duration > 1).length"
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    page.reload()
    page.locator(".product-card").first.hover()
    until(page, f"{moving} > 0")
