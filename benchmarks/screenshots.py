"""`make screenshots`: the README's pictures, and every main page, of a fresh demo shop in Debian's chromium.

The README's go to docs/images; every main page, on a desktop and a phone, light and dark, to the folder that
PAGES_TO names (none by default, as they are many).
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.shop import PROJECT, manage, running_shop
from tests.browser.chromium import HOW_TO_GET, launched

IMAGES = PROJECT / "docs" / "images"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Every main page by its name: looked at before a release.
PAGES = {
    "home": "/?rails=inline",
    "recommendations": "/recommendations/?shopper=maya-101",
    "product": "/products/OUT-0001/?shopper=maya-101",
    "listing": "/products/?department=outdoor",
    "search": "/products/?q=tent",
    "nothing-found": "/products/?q=zzzzzz",
    "onboarding": "/recommendations/onboarding/",
    "about": "/about/recommendations/",
    "basket": "/basket/",
    "account": "/accounts/",
    "ratings": "/accounts/ratings/?shopper=maya-101",
    "wishlist": "/accounts/wishlist/",
    "own-data": "/accounts/data/",
    "sign-in": "/accounts/sign-in/",
    "sign-up": "/accounts/sign-up/",
    "not-found": "/products/none/",
}
ADMIN = {"DJANGO_SUPERUSER_PASSWORD": "screenshots", "DJANGO_SUPERUSER_USERNAME": "merchandiser"}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="shopreco-pictures-") as folder, sync_playwright() as playwright:
        browser = launched(playwright)
        if browser is None:
            sys.exit(f"No Chromium: {HOW_TO_GET}")
        var_dir = Path(folder)
        manage(var_dir, "prepare")
        manage(var_dir, "createsuperuser", "--noinput", "--email", "m@shop.example", **ADMIN)
        with running_shop(var_dir, log=var_dir / "run.log") as shop:
            address = f"http://localhost:{shop.port}"
            their_list = f"{address}/recommendations/?shopper=maya-101"
            product = f"{address}/products/OUT-0001/?shopper=maya-101"
            _picture(browser, f"{address}/", "home", DESKTOP, "light")
            _picture(browser, their_list, "recommendations", DESKTOP, "light", why_of=1)
            _picture(browser, their_list, "phone", PHONE, "dark")
            _picture(browser, product, "product", DESKTOP, "dark")
            _admin(browser, address)
            if folder_named := os.environ.get("PAGES_TO"):
                _every_page(browser, address, Path(folder_named))
        browser.close()


def _picture(
    browser: Browser, url: str, name: str, size: dict[str, int], scheme: str, why_of: int | None = None
) -> None:
    """why_of: the card whose reasons are opened, from 0."""
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    if why_of is not None:
        page.locator(".why summary").nth(why_of).click()
        page.mouse.move(0, 0)
        page.wait_for_timeout(400)
    page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=82)
    context.close()


def _every_page(browser: Browser, address: str, folder: Path) -> None:
    """Whole pages, with what the first visitor rated, in both sizes and both themes."""
    folder.mkdir(parents=True, exist_ok=True)
    for size_name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(f"{address}/products/OUT-0001/")
            page.locator('[id="star-OUT-0001-5"]').click()
            page.get_by_role("button", name="Undo").wait_for()
            for name, path in PAGES.items():
                page.goto(f"{address}{path}", wait_until="networkidle")
                # Pictures further down are fetched when they come near.
                for top in range(0, int(page.evaluate("document.body.scrollHeight")), 600):
                    page.evaluate(f"scrollTo(0, {top})")
                    page.wait_for_timeout(60)
                page.wait_for_load_state("networkidle")
                page.evaluate("scrollTo(0, 0)")
                page.screenshot(path=folder / f"{name}-{size_name}-{scheme}.png", full_page=True)
            context.close()


def _admin(browser: Browser, address: str) -> None:
    page = browser.new_context(viewport=DESKTOP, color_scheme="light").new_page()  # type: ignore[arg-type]
    page.goto(f"{address}/admin/")
    page.fill("#id_username", ADMIN["DJANGO_SUPERUSER_USERNAME"])
    page.fill("#id_password", ADMIN["DJANGO_SUPERUSER_PASSWORD"])
    page.click("[type=submit]")
    page.goto(f"{address}/admin/recommendations/modelversion/1/change/", wait_until="networkidle")
    page.screenshot(path=IMAGES / "admin-model.jpg", type="jpeg", quality=82)
    page.goto(f"{address}/admin/", wait_until="networkidle")
    page.screenshot(path=IMAGES / "admin.jpg", type="jpeg", quality=82)


if __name__ == "__main__":
    main()
