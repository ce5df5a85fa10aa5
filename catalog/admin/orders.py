"""Orders, to be looked at and marked as sent. What was ordered, by whom and for how much nobody changes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString

from catalog.admin.common import admin_link
from catalog.models import Order, OrderLine
from catalog.templatetags.shop import money


class LineInline(admin.TabularInline):  # type: ignore[type-arg]
    model = OrderLine
    fields = readonly_fields = ("product_link", "sku", "title", "unit_price", "quantity", "sum")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("product")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Product")
    def product_link(self, line: OrderLine) -> SafeString | str:
        return admin_link(line.product)

    @admin.display(description="Sum")
    def sum(self, line: OrderLine) -> str:
        return money(line.total)


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("number", "placed_at", "buyer", "pieces", "sum", "status")
    list_filter = ("status", ("anonymised_at", admin.EmptyFieldListFilter))
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("number", "name", "email", "account__username")
    search_help_text = "Order number, name, e-mail or user name"
    date_hierarchy = "placed_at"
    inlines = (LineInline,)
    actions = ("mark_sent",)
    fields = (
        "number", "placed_at", "status", "sum", "account", "name", "email", "street", "postcode", "city",
        "country", "anonymised_at",
    )  # fmt: skip
    readonly_fields = tuple(field for field in fields if field != "status")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an order is placed in the shop

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the shop keeps its books

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders: QuerySet[Order] = super().get_queryset(request).annotate(ordered=Sum("lines__quantity"))
        return orders

    @admin.display(description="Buyer", ordering="name")
    def buyer(self, order: Order) -> str:
        return order.name or "anonymised"

    @admin.display(description="Pieces", ordering="ordered")
    def pieces(self, order: Order) -> int:
        return getattr(order, "ordered", None) or 0

    @admin.display(description="Total", ordering="total")
    def sum(self, order: Order) -> str:
        return money(order.total)

    @admin.action(description="Mark the selected orders as sent", permissions=["change"])
    def mark_sent(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        count = 0
        for order in queryset.filter(status=Order.Status.PLACED):
            self.log_change(request, order, "Sent.")
            count += 1
        queryset.update(status=Order.Status.SENT)
        self.message_user(request, f"{count} order{'' if count == 1 else 's'} sent.", messages.SUCCESS)
