"""Merchandising rules in the admin, each with the number of products it touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin

from catalog.admin.common import HISTORY_LIST, CategoryByPath, admin_link, category_path
from catalog.models import Category, Product
from recommendations.models import MerchandisingRule


@dataclass(frozen=True)
class Reach:
    """How many products a rule matches, how many of them can be recommended, and where to see them."""

    matched: int
    recommendable: int
    address: str


def reach_of(*, product: Product | None, category: Category | None, brand: str) -> Reach | None:
    """What a rule with this target touches; None unless there is exactly one target."""
    if [product is not None, category is not None, bool(brand)].count(True) != 1:
        return None
    changelist = reverse("admin:catalog_product_changelist")
    if product is not None:
        products = Product.objects.filter(pk=product.pk)
        address = f"{changelist}?{urlencode({'q': product.sku})}"
    elif category is not None:
        products = Product.objects.in_category(category)
        parameter = "department" if category.parent_id is None else "aisle"
        address = f"{changelist}?{urlencode({parameter: category.slug})}"
    else:
        products = Product.objects.filter(brand__iexact=brand)
        address = f"{changelist}?{urlencode({'q': brand})}"
    counts = products.aggregate(
        matched=Count("pk"), recommendable=Count("pk", filter=Q(is_active=True, stock__gt=0))
    )
    return Reach(counts["matched"], counts["recommendable"], address)


class InForceFilter(admin.SimpleListFilter):
    title = "in force now"
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        in_force = MerchandisingRule.objects.in_force(timezone.now()).values("pk")
        if self.value() == "yes":
            return queryset.filter(pk__in=in_force)
        return queryset.exclude(pk__in=in_force) if self.value() == "no" else None


@admin.register(MerchandisingRule)
class MerchandisingRuleAdmin(CategoryByPath, SimpleHistoryAdmin):  # type: ignore[misc]
    list_display = ("name", "action", "target", "period", "is_active")
    list_filter = ("action", "is_active", InForceFilter)
    list_select_related = ("product", "category__parent")
    search_fields = ("name", "brand", "product__sku", "product__title", "category__name")
    autocomplete_fields = ("product",)
    fieldsets = (
        (None, {"fields": ("name", "action", "strength", "is_active")}),
        ("Which products: choose one", {"fields": ("product", "category", "brand")}),
        ("When", {"fields": (("starts_at", "ends_at"),), "description": "Empty for always."}),
    )
    object_history_list_template = HISTORY_LIST
    change_form_template = "admin/recommendations/merchandisingrule/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview_view)
        urls: list[URLPattern] = super().get_urls()
        return [path("preview/", preview, name="recommendations_merchandisingrule_preview"), *urls]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What a rule with the form's target would touch, asked for as the form is filled in."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        product, category = request.GET.get("product", ""), request.GET.get("category", "")
        reach = reach_of(
            product=Product.objects.filter(pk=product).first() if _is_key(product) else None,
            category=Category.objects.filter(pk=category).first() if _is_key(category) else None,
            brand=request.GET.get("brand", "").strip(),
        )
        return TemplateResponse(
            request, "admin/recommendations/merchandisingrule/preview.html", {"reach": reach}
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        rule = self.get_object(request, object_id) if object_id else None
        reach = reach_of(product=rule.product, category=rule.category, brand=rule.brand) if rule else None
        context = {**(extra_context or {}), "reach": reach}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return response

    @admin.display(description="Products")
    def target(self, rule: MerchandisingRule) -> SafeString | str:
        if rule.brand:
            return f"brand {rule.brand}"
        if rule.category:
            return admin_link(rule.category, category_path(rule.category))
        return admin_link(rule.product)

    @admin.display(description="When")
    def period(self, rule: MerchandisingRule) -> str:
        starts, ends = (
            date_format(moment, "SHORT_DATETIME_FORMAT") if moment else ""
            for moment in (rule.starts_at, rule.ends_at)
        )
        if starts and ends:
            return f"{starts} to {ends}"
        return f"from {starts}" if starts else f"until {ends}" if ends else "always"


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
