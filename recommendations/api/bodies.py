"""A list as the bytes of its JSON; what is said of a product is written once, until the product changes.

The same as `RecommendationList` would write, which describes it in the schema: a test compares the two.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from json import dumps
from json.encoder import encode_basestring as quoted
from weakref import WeakKeyDictionary

from catalog.cards import MOST, Card, Cards
from recommendations.serving.results import Item, Recommendations

Written = dict[tuple[str, int], str]
_lock = threading.Lock()
_written: WeakKeyDictionary[Cards, Written] = WeakKeyDictionary()


def body_of(found: Recommendations, cards: Cards, *, root: str, explain: bool) -> bytes:
    """found: a list of cards. root: where the shop is, such as "https://shop.example"."""
    written = _written_of(cards)
    items = ",".join([_item(item, written, root, explain) for item in found.items])
    version = "null" if found.model_version is None else found.model_version
    made = found.generated_at.isoformat().replace("+00:00", "Z")
    return (
        f'{{"strategy":"{found.strategy}","model_version":{version},"generated_at":"{made}",'
        f'"total":{found.total},"items":[{items}]}}'
    ).encode()


def batch_body_of(found: Sequence[tuple[str, Recommendations]], cards: Cards, *, root: str) -> bytes:
    """The lists of many, each with the id of its shopper."""
    lists = [
        b'{"shopper":%b,%b' % (dumps(name).encode(), body_of(each, cards, root=root, explain=False)[1:])
        for name, each in found
    ]
    return b'{"results":[%b]}' % b",".join(lists)


def _item(item: Item, written: Written, root: str, explain: bool) -> str:
    product = item.product
    said = written.get((root, product.pk))
    if said is None:
        if len(written) >= MOST:
            written.clear()
        said = written[root, product.pk] = _said_of(product, root)  # type: ignore[arg-type]  # a card, here
    stars = "null" if item.predicted_rating is None else repr(item.predicted_rating)
    explored = "true" if item.explored else "false"
    text = (
        f'{said},"score":{item.score!r},"predicted_rating":{stars},'
        f'"reason":{quoted(item.reason.text)},"explored":{explored}'
    )
    if explain:
        text += f',"explanation":{_explanation(item)}'
    return text + "}"


def _explanation(item: Item) -> str:
    reason = item.reason
    sku = quoted(reason.product.sku) if reason.product else "null"
    share = "null" if reason.share is None else repr(reason.share)
    return f'{{"product":{sku},"share":{share}}}'


def _said_of(card: Card, root: str) -> str:
    """What is said of a product in every list, without the closing brace."""
    fields = {
        "sku": card.sku, "title": card.title, "brand": card.brand,
        "category": card.category.slug if card.category else None,
        "price": f"{card.price:.2f}", "in_stock": card.in_stock,
        "url": _absolute(root, card.get_absolute_url()), "picture": _absolute(root, card.picture_url),
    }  # fmt: skip
    return dumps(fields, ensure_ascii=False, separators=(",", ":"))[:-1]


def _absolute(root: str, address: str) -> str:
    return address if "://" in address else root + address


def _written_of(cards: Cards) -> Written:
    found = _written.get(cards)
    if found is None:
        with _lock:
            found = _written.setdefault(cards, {})
    return found
