"""Query strings of the API: read, checked and explained by plain serializers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from catalog.models import Category

MAX_LIMIT = 100
MAX_OFFSET = 1_000_000


def checked_query(query: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The query string's values by name; a ValidationError (400) names what is wrong with which."""
    # A plain dict: of a QueryDict, REST framework would read a missing yes/no parameter as "no".
    serializer = query(data=request.query_params.dict())
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def category_parameter(help_text: str = "Only this department or aisle, by its slug.") -> Any:
    """A query parameter that names a category."""
    return serializers.SlugRelatedField(
        slug_field="slug",
        queryset=Category.objects.all(),
        required=False,
        help_text=help_text,
        error_messages={"does_not_exist": 'There is no category "{value}"; use a slug from GET products.'},
    )


def limit_parameter(default: int = 20) -> serializers.IntegerField:
    """How many items a list shall have."""
    return serializers.IntegerField(
        min_value=1, max_value=MAX_LIMIT, default=default, help_text=f"How many items, 1 to {MAX_LIMIT}."
    )


def price_parameter(help_text: str) -> serializers.DecimalField:
    """An inclusive price limit."""
    return serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=0, required=False, help_text=help_text
    )
