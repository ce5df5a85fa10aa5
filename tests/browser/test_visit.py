"""One visit through every part of the shop, in each of its appearances: wide and narrow, light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.steps import cards, given, said, star
from tests.browser.test_basket import ADDRESS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fits(page: Page, theme: str) -> None:
    """No page is wider than the screen, and each is in the colours that were asked for."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    assert page.evaluate("document.documentElement.dataset.bsTheme") == theme


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_the_first_star_to_being_forgotten(
    open_browser: OpenBrowser, size: tuple[int, int], theme: str
) -> None:
    page = open_browser(size=size, theme=theme)
    first = _get_to_know(page, theme)
    _home(page, theme)
    _browse(page, theme)
    _product(page, theme, "garden-3" if first != "garden-3" else "garden-2")
    _why(page, theme)
    _wish_from_a_card(page, theme)
    _order(page, theme)
    _about(page, theme)
    _account(page, theme)


def _get_to_know(page: Page, theme: str) -> str:
    page.goto("/")
    fits(page, theme)
    page.get_by_role("link", name="Rate 5 things").click()
    sku = page.locator(".onboarding-card").first.get_attribute("data-sku") or ""
    star(page, sku, 5).click()
    expect(page.locator("#onboarding-progress")).to_contain_text("1 of 5")
    expect(page.locator(".onboarding-pick").first).to_be_visible()
    fits(page, theme)
    return sku


def _home(page: Page, theme: str) -> None:
    page.goto("/")
    expect(page.locator("#rail-for-you")).to_be_visible()
    page.locator('[data-rail="because"]').scroll_into_view_if_needed()
    expect(page.locator("#rail-because")).to_contain_text("Because you rated")
    fits(page, theme)


def _browse(page: Page, theme: str) -> None:
    page.get_by_role("combobox", name="Search products").fill("gardn thing")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".spelling")).to_contain_text("garden")
    # A page that is not there yet does not hear of the choice.
    page.wait_for_load_state()
    page.get_by_label("Sort by").select_option("for-you")
    page.wait_for_url("**sort=for-you**")
    expect(page.locator("#list .product-card").first).to_be_visible()
    fits(page, theme)


def _product(page: Page, theme: str, sku: str) -> None:
    page.goto(f"/products/{sku}/")
    star(page, sku, 4).click()
    expect(said(page).get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_role("heading", name="Your rating")).to_be_visible()
    expect(page.get_by_role("heading", name="Similar products")).to_be_visible()
    expect(page.get_by_role("heading", name="What shoppers gave it")).to_be_visible()
    assert given(page, sku) == 4
    fits(page, theme)


def _why(page: Page, theme: str) -> None:
    page.goto("/recommendations/")
    first = page.locator("#list .product-card").first
    sku = first.get_attribute("data-sku")
    first.locator(".why summary").click()
    expect(first.locator(".why-panel")).to_contain_text("What you did that speaks for it")
    fits(page, theme)
    first.get_by_role("button", name="Not interested in this").click()
    expect(page.locator(f'#list .product-card[data-sku="{sku}"]')).to_have_count(0)


def _wish_from_a_card(page: Page, theme: str) -> None:
    """The heart is told apart from "not interested", which is in the same corner."""
    page.goto("/")
    sku = cards(page, '[data-rail="for-you"]')[1]
    heart = page.locator(f'[id="heart-{sku}"]')
    expect(heart).to_have_attribute("aria-pressed", "false")
    heart.click()
    expect(said(page)).to_contain_text("is on the wishlist")
    expect(page.locator(f'[data-rail="for-you"] [id="heart-{sku}"][aria-pressed="false"]')).to_have_count(0)
    page.goto("/accounts/wishlist/")
    expect(page.locator(".wish-row")).to_have_count(1)
    fits(page, theme)


def _order(page: Page, theme: str) -> None:
    page.locator(".wish-row").get_by_role("button", name="Add").click()
    expect(said(page)).to_contain_text("is in your basket")
    page.get_by_role("link", name="Basket with 1 item").click()
    fits(page, theme)
    page.get_by_role("link", name="Go to checkout").click()
    fits(page, theme)
    for label, words in ADDRESS.items():
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="Thank you, Anna Acker")).to_be_visible()
    fits(page, theme)


def _about(page: Page, theme: str) -> None:
    page.goto("/about/recommendations/")
    expect(page.get_by_role("heading", name="The model at work")).to_be_visible()
    fits(page, theme)


def _account(page: Page, theme: str) -> None:
    page.goto("/accounts/sign-up/")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password", exact=True).fill("velvet-chair-9")
    page.get_by_label("Password confirmation").fill("velvet-chair-9")
    page.get_by_role("button", name="Create the account").click()
    expect(said(page)).to_contain_text("is in your account now")
    page.goto("/accounts/")
    tiles = page.locator(".area-tiles")
    for words in ("2 ratings", "1 wish", "1 order", "1 not for you"):
        expect(tiles).to_contain_text(words)
    fits(page, theme)
    page.goto("/accounts/data/")
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_role("heading", name="Personalisation is off")).to_be_visible()
    page.goto("/accounts/data/delete/")
    page.get_by_label("Your password").fill("velvet-chair-9")
    page.get_by_role("button", name="Delete it all").click()
    expect(said(page)).to_contain_text("deleted")
    page.goto("/accounts/")
    expect(page.locator(".area-tiles")).to_contain_text("0 ratings")
    fits(page, theme)
