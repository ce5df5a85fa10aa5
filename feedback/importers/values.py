"""From the words of a data set to the shop's: ids, SKUs, titles, prices."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from hashlib import sha1

from django.utils.text import slugify

from catalog.models import SKU_PATTERN

_SKU = re.compile(SKU_PATTERN)
_HASH_LENGTH = 10
_SLUG_LENGTH = 64 - _HASH_LENGTH - 1
_NUMBER = re.compile(r"\d[\d.,]*")
_PRICE_LIMIT = Decimal(10) ** 8
_SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with"}
_CAPITALS = {"BBQ", "CD", "DIY", "DVD", "LED", "TV", "UK", "USB"}
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def digest(*parts: str) -> str:
    """A short stable name for a combination of texts."""
    return sha1("\x1f".join(parts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def tidy(value: object) -> str:
    """The value as text any database takes: no NUL, no half characters, no space around; None is empty."""
    text = "" if value is None else str(value)
    return text.replace("\0", "").encode("utf-8", "ignore").decode().strip()


def sku_of(text: str) -> str:
    """The text itself where it is a valid SKU, else a slug with a short hash; the same text, the same SKU."""
    if _SKU.fullmatch(text) and text.strip("."):
        return text
    return f"{slugify(text)[:_SLUG_LENGTH].strip('-') or 'product'}-{digest(text)[:_HASH_LENGTH]}"


def display_title(text: str) -> str:
    """A title in capitals made easy on the eye; a title that has small letters is left as it is.

    >>> display_title("SET OF 4 POPPY'S T-LIGHT HOLDERS")
    "Set of 4 Poppy's T-Light Holders"
    """
    text = " ".join(text.split())
    if not text.isupper():
        return text
    return _WORD.sub(lambda match: _cased(match.group(), before=text[: match.start()][-1:]), text)


def _cased(word: str, *, before: str) -> str:
    """The word by the character before it: "60cm" and "50's" stay small, so does "of" unless it begins."""
    if word in _CAPITALS:
        return word
    small = before.isdigit() or before == "'" or (before and word.lower() in _SMALL_WORDS)
    return word.lower() if small else word.capitalize()


def price_of(value: object) -> Decimal | None:
    """The first amount in a text such as "$1,299.00" or "12,99 EUR"; None when there is none."""
    text = tidy(value)
    match = _NUMBER.search(text)
    if match is None or "-" in text[: match.start()]:
        return None
    number = match.group().rstrip(".,")
    if re.fullmatch(r"[\d.]*,\d{1,2}", number):  # a decimal comma
        number = number.replace(".", "").replace(",", ".")
    try:
        price = Decimal(number.replace(",", ""))
    except InvalidOperation:
        return None
    return price.quantize(Decimal("0.01")) if price < _PRICE_LIMIT - 1 else None
