"""Every main page: accessible in both themes, and no wider than the screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.steps import star

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = {
    "home": "/",
    "recommendations": "/recommendations/?shopper=garden-fan-0",
    "unknown shopper": "/recommendations/?shopper=nobody",
    "wrong filter": "/products/?min_price=9&max_price=2",
    "product": "/products/garden-0/?shopper=garden-fan-0",
    "listing": "/products/",
    "ratings": "/accounts/ratings/?shopper=garden-fan-0",
    "sign in": "/accounts/sign-in/",
    "sign up": "/accounts/sign-up/",
}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_accessibility_violation_on_any_page(
    open_browser: OpenBrowser, theme: str, size: tuple[int, int]
) -> None:
    page = open_browser(theme=theme, size=size)
    found = {}
    for name, address in PAGES.items():
        page.goto(address)
        if name == "home":
            star(page, "garden-0", 5).click()
            page.get_by_role("button", name="Undo").wait_for()
            page.locator("#rail-for-you").wait_for()
        results = Axe().run(page)
        if results.violations_count:
            found[name] = results.generate_report()
    assert found == {}, "\n".join(found.values())


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
