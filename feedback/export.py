"""Everything the shop knows of a shopper, as one JSON document, written while it is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.basket import basket_of, lines_of
from catalog.order_models import Order
from catalog.orders import Buyer, orders_of
from feedback.models import Event, Rating, RatingChange, Shopper
from feedback.standing import standing_products

ROWS = 500
Row = Mapping[str, Any]


def everything_about(request: HttpRequest, shopper: Shopper | None) -> Iterator[str]:
    """The document in parts; no list is ever whole in memory."""
    yield "{\n"
    yield f'"profile": {_json(_profile(request, shopper))}'
    for name, rows in _sections(request, shopper):
        yield f',\n"{name}": ['
        for number, row in enumerate(rows):
            yield f"{',' if number else ''}\n  {_json(row)}"
        yield "]"
    yield "\n}\n"


def _profile(request: HttpRequest, shopper: Shopper | None) -> Row:
    user = request.user
    account = {
        "username": user.get_username(), "email": user.email, "first_name": user.first_name,
        "last_name": user.last_name, "joined": user.date_joined, "last_signed_in": user.last_login,
    } if user.is_authenticated else None  # fmt: skip
    known = {
        "shopper_id": shopper.external_id, "since": shopper.created_at, "personalised": shopper.consent
    } if shopper else None  # fmt: skip
    return {"account": account, "shopper": known}


def _sections(request: HttpRequest, shopper: Shopper | None) -> Iterator[tuple[str, Iterable[Row]]]:
    pk = shopper.pk if shopper else 0  # nobody's
    yield "ratings", _rows(Rating.objects.filter(shopper_id=pk), "value", "rated_at")
    yield "rating_changes", _rows(RatingChange.objects.filter(shopper_id=pk), "value", "changed_at")
    yield "events", _rows(Event.objects.filter(shopper_id=pk), "kind", "occurred_at", "quantity", "order_ref")
    for name, kind in (("wishlist", Event.Kind.WISHLIST), ("not_interested", Event.Kind.DISMISS)):
        yield name, _standing(pk, kind)
    lines = lines_of(basket_of(request).quantities())
    basket = ((line.product, line.quantity) for line in lines)
    yield "basket", (_product(item.sku, item.title) | {"quantity": count} for item, count in basket)
    yield "orders", (_order(order) for order in orders_of(request).iterator(ROWS))


def _rows(found: QuerySet[Any], *columns: str) -> Iterator[Row]:
    rows = found.order_by("pk").values_list("product__sku", "product__title", *columns)
    for sku, title, *values in rows.iterator(ROWS):
        yield _product(sku, title) | dict(zip(columns, values, strict=True))


def _standing(shopper_id: int, kind: Event.Kind) -> Iterator[Row]:
    rows = standing_products(shopper_id, kind).values_list("product__sku", "product__title", "done")
    for sku, title, since in rows.order_by("done", "product_id").iterator(ROWS):
        yield _product(sku, title) | {"since": since}


def _order(order: Order) -> Row:
    columns = ("number", "placed_at", "status", "total", *(field.name for field in fields(Buyer)))
    lines = [
        _product(line.sku, line.title) | {"unit_price": line.unit_price, "quantity": line.quantity}
        for line in order.lines.all()
    ]
    return {column: getattr(order, column) for column in columns} | {"lines": lines}


def _product(sku: str, title: str) -> dict[str, Any]:
    return {"product": sku, "title": title}


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
