"""The product list's filters."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.models import Category


class DepartmentFilter(admin.SimpleListFilter):
    title = "department"
    parameter_name = "department"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Category.objects.filter(parent=None).values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        slug = self.value()
        if slug is None:
            return None
        return queryset.filter(category__slug=slug) | queryset.filter(category__parent__slug=slug)


class AisleFilter(admin.SimpleListFilter):
    """The aisles of the chosen department; all aisles of a shop would be a list nobody reads."""

    title = "aisle"
    parameter_name = "aisle"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        aisles = Category.objects.exclude(parent=None)
        if department := request.GET.get(DepartmentFilter.parameter_name):
            aisles = aisles.filter(parent__slug=department)
        elif chosen := request.GET.get(self.parameter_name):
            aisles = aisles.filter(slug=chosen)
        else:
            return []
        return list(aisles.values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(category__slug=self.value()) if self.value() else None


class YesNoFilter(admin.SimpleListFilter):
    """Two choices, each a filter of its own."""

    choices_by_value: dict[str, tuple[str, dict[str, Any]]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _) in self.choices_by_value.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        chosen = self.choices_by_value.get(self.value() or "")
        return queryset.filter(**chosen[1]) if chosen else None


class AvailabilityFilter(YesNoFilter):
    title = "stock"
    parameter_name = "availability"
    choices_by_value = {
        "in-stock": ("In stock", {"stock__gt": 0}),
        "sold-out": ("Sold out", {"stock": 0}),
    }


class PictureFilter(YesNoFilter):
    title = "picture"
    parameter_name = "picture"
    choices_by_value = {
        "uploaded": ("Uploaded", {"image__gt": ""}),
        "none": ("No picture (drawn)", {"image": ""}),
    }


class RatedFilter(YesNoFilter):
    title = "ratings"
    parameter_name = "rated"
    choices_by_value = {
        "yes": ("Rated", {"rating_count__gt": 0}),
        "never": ("Never rated", {"rating_count": 0}),
    }
