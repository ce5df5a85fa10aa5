"""Query strings of the API: read, checked and explained by plain serializers."""

from __future__ import annotations

import re
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


class CategoryField(serializers.SlugRelatedField[Category]):
    """A category by its slug."""

    def to_internal_value(self, data: Any) -> Category:
        if not is_slug(data):
            self.fail("does_not_exist", slug_name=self.slug_field, value=data)
        return super().to_internal_value(data)


def is_slug(text: object) -> bool:
    """Whether a text can be a slug at all; what cannot is not looked for, some databases refuse to."""
    return re.fullmatch(r"[-\w]+", str(text)) is not None


def category_parameter(help_text: str = "Only this department or aisle, by its slug.") -> Any:
    """A query parameter that names a category."""
    return CategoryField(
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
