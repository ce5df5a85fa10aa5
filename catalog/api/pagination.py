"""Pages by limit and offset that refuse a bad limit instead of guessing another."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

from catalog.api.queries import MAX_LIMIT, MAX_OFFSET, checked_query, limit_parameter


class PageQuery(serializers.Serializer[Any]):
    limit = limit_parameter()
    offset = serializers.IntegerField(
        min_value=0,
        max_value=MAX_OFFSET,
        default=0,
        help_text="How many items to leave out at the beginning.",
    )


class StrictLimitOffset(LimitOffsetPagination):
    """REST framework's pages; `limit=abc` or `limit=5000` is a 400 that says so."""

    default_limit = 20
    max_limit = MAX_LIMIT

    def get_limit(self, request: Request) -> int:
        return int(checked_query(PageQuery, request)["limit"])

    def get_offset(self, request: Request) -> int:
        return int(checked_query(PageQuery, request)["offset"])
