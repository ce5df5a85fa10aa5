"""Reading pages in tests: what a shopper would see, not how it is marked up."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import Any


def text_of(response: Any) -> str:
    """The page's words, tags taken out and white space made single."""
    words = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", unescape(words)).strip()


def cards_of(response: Any) -> list[str]:
    """The SKUs of the product cards, in the page's order."""
    page = response.content.decode()
    return [
        re.search(r'id="stars-([^"]+)"', card).group(1)  # type: ignore[union-attr]
        for card in page.split("<article")[1:]
        if 'class="product-card' in "<article" + card
    ]


def stars_of(response: Any, sku: str) -> int:
    """How many stars are filled in on the product's form; 0 when none."""
    form = re.search(rf'id="stars-{re.escape(sku)}".*?</form>', response.content.decode(), re.DOTALL)
    assert form, f"no stars for {sku} on the page"
    checked = re.search(r'value="(\d)"[^>]*checked', form.group(0))
    return int(checked.group(1)) if checked else 0


def repeated(values: list[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]
