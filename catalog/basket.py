"""The basket: a visitor's in the session, an account's in the database, the same on all its devices.

Only product and quantity are kept. Prices, stock and titles are read when the basket is looked at, so it
never promises what the shop no longer does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest

from catalog.answers import quoted
from catalog.models import Product
from catalog.order_models import MAX_QUANTITY, BasketLine

SESSION_KEY = "basket"
# How many pieces an account's basket had when this browser last touched it: what the header of every page
# shows without asking the database. The basket's own page puts right what another device has changed.
COUNT_KEY = "basket_count"
# A basket of more products is a mistake or a mischief.
MAX_LINES = 100


@dataclass(frozen=True)
class Line:
    """A product in a basket as the shop sees it now. trouble: why it cannot be ordered like this, if so."""

    product: Product
    quantity: int

    @property
    def trouble(self) -> str:
        if not self.product.is_active:
            return "No longer in the shop. Remove it to go on."
        if not self.product.in_stock:
            return "Sold out. Remove it to go on."
        if not self.product.price:
            return "The price is on request, so it cannot be ordered here. Remove it to go on."
        if self.quantity > self.product.stock:
            return f"Only {self.product.stock} left. Choose {self.product.stock} or fewer."
        return ""

    @property
    def total(self) -> Decimal:
        return self.product.price * self.quantity

    @property
    def most(self) -> int:
        """The largest quantity that may be chosen."""
        return most_of(self.product)


class Basket(Protocol):
    """Where a basket is kept."""

    def quantities(self) -> dict[int, int]:
        """product id -> quantity, in the order they were put in."""

    def put(self, product_id: int, quantity: int, *, now: datetime) -> None:
        """Set a product's quantity; 0 takes it out."""

    def count(self) -> int:
        """How many pieces."""

    def clear(self) -> None:
        """Take everything out."""


@dataclass(frozen=True)
class SessionBasket:
    """A visitor's."""

    session: SessionBase

    def quantities(self) -> dict[int, int]:
        kept = self.session.get(SESSION_KEY, {})
        return {int(product_id): quantity for product_id, quantity in kept.items()}

    def put(self, product_id: int, quantity: int, *, now: datetime) -> None:
        kept = {**self.session.get(SESSION_KEY, {}), str(product_id): quantity}
        self.session[SESSION_KEY] = {pk: number for pk, number in kept.items() if number}

    def count(self) -> int:
        return sum(self.quantities().values())

    def clear(self) -> None:
        self.session.pop(SESSION_KEY, None)


@dataclass(frozen=True)
class AccountBasket:
    """An account's."""

    account_id: int

    def quantities(self) -> dict[int, int]:
        lines = BasketLine.objects.filter(account_id=self.account_id)
        return dict(lines.values_list("product_id", "quantity"))

    def put(self, product_id: int, quantity: int, *, now: datetime) -> None:
        line = BasketLine.objects.filter(account_id=self.account_id, product_id=product_id)
        if not quantity:
            line.delete()
        elif not line.update(quantity=quantity):
            # Another tab may put it in at this very moment: then its line is the one that is changed.
            BasketLine.objects.update_or_create(
                account_id=self.account_id, product_id=product_id,
                defaults={"quantity": quantity}, create_defaults={"quantity": quantity, "added_at": now},
            )  # fmt: skip

    def count(self) -> int:
        lines = BasketLine.objects.filter(account_id=self.account_id)
        return lines.aggregate(pieces=Sum("quantity"))["pieces"] or 0

    def clear(self) -> None:
        BasketLine.objects.filter(account_id=self.account_id).delete()


def basket_of(request: HttpRequest) -> Basket:
    """The basket of whoever asks."""
    if request.user.is_authenticated:
        return AccountBasket(request.user.pk)
    return SessionBasket(request.session)


def shown_count(request: HttpRequest) -> int:
    """How many pieces the header says there are."""
    basket = basket_of(request)
    if isinstance(basket, SessionBasket):
        return basket.count()
    known: int | None = request.session.get(COUNT_KEY)
    return basket.count() if known is None else known


def note_count(request: HttpRequest) -> int:
    """Count an account's basket anew for the header; the count."""
    count = basket_of(request).count()
    if request.user.is_authenticated and request.session.get(COUNT_KEY) != count:
        request.session[COUNT_KEY] = count
    return count


def lines_of(quantities: Mapping[int, int]) -> list[Line]:
    """The basket's lines as the shop sees them now, in one query; products that were deleted are left out."""
    products = Product.objects.for_cards().in_bulk(list(quantities))
    return [Line(products[pk], number) for pk, number in quantities.items() if pk in products]


def most_of(product: Product) -> int:
    """How many of a product one basket may hold now; 0 when it cannot be bought."""
    can_be_bought = product.is_active and bool(product.price)
    return min(product.stock, MAX_QUANTITY) if can_be_bought else 0


def why_not(product: Product, quantities: Mapping[int, int]) -> str:
    """Why not one more piece of the product may go into a basket of these quantities; empty when one may."""
    most, before = most_of(product), quantities.get(product.pk, 0)
    if not most:
        why = "is sold out" if product.price else "has its price on request: ask the shop"
        return f"{quoted(product)} {why}."
    if before >= most:
        all_of_it = f"All {most} you can have of {quoted(product)} are"
        return f"{all_of_it if most > 1 else f'The one {quoted(product)} you can have is'} in your basket."
    if not before and len(quantities) >= MAX_LINES:
        return f"A basket holds {MAX_LINES} products. Order these first."
    return ""


def merge_into_account(session: SessionBase, account_id: int, *, now: datetime) -> int:
    """Move a visitor's basket into the account's; how many products came along.

    Of a product in both the larger quantity stays: it is more likely the same wish than two.
    """
    visitor, own = SessionBasket(session), AccountBasket(account_id)
    brought = visitor.quantities()
    if not brought:
        return 0
    with transaction.atomic():
        kept = own.quantities()
        known = set(Product.objects.filter(pk__in=brought).values_list("pk", flat=True))
        for product_id, quantity in brought.items():
            if product_id in known and quantity > kept.get(product_id, 0):
                own.put(product_id, quantity, now=now)
    visitor.clear()
    return len(known)
