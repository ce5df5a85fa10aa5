"""Placing an order: stock is taken and prices are fixed in one transaction, once per submitted form."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest

from catalog.models import Product
from catalog.order_models import Order, OrderLine
from catalog.signals import order_noted, order_placed

logger = logging.getLogger(__name__)
SESSION_KEY = "orders"
# A browser remembers its latest orders; an account has them all.
REMEMBERED = 50


@dataclass(frozen=True)
class Buyer:
    """Who orders and where to."""

    name: str
    email: str
    street: str
    postcode: str
    city: str
    country: str


class ShortageError(Exception):
    """What cannot be delivered, one sentence per product. Nothing was ordered."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class PriceChangedError(Exception):
    """The prices are no longer those the shopper has seen. Nothing was ordered."""


def submit_key(owner: str, form_key: str) -> str:
    """The key of one form of one shopper: another shopper's form can never be taken for it."""
    return hashlib.sha256(f"{owner}\n{form_key}".encode()).hexdigest()


def place_order(
    request: HttpRequest,
    *,
    quantities: Mapping[int, int],
    buyer: Buyer,
    seen_total: Decimal,
    key: str,
    now: datetime,
) -> Order:
    """Place the order, or return the one that this key placed before.

    Raises ShortageError when something is gone or short, and PriceChangedError when the sum is not
    `seen_total`; both leave everything as it was. `order_placed` is sent after the commit.
    """
    account = request.user if request.user.is_authenticated else None
    try:
        with transaction.atomic():
            # First of all: of two equal forms sent at once the second waits here, and then finds the first.
            order = Order.objects.create(
                account=account, submit_key=key, total=seen_total, placed_at=now, **asdict(buyer)
            )
            lines = _take(order, quantities)
            if sum(line.total for line in lines) != seen_total:
                raise PriceChangedError
            OrderLine.objects.bulk_create(lines)
            _let_note(request, order)
            transaction.on_commit(
                # robust: a listener that fails is logged and does not undo the order.
                lambda: order_placed.send_robust(sender=None, request=request, order=order) and None,
                robust=True,
            )
    except IntegrityError:
        placed = Order.objects.filter(submit_key=key).first()
        if placed is None:
            raise
        return placed
    return order


def _let_note(request: HttpRequest, order: Order) -> None:
    """Notes are part of the order's transaction, yet one that fails does not cost the shopper the order."""
    try:
        with transaction.atomic():
            order_noted.send(sender=None, request=request, order=order)
    except Exception:
        logger.exception("order %s could not be noted", order.number)


def _take(order: Order, quantities: Mapping[int, int]) -> list[OrderLine]:
    """Take the pieces out of stock and fix the prices. Raises ShortageError."""
    short: list[int] = []
    # In one order everywhere, so that two orders of the same products do not wait for each other for ever.
    for product_id, quantity in sorted(quantities.items()):
        on_sale = Product.objects.filter(pk=product_id, is_active=True, price__gt=0, stock__gte=quantity)
        if not on_sale.update(stock=F("stock") - quantity):
            short.append(product_id)
    # Read after the update: its rows are ours until the commit, so is their price.
    products = Product.objects.in_bulk(list(quantities))
    if short:
        raise ShortageError([_sentence(products.get(pk)) for pk in short])
    return [
        OrderLine(order=order, product=products[pk], sku=products[pk].sku, title=products[pk].title,
                  unit_price=products[pk].price, quantity=quantity)
        for pk, quantity in quantities.items()
    ]  # fmt: skip


def _sentence(product: Product | None) -> str:
    if product is None:
        return "A product of your basket is no longer sold."
    if not product.is_active or not product.price:
        return f"“{product.title}” cannot be ordered any more."
    if not product.stock:
        return f"“{product.title}” is sold out."
    return f"Of “{product.title}” only {product.stock} {'is' if product.stock == 1 else 'are'} left."


def remember(request: HttpRequest, order: Order) -> None:
    """Let this browser see the order; for an account that goes without saying."""
    if order.account_id is None:
        numbers = [number for number in request.session.get(SESSION_KEY, []) if number != order.number]
        request.session[SESSION_KEY] = [*numbers, order.number][-REMEMBERED:]


def orders_of(request: HttpRequest) -> QuerySet[Order]:
    """The orders of whoever asks, newest first, with their lines: the account's, else this browser's."""
    orders = Order.objects.filter(anonymised_at__isnull=True).prefetch_related("lines__product")
    if request.user.is_authenticated:
        return orders.filter(account_id=request.user.pk)
    return orders.filter(number__in=request.session.get(SESSION_KEY, []), account__isnull=True)


def claim(request: HttpRequest, account_id: int) -> int:
    """Give this browser's anonymous orders to the account that signs in; how many."""
    numbers = request.session.pop(SESSION_KEY, [])
    unclaimed = Order.objects.filter(number__in=numbers, account__isnull=True, anonymised_at__isnull=True)
    return unclaimed.update(account_id=account_id) if numbers else 0


def anonymise(orders: QuerySet[Order], *, now: datetime) -> int:
    """Take the person out of orders and leave the shop its books; how many."""
    return orders.update(
        account=None, name="", email="", street="", postcode="", city="", anonymised_at=now,
    )  # fmt: skip
