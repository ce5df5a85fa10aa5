"""Categories in the admin: departments, each followed by its aisles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.query_utils import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.common import CountedDeletion
from catalog.models import Category, Product


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]
    """Keeps the tree at two levels, and says why."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            self.fields["parent"].empty_label = "None: this is a department"  # type: ignore[attr-defined]
            self.fields["parent"].error_messages["invalid_choice"] = (
                "Choose a department. An aisle cannot have aisles of its own: there are two levels only."
            )

    def clean_parent(self) -> Category | None:
        parent: Category | None = self.cleaned_data["parent"]
        if parent is None or self.instance.pk is None:
            return parent
        if parent.pk == self.instance.pk:
            raise forms.ValidationError("A category cannot be inside itself. Choose another department.")
        if aisles := self.instance.children.count():
            raise forms.ValidationError(
                f"{self.instance} has {aisles} aisle{'s' if aisles > 1 else ''} of its own, so it must stay "
                "a department. Move them to another department first."
            )
        return parent


@admin.register(Category)
class CategoryAdmin(CountedDeletion, admin.ModelAdmin):  # type: ignore[type-arg]
    form = CategoryForm
    list_display = ("tree_name", "slug", "position", "product_count")
    list_editable = ("position",)
    list_per_page = 300
    search_fields = ("name", "slug", "parent__name")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "parent", "position")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """In the order of the tree, with the number of products (a department's includes its aisles')."""
        inside = (
            Product.objects.filter(Q(category=OuterRef("pk")) | Q(category__parent=OuterRef("pk")))
            .order_by()
            .annotate(one=Value(1))
            .values("one")
            .annotate(count=Count("pk"))
            .values("count")
        )
        categories: QuerySet[Category] = super().get_queryset(request)
        return categories.select_related("parent").annotate(
            product_total=Coalesce(Subquery(inside, output_field=IntegerField()), 0)
        )

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Each department before its aisles. Expressions, since forms elsewhere order their choices by it."""
        return [
            Coalesce("parent__position", "position").asc(),
            Coalesce("parent__name", "name").asc(),
            Case(When(parent=None, then=Value(0)), default=Value(1)).asc(),
            "position",
            "name",
        ]

    @admin.display(description="Category", ordering="name")
    def tree_name(self, category: Category) -> SafeString | str:
        if category.parent_id is None:
            return format_html("<strong>{}</strong>", category.name)
        return format_html('<span class="tree-aisle">{}</span>', category.name)

    @admin.display(description="Products", ordering="product_total")
    def product_count(self, category: Category) -> SafeString:
        count = category.product_total  # type: ignore[attr-defined]
        parameter = "department" if category.parent_id is None else "aisle"
        address = f"{reverse('admin:catalog_product_changelist')}?{parameter}={category.slug}"
        return format_html('<a href="{}">{}</a>', address, count)
