"""What a shopper does and sees, in the words of the tests."""

from __future__ import annotations

from playwright.sync_api import Locator, Page


def cards(page: Page, inside: str = "#list") -> list[str]:
    """The SKUs of the cards, in order."""
    forms = page.locator(f"{inside} .product-card .rate").all()
    return [(form.get_attribute("id") or "").removeprefix("stars-") for form in forms]


def stars(page: Page, sku: str) -> Locator:
    return page.locator(f'[id="stars-{sku}"]')


def star(page: Page, sku: str, value: int) -> Locator:
    return page.locator(f'[id="star-{sku}-{value}"]')


def given(page: Page, sku: str) -> int:
    """How many stars the product's form shows as given."""
    checked = stars(page, sku).locator("input[type=radio]:checked")
    return int(checked.get_attribute("value") or 0) if checked.count() else 0


def said(page: Page) -> Locator:
    return page.locator("#status")


def look_up(page: Page, external_id: str) -> None:
    page.goto("/")
    page.get_by_label("See the shop as one of its shoppers").fill(external_id)
    page.get_by_role("button", name="Show their list").click()
    page.wait_for_url("**/recommendations/**")
