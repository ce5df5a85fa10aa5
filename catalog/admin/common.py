"""What the admin pages of every app share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.db.models import CASCADE, PROTECT, ForeignObjectRel, Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from catalog.models import Category

# The library's own has an inline style, which the site's content security policy forbids.
HISTORY_LIST = "admin/history_list.html"


def admin_link(obj: Model | None, label: str | None = None) -> SafeString | str:
    """A link to the object's admin page; a dash for nothing."""
    if obj is None:
        return "–"
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[obj.pk]), label or str(obj))


def category_path(category: Category) -> str:
    """An aisle is named with its department: an aisle of that name may be in several."""
    return f"{category.parent} › {category}" if category.parent else str(category)


class CategoryChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return category_path(obj)


class CategoryByPath(BaseModelAdmin):  # type: ignore[type-arg]
    """An admin whose form's category is chosen from the tree."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "category":
            categories = self.get_field_queryset(kwargs.get("using"), db_field, request)
            kwargs |= {"form_class": CategoryChoice}
            if categories is not None:
                kwargs["queryset"] = categories.select_related("parent")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that are looked at, never written by hand."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CountedDeletion(BaseModelAdmin):  # type: ignore[type-arg]
    """A confirmation that counts what goes with the deleted objects instead of listing it.

    Django's own page names every row, which for a product means its thousands of views; and it asks
    the admin of each of them for leave, which the read-only ones never give.
    """

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        chosen = list(objs)
        names = [f"{capfirst(self.opts.verbose_name)}: {obj}" for obj in chosen]
        counts = {str(self.opts.verbose_name_plural): len(chosen)} | self._related(chosen, CASCADE)
        kept_by = [f"{count} {label}" for label, count in self._related(chosen, PROTECT).items()]
        missing = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        return names, counts, missing, kept_by

    def _related(self, chosen: list[Any], on_delete: Any) -> dict[str, int]:
        """How many rows of each kind point to the chosen objects and behave that way."""
        counts = {}
        for relation in self.model._meta.get_fields(include_hidden=True):
            if not isinstance(relation, ForeignObjectRel) or relation.on_delete is not on_delete:
                continue
            field, model = relation.remote_field.name, relation.related_model
            rows = model._default_manager.filter(**{f"{field}__in": chosen})
            if count := rows.count():
                counts[str(model._meta.verbose_name_plural)] = count
        return counts
