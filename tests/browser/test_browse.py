"""Browsing and searching as a shopper does it: with mouse, keyboard, phone, and without JavaScript."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.steps import cards, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def count(page: Page) -> str:
    return page.locator("[data-count]").inner_text()


def back(page: Page) -> None:
    """The browser's own button; what follows is a reload that the caller waits for by what it shows."""
    page.evaluate("history.back()")


def test_filters_chips_and_the_back_button(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/")
    page.locator("#filters").get_by_role("link", name="Garden 16 products").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Garden")
    assert page.url.endswith("/products/?department=garden")
    assert all(sku.startswith("garden-") for sku in cards(page))
    page.get_by_role("link", name="Under £20").click()
    expect(page.get_by_role("link", name="Remove Up to £19.99")).to_be_visible()
    expect(page.locator("#count-said")).to_have_text(count(page))
    page.get_by_role("link", name="Remove Garden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All products")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    back(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Garden")
    expect(page.get_by_role("link", name="Remove Up to £19.99")).to_be_visible()
    page.wait_for_load_state()
    page.goto("/products/?department=garden&max_price=19.99")  # as somebody the address was shared with
    expect(page.get_by_role("heading", level=1)).to_have_text("Garden")
    expect(page.get_by_role("link", name="Remove Up to £19.99")).to_be_visible()


def test_a_ticked_box_keeps_the_focus_and_a_sort_its_filters(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/?q=thing")
    box = page.get_by_label("garden brand")
    box.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="Remove garden brand")).to_be_visible()
    expect(page.get_by_label("garden brand")).to_be_checked()
    expect(page.get_by_label("garden brand")).to_be_focused()
    page.get_by_label("Sort by").select_option("Price, high to low")
    expect(page).to_have_url(page.url.split("?")[0] + "?q=thing&brand=garden+brand&sort=-price")
    assert cards(page)[0] == "garden-15"


def test_pages_turn_and_turn_back(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/products/")
    first = cards(page)
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(page.url.split("?")[0] + "?page=2")
    assert not set(first) & set(cards(page))
    until(page, "window.scrollY === 0")
    back(page)
    expect(page.locator("[aria-current=page]")).to_have_text("Page 1")
    assert cards(page) == first


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_suggestions_by_keyboard(open_browser: OpenBrowser, size: tuple[int, int]) -> None:
    page = open_browser(size=size)
    page.goto("/products/")
    field = page.get_by_role("combobox", name="Search products")
    field.press_sequentially("gard")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("Garden")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "suggest-1")
    field.press("ArrowUp")  # back in the field
    expect(field).not_to_have_attribute("aria-activedescendant", "suggest-1")
    field.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("gard")
    field.press("ArrowDown")
    assert Axe().run(page).violations_count == 0
    field.press("Enter")
    page.wait_for_url("**/products/?department=garden")


def test_enter_without_a_choice_searches_for_what_was_typed(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/")
    field = page.get_by_role("combobox", name="Search products")
    field.press_sequentially("gardne")
    expect(page.get_by_role("option").first).to_be_visible()
    field.press("Enter")
    page.wait_for_url("**/products/?q=gardne")
    expect(page.get_by_text("Showing results for garden")).to_be_visible()


def test_the_filter_sheet_of_a_phone_stays_open_while_choosing(open_browser: OpenBrowser) -> None:
    page = open_browser(size=PHONE)
    page.goto("/products/")
    sheet = page.get_by_role("complementary", name="Filters")
    expect(sheet).not_to_be_visible()
    page.get_by_role("button", name="Filters", exact=True).click()
    expect(sheet).to_be_visible()
    page.get_by_label("garden brand").check()
    expect(page.get_by_role("button", name="Show 16 products")).to_be_visible()
    expect(sheet).to_be_visible()
    page.get_by_label("kitchen brand").check()
    page.get_by_role("button", name="Show 32 products").click()
    expect(sheet).not_to_be_visible()
    expect(page.get_by_role("link", name="Remove kitchen brand")).to_be_visible()
    page.get_by_role("button", name="Filters 2 on").click()
    page.keyboard.press("Escape")
    expect(sheet).not_to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everything_works_without_javascript(open_browser: OpenBrowser, size: tuple[int, int]) -> None:
    page = open_browser(size=size, javascript=False)
    page.goto("/products/")
    page.get_by_label("Search products").fill("thing")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**/products/?q=thing")
    if size == PHONE:
        page.get_by_role("button", name="Filters", exact=True).click()
    page.get_by_label("garden brand").check()
    page.get_by_label("to", exact=True).fill("15")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-count]")).to_have_text("5 products")
    page.get_by_label("Sort by").select_option("Price, low to high")
    page.get_by_role("button", name="Sort").click()
    assert cards(page)[0] == "garden-0"
    page.get_by_role("link", name="Remove garden brand").click()
    expect(page.locator("[data-count]")).to_have_text("10 products")
    page.get_by_role("link", name="Clear all").click()
    page.get_by_role("link", name="Next").click()
    expect(page.locator("[aria-current=page]")).to_have_text("Page 2")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_listings_of_every_state_are_accessible_and_fit(open_browser: OpenBrowser, theme: str) -> None:
    for size in (DESKTOP, (320, 640)):
        page = open_browser(size=size, theme=theme)
        for address in (
            "?q=thing&brand=garden+brand&rating=4&in_stock=1&sort=price",
            "?q=gardne",
            "?q=nothing+like+it&brand=garden+brand&brand=Nobody",
        ):
            page.goto(f"/products/{address}")
            results = Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address
        if size != DESKTOP:
            page.goto("/products/")
            page.get_by_role("button", name="Filters", exact=True).click()
            results = Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
