"""axe-core finds nothing on any main page, whatever the impact, in both themes."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.pages import PAGES
from tests.browser.steps import cards, said, star

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def violations(page: Page, name: str) -> list[str]:
    """What axe has against the page, in one line each."""
    results = Axe().run(page)
    return [
        f"{name}: {each['id']} ({each['impact']}): {node['html'][:140]} {node['failureSummary'][:200]}"
        for each in results.response["violations"]
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_on_any_page(open_browser: OpenBrowser, theme: str, size: tuple[int, int]) -> None:
    page = open_browser(theme=theme, size=size)
    found = []
    for name, address in PAGES.items():
        page.goto(address)
        found += violations(page, name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_after_a_star_with_the_reasons_open(open_browser: OpenBrowser, theme: str) -> None:
    page = open_browser(theme=theme)
    page.goto("/")
    star(page, cards(page, "#rails")[0], 5).click()
    expect(said(page).get_by_role("button", name="Undo")).to_be_visible()
    mine = page.locator('[data-rail="for-you"]')
    mine.locator(".why summary").first.click()
    expect(mine.locator(".why-panel").first).to_be_visible()
    assert not (found := violations(page, "home with a list of one's own")), "\n".join(found)
    page.goto("/about/recommendations/")
    for summary in page.locator(".about summary").all():
        summary.click()
    assert not (found := violations(page, "about, opened")), "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_on_the_pages_of_trouble(open_browser: OpenBrowser, theme: str) -> None:
    # The browser itself notes that the page answered with 404 or 403.
    page = open_browser(theme=theme, watched=False)
    found = []
    for name, address in {"not found": "/products/none/", "forbidden": "/orders/1/"}.items():
        page.goto(address)
        assert page.locator(".trouble-page").count() == 1, name
        found += violations(page, name)
    assert not found, "\n".join(found)
