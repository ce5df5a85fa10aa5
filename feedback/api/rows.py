"""Lists of ratings and events: every row is checked for itself, the good ones are stored together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from catalog.api.errors import FieldError, field_errors
from catalog.models import Product
from feedback.api.access import NOT_YOURS, Reach
from feedback.api.fields import NOT_TO_BE_MADE, may_be_made
from feedback.models import Shopper
from feedback.services import shoppers_named

MAX_ROWS = 1000
Result = dict[str, Any]


class TooManyRows(APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = f"A list can have {MAX_ROWS:,} rows at most. Send the rest in further requests."
    default_code = "too_many_rows"


@dataclass(frozen=True)
class GoodRow:
    """A row that can be stored."""

    index: int
    shopper: Shopper
    product: Product
    values: dict[str, Any]


def rows_of(request: Request) -> list[Any]:
    """The request's list, or the problem with it."""
    if not isinstance(request.data, list):
        raise ValidationError("Send a JSON list of rows, also for a single one: [{...}].")
    if len(request.data) > MAX_ROWS:
        raise TooManyRows
    return request.data


def sorted_out(
    rows: list[Any], serializer: Serializer[Any], request: Request, *, now: datetime
) -> tuple[list[GoodRow], list[Result]]:
    """The rows that can be stored, and the results of those that cannot. Makes the shoppers nobody knew."""
    valid, invalid = _valid(rows, serializer)
    products = _products(values["product"] for values in valid.values())
    shoppers = _by_id(
        Shopper.objects.filter(external_id__in={values["shopper"] for values in valid.values()})
    )
    reach, named = Reach(request), {}
    for index, values in valid.items():
        error = _error(values, products, shoppers.get(values["shopper"]), reach)
        if error is None:
            named[index] = values
        else:
            invalid.append(_invalid(index, [error]))
    shoppers |= shoppers_named({values["shopper"] for values in named.values()} - shoppers.keys(), now=now)
    good = [
        GoodRow(index, shoppers[values["shopper"]], products[values["product"]], values)
        for index, values in named.items()
    ]
    return good, invalid


def answer(results: Iterable[Result]) -> Response:
    """A result per row, in order: 200 when every row was taken, 207 when some are invalid."""
    in_order = sorted(results, key=lambda result: int(result["index"]))
    is_whole = all(result["status"] != "invalid" for result in in_order)
    return Response(in_order, status=HTTPStatus.OK if is_whole else HTTPStatus.MULTI_STATUS)


def _valid(rows: list[Any], serializer: Serializer[Any]) -> tuple[dict[int, dict[str, Any]], list[Result]]:
    valid: dict[int, dict[str, Any]] = {}
    invalid: list[Result] = []
    for index, row in enumerate(rows):
        try:
            valid[index] = serializer.run_validation(row)
        except ValidationError as error:
            invalid.append(_invalid(index, field_errors(error.detail)))
    return valid, invalid


def _error(
    values: dict[str, Any], products: dict[str, Product], shopper: Shopper | None, reach: Reach
) -> FieldError | None:
    if values["product"] not in products:
        return FieldError(field="product", detail="There is no product with this SKU.")
    if shopper is None:
        known = may_be_made(values["shopper"])
        return None if known else FieldError(field="shopper", detail=NOT_TO_BE_MADE)
    return None if reach.includes(shopper) else FieldError(field="shopper", detail=NOT_YOURS)


def _invalid(index: int, errors: list[FieldError]) -> Result:
    return {"index": index, "status": "invalid", "errors": errors}


def _products(skus: Iterable[str]) -> dict[str, Product]:
    return {product.sku: product for product in Product.objects.filter(sku__in=set(skus)).only("sku")}


def _by_id(shoppers: Iterable[Shopper]) -> dict[str, Shopper]:
    return {shopper.external_id: shopper for shopper in shoppers}
