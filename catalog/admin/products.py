"""Products in the admin: the list merchandisers work in, and its way to a spreadsheet and back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import FileExtensionValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin
from simple_history.utils import bulk_update_with_history

from catalog.admin.common import HISTORY_LIST, CategoryByPath, CountedDeletion, category_path
from catalog.admin.filters import (
    AisleFilter,
    AvailabilityFilter,
    DepartmentFilter,
    PictureFilter,
    RatedFilter,
)
from catalog.admin.transfer import ProductTransfer
from catalog.models import Product

PICTURE_TYPES = ["jpg", "jpeg", "png", "webp", "gif", "avif"]
PICTURE_BYTES = 5 * 1024 * 1024
UNTRACKED = {"id", "rating_count", "rating_total"}
TRACKED = [field for field in Product._meta.concrete_fields if field.name not in UNTRACKED]


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_image(self) -> Any:
        """An SVG or HTML file would run as a page of the shop, so only pictures made of pixels."""
        image = self.cleaned_data["image"]
        if image and "image" in self.changed_data:
            FileExtensionValidator(PICTURE_TYPES)(image)
            if image.size > PICTURE_BYTES:
                raise forms.ValidationError("The picture is larger than 5 MB. Upload a smaller one.")
        return image


@admin.register(Product)
class ProductAdmin(ProductTransfer, CountedDeletion, CategoryByPath, SimpleHistoryAdmin):  # type: ignore[misc]
    form = ProductForm
    list_display = (
        "picture", "title", "sku", "department", "price", "stock", "visible", "rating",
    )  # fmt: skip
    list_display_links = ("picture", "title")
    list_editable = ("price", "stock")
    list_filter = (
        DepartmentFilter, AisleFilter, AvailabilityFilter, "is_active", PictureFilter, RatedFilter,
    )  # fmt: skip
    list_select_related = ("category__parent",)
    list_per_page = 50
    search_fields = ("sku", "title", "brand")
    object_history_list_template = HISTORY_LIST
    search_help_text = "SKU, title or brand"
    date_hierarchy = "created_at"
    actions = ("show", "hide")
    readonly_fields = ("picture", "rating")
    fieldsets = (
        (None, {"fields": ("title", "sku", "slug", "brand", "category", "description")}),
        ("Offer", {"fields": ("price", "stock", "is_active", "created_at")}),
        ("Picture and details", {"fields": ("image", "picture", "attributes", "rating")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return Product.objects.by_rating()  # the list puts its own order over this one

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("price", "stock"):
            # What the page showed comes back with it, so that only what was edited counts as changed.
            kwargs["show_hidden_initial"] = True
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Write only what was edited: what an order took since the page was opened stays taken."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        # A revision from the history is written whole, except for what the history does not know.
        edited = {field.name for field in TRACKED} if hasattr(obj, "_history") else set(form.changed_data)
        untouched = [field.name for field in obj._meta.concrete_fields if field.name not in edited]
        obj.refresh_from_db(fields=untouched)
        obj.save(update_fields=edited)

    @admin.display(description="Picture")
    def picture(self, product: Product) -> SafeString | str:
        if product._state.adding:
            return "Drawn from the title until one is uploaded."
        return format_html(
            '<img class="product-picture" src="{}" alt="" width="44" height="44" loading="lazy">',
            product.picture_url,
        )

    @admin.display(ordering="category__parent__name")
    def department(self, product: Product) -> str:
        return category_path(product.category) if product.category else "–"

    @admin.display(boolean=True, ordering="is_active")
    def visible(self, product: Product) -> bool:
        return product.is_active

    @admin.display(ordering="weighted_rating")
    def rating(self, product: Product) -> str:
        average = product.rating_average
        return "not rated yet" if average is None else f"{average:.1f} ({product.rating_count})"

    @admin.action(description="Show the selected products in the shop", permissions=["change"])
    def show(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_visible(request, queryset, visible=True)

    @admin.action(description="Hide the selected products from the shop", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_visible(request, queryset, visible=False)

    def _set_visible(self, request: HttpRequest, queryset: QuerySet[Product], *, visible: bool) -> None:
        products = list(queryset.filter(is_active=not visible).order_by("pk"))
        for product in products:
            product.is_active = visible
        bulk_update_with_history(products, Product, ["is_active"], batch_size=500, default_user=request.user)
        word, count = ("shown" if visible else "hidden"), len(products)
        self.message_user(request, f"{count} product{'' if count == 1 else 's'} {word}.", messages.SUCCESS)
