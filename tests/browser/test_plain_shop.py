"""A shop imported from invoices: no departments, no pictures, no brands, titles in capitals, odd prices."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from catalog.models import Category, Product
from feedback.models import Rating, Shopper
from tests.browser.conftest import DESKTOP, PHONE, OpenBrowser
from tests.browser.steps import said, star, until
from tests.browser.test_accessibility import violations
from tests.feedback.importing import run_import, write_csv
from tests.feedback.test_import_online_retail import HEADER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
THINGS = [
    "HANGING HEART T-LIGHT HOLDER", "RETROSPOT LUNCH BAG", "PAPER CHAIN KIT 50'S CHRISTMAS", "ZINC SIGN",
    "REGENCY CAKESTAND 3 TIER", "ALARM CLOCK BAKELIKE", "DOORMAT UNION FLAG", "SET OF 4 KNICK KNACK TINS",
]  # fmt: skip
COLOURS = ["RED", "WHITE", "PINK", "BLUE", "IVORY"]
PRICES = [0.04, 0.19, 2.55, 11.02, 8142.75]
ADDRESSES = [
    "/?rails=inline", "/products/", "/products/?q=lunch+bag", "/products/100-1/", "/recommendations/",
    "/recommendations/onboarding/", "/about/recommendations/",
]  # fmt: skip


@pytest.fixture
def shop(transactional_db: None, tmp_path: Path) -> None:
    """Instead of the demo's: 40 products and the invoices of 30 customers of long ago, as UCI has them."""
    goods = [(f"10{at}-{number}", f"{colour} {thing}") for at, thing in enumerate(THINGS)
             for number, colour in enumerate(COLOURS)]  # fmt: skip
    lines: list[tuple[object, ...]] = []
    for customer in range(30):
        for step in range(6):
            stock_code, title = goods[(customer * 5 + step * (1 + customer % 3)) % len(goods)]
            when = f"2011-0{1 + step}-{1 + customer % 27:02d} 09:00:00"
            price = PRICES[goods.index((stock_code, title)) % len(PRICES)]
            lines.append((f"{500000 + customer * 9 + step // 2}", stock_code, title, 1 + step, when, price,
                          f"{12000 + customer}.0", "United Kingdom"))  # fmt: skip
    write_csv(tmp_path / "uci" / "online_retail.csv", [HEADER, *lines])
    run_import("online-retail", tmp_path / "uci")
    call_command("train_model", "--algorithm", "item_knn", stdout=StringIO())
    assert Product.objects.count() == 40 and not Category.objects.exists() and not Rating.objects.exists()
    assert Shopper.objects.count() == 30


def looks_decent(page: Page, address: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    # Nothing of what the shop does not have: no menu of no departments, no empty line on a card.
    expect(page.locator(".menu-departments")).to_have_count(0)
    assert page.locator(".product-department:empty, .product-brand:empty, .crumbs:empty").count() == 0
    titles = page.locator(".product-title:visible, .product-main h1:visible").all_inner_texts()
    assert not [title for title in titles if title.isupper()], address
    page.evaluate("[...document.images].forEach(each => { each.loading = 'eager'; })")
    until(page, "[...document.images].every(each => each.complete)")
    missing = "[...document.images].filter(each => !each.naturalWidth).map(each => each.src)"
    assert page.evaluate(missing) == [], address


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_it_is_a_shop_all_the_same(
    open_browser: OpenBrowser, shop: None, size: tuple[int, int], theme: str
) -> None:
    page = open_browser(size=size, theme=theme)
    found: list[str] = []
    for address in ADDRESSES:
        page.goto(address)
        looks_decent(page, address)
        found += violations(page, address)
    assert not found, "\n".join(found)
    page.goto("/?rails=inline")
    # What was bought long ago is no trend, but the model knows what is liked.
    expect(page.locator("#rail-trending")).to_have_text("Popular here")
    assert page.locator('[data-rail="trending"] .product-card').count() == 12
    page.goto("/products/?sort=-price")
    expect(page.locator(".product-price").first).to_have_text("£8,142.75")
    page.locator(".product-title a").first.click()
    page.wait_for_url("**/products/*/")
    star(page, (page.url.rstrip("/")).rsplit("/", 1)[1], 5).click()
    expect(said(page)).to_contain_text("5 stars")
    page.goto("/")
    expect(page.locator("#rail-for-you")).to_be_visible()
