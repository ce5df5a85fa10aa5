"""Tags and filters of the shop's pages."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.conf import settings

from catalog.models import Product
from catalog.selectors import Department
from catalog.selectors import departments as all_departments

register = template.Library()
LOW_STOCK = 5


@register.simple_tag(takes_context=True)
def departments(context: template.Context) -> list[Department]:
    """Every department with its aisles, for the menu; those the page has read already, if it has."""
    read: list[Department] | None = context.get("departments_read")
    return all_departments() if read is None else read


@register.filter
def money(amount: Decimal) -> str:
    """An amount in the shop's currency. Imported products without a price carry zero: say so."""
    return f"{settings.SHOPRECO_CURRENCY}{amount:,.2f}" if amount else "Price on request"


@register.filter
def stars(average: float) -> str:
    """An average rating with one decimal."""
    return f"{average:.1f}"


@register.filter
def stock_words(product: Product) -> str:
    """How much there is, as a shopper would say it."""
    if not product.in_stock:
        return "Sold out"
    return f"Only {product.stock} left" if product.stock <= LOW_STOCK else "In stock"
