"""Rate 5 of 20: the progress and the list follow each rating in place, and without JavaScript."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.steps import given, star, stars, whole

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/recommendations/onboarding/"


def asked(page: Page) -> list[str]:
    return [card.get_attribute("data-sku") or "" for card in page.locator(".onboarding-card").all()]


def picks(page: Page) -> list[str]:
    return whole(page).locator(".onboarding-pick a").all_inner_texts()


def rate(page: Page, sku: str, value: int) -> None:
    """A tap in the middle of the screen, where no message covers the stars."""
    star(page, sku, value).evaluate("star => { star.scrollIntoView({block: 'center'}); star.click(); }")


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_progress_and_list_follow_each_rating_in_place(
    open_browser: OpenBrowser, size: tuple[int, int], theme: str
) -> None:
    page = open_browser(size=size, theme=theme)
    page.goto("/")
    page.get_by_role("link", name="Rate 5 things").click()
    page.wait_for_url(f"**{PAGE}")
    products = asked(page)
    assert len(products) == 20
    expect(page.locator(".onboarding-pick")).to_have_count(0)
    page.evaluate("window.stillHere = true")
    seen = []
    for number, sku in enumerate(products[:5], start=1):
        rate(page, sku, 5 if sku.startswith("garden") else 1)
        expect(page.locator("#onboarding-progress")).to_contain_text(f"{number} of 5")
        expect(page.locator(".onboarding-pick").first).to_be_visible()
        assert given(page, sku)
        seen.append(picks(page))
    star(page, products[-1], 5).scroll_into_view_if_needed()
    expect(page.locator("#onboarding-list")).to_be_in_viewport()
    expect(page.locator("#onboarding-progress")).to_be_in_viewport()
    assert asked(page) == products
    assert any(one != other for one, other in pairwise(seen))
    # Of 32 products 20 are asked about; the few that are left are mixed for variety.
    assert sum(title.startswith("Garden") for title in seen[-1]) > len(seen[-1]) / 2
    assert page.evaluate("window.stillHere"), "the page was loaded anew"
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= size[0], "the page scrolls sideways"
    page.get_by_role("link", name="See your whole list").click()
    expect(page.get_by_role("heading", name="For you")).to_be_visible()


def test_the_same_without_javascript(open_browser: OpenBrowser) -> None:
    page = open_browser(javascript=False)
    page.goto(PAGE)
    for number, sku in enumerate(asked(page)[:2], start=1):
        star(page, sku, 5).check()
        stars(page, sku).get_by_role("button", name="Save").click()
        assert page.url.endswith(PAGE)
        expect(page.locator("#onboarding-progress")).to_contain_text(f"{number} of 5")
        assert picks(page)


def test_skip_leads_home(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto(PAGE)
    page.get_by_role("link", name="Skip", exact=True).click()
    expect(page.locator("#hero-title")).to_be_visible()
