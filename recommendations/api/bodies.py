"""A list as the bytes of its JSON; what is said of a product is written once, until the product changes.

The same as `RecommendationList` would write, which describes it in the schema: a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps
from json.encoder import encode_basestring as quoted

from catalog.cards import Card
from recommendations.serving.results import DIGITS, Listed

Written = dict[int, tuple[Card, str]]
"""Product id -> its card, what is said of it: without the closing brace."""
# Some 500 bytes each.
MOST = 20_000
# For so many addresses of one shop; who asks with ever others fills no memory.
ROOTS = 4
_written: dict[str, Written] = {}


def body_of(found: Listed, *, root: str, explain: bool) -> bytes:
    """root: where the shop is, such as "https://shop.example"."""
    written = _written_for(root)
    said = [
        known[1] if (known := written.get(card.pk)) is not None and known[0] == card else
        _write(card, written, root) for card in found.cards
    ]  # fmt: skip
    # Many places of a list have the same reason.
    words = {each: quoted(each) for each in set(found.words)}
    own = zip(said, found.scores, found.stars, found.words, found.explored, strict=True)
    items = [
        f'{product},"score":{score:{DIGITS}},'
        f'"predicted_rating":{"null" if stars is None else format(stars, DIGITS)},'
        f'"reason":{words[reason]},"explored":{"true" if is_explored else "false"}'
        for product, score, stars, reason, is_explored in own
    ]
    if explain:
        rests = zip(items, found.causes, found.shares, strict=True)
        items = [item + _explanation(cause, share) for item, cause, share in rests]
    version = "null" if found.model_version is None else found.model_version
    made = found.generated_at.isoformat().replace("+00:00", "Z")
    listed = f"{'},'.join(items)}}}" if items else ""
    return (
        f'{{"strategy":"{found.strategy}","model_version":{version},"generated_at":"{made}",'
        f'"total":{found.total},"items":[{listed}]}}'
    ).encode()


def batch_body_of(found: Sequence[tuple[str, Listed]], *, root: str) -> bytes:
    """The lists of many, each with the id of its shopper."""
    lists = [
        b'{"shopper":%b,%b' % (dumps(name).encode(), body_of(each, root=root, explain=False)[1:])
        for name, each in found
    ]
    return b'{"results":[%b]}' % b",".join(lists)


def _explanation(cause: Card | None, share: float | None) -> str:
    sku = quoted(cause.sku) if cause else "null"
    return f',"explanation":{{"product":{sku},"share":{"null" if share is None else repr(share)}}}'


def _write(card: Card, written: Written, root: str) -> str:
    if len(written) >= MOST:
        # Those that came first go, not all: the next lists want most of the others.
        for pk in list(written)[: MOST // 4 + 1]:
            written.pop(pk, None)
    said = _said_of(card, root)
    written[card.pk] = card, said
    return said


def _said_of(card: Card, root: str) -> str:
    """What is said of a product in every list, without the closing brace."""
    category = card.category
    slug = "null" if category is None else quoted(category.slug)
    in_stock = "true" if card.in_stock else "false"
    return (
        f'{{"sku":{quoted(card.sku)},"title":{quoted(card.title)},"brand":{quoted(card.brand)},'
        f'"category":{slug},"price":"{card.price:.2f}","in_stock":{in_stock},'
        f'"url":{quoted(_absolute(root, card.get_absolute_url()))},'
        f'"picture":{quoted(_absolute(root, card.picture_url))}'
    )


def _absolute(root: str, address: str) -> str:
    return address if "://" in address else root + address


def _written_for(root: str) -> Written:
    found = _written.get(root)
    if found is None:
        if len(_written) >= ROOTS:
            _written.clear()
        found = _written.setdefault(root, {})
    return found
