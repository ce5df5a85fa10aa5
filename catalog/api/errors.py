"""What is wrong with which field: one flat shape for whole requests and for single rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

from rest_framework.settings import api_settings


class FieldError(TypedDict):
    """One complaint. `field` is the parameter or the dotted path in the body; empty for the whole of it."""

    field: str
    detail: str


def field_errors(detail: Any) -> list[FieldError]:
    """The nested detail of a REST framework ValidationError as a flat list."""
    return list(_flatten(detail, ""))


def _flatten(detail: Any, field: str) -> Iterator[FieldError]:
    if isinstance(detail, dict):
        for key, inner in detail.items():
            whole = key in {api_settings.NON_FIELD_ERRORS_KEY, "__all__"}
            yield from _flatten(inner, field if whole else _join(field, str(key)))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _flatten(inner, _join(field, str(position)) if nested else field)
    else:
        yield FieldError(field=field, detail=str(detail))


def _join(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key
