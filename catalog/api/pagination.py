"""Pages by limit and offset that refuse a bad limit instead of guessing another."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from catalog.api.queries import MAX_LIMIT, MAX_OFFSET, checked_query, limit_parameter


class PageQuery(serializers.Serializer[Any]):
    limit = limit_parameter()
    offset = serializers.IntegerField(
        min_value=0,
        max_value=MAX_OFFSET,
        default=0,
        help_text="How many items to leave out at the beginning.",
    )


def _described(name: str, field: serializers.IntegerField) -> dict[str, Any]:
    bounds = {"minimum": field.min_value, "maximum": field.max_value, "default": field.default}
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": str(field.help_text),
        "schema": {"type": "integer"} | {key: value for key, value in bounds.items() if value is not None},
    }


class StrictLimitOffset(LimitOffsetPagination):
    """REST framework's pages; `limit=abc` or `limit=5000` is a 400 that says so."""

    default_limit = 20
    max_limit = MAX_LIMIT

    def get_limit(self, request: Request) -> int:
        return int(checked_query(PageQuery, request)["limit"])

    def get_offset(self, request: Request) -> int:
        return int(checked_query(PageQuery, request)["offset"])

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _described(name, field)
            for name, field in PageQuery().fields.items()
            if isinstance(field, serializers.IntegerField)
        ]
