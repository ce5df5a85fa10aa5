"""What a shopper does and sees, in the words of the tests."""

from __future__ import annotations

import time

from playwright.sync_api import Locator, Page

# Milliseconds until something is given up that a machine with nothing else to do has at once: how long it
# takes is none of these tests' business, and a deadline that is not reached costs nothing.
PATIENCE = 90_000


def until(page: Page, condition: str) -> None:
    """Ask the page again and again: its security policy lets nobody wait inside it."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"{condition}: not within {PATIENCE / 1000:.0f} s"
        page.wait_for_timeout(50)


def whole(page: Page) -> Page:
    """The page with all of its text: a click returns as soon as the next page begins to come."""
    page.wait_for_load_state("domcontentloaded")
    return page


def cards(page: Page, inside: str = "#list") -> list[str]:
    """The SKUs of the cards, in order: all of the same moment, should the list be about to change."""
    ids: list[str] = (
        whole(page)
        .locator(f"{inside} .product-card .rate")
        .evaluate_all("forms => forms.map(form => form.id)")
    )
    return [each.removeprefix("stars-") for each in ids]


def stars(page: Page, sku: str) -> Locator:
    return page.locator(f'[id="stars-{sku}"]')


def star(page: Page, sku: str, value: int) -> Locator:
    return page.locator(f'[id="star-{sku}-{value}"]')


def given(page: Page, sku: str) -> int:
    """How many stars the product's form shows as given."""
    checked = stars(whole(page), sku).locator("input[type=radio]:checked")
    return int(checked.get_attribute("value") or 0) if checked.count() else 0


def said(page: Page) -> Locator:
    return page.locator("#status")


def look_up(page: Page, external_id: str) -> None:
    page.goto("/")
    page.get_by_label("See the shop as one of its shoppers").fill(external_id)
    page.get_by_role("button", name="Show their list").click()
    page.wait_for_url("**/recommendations/**")
