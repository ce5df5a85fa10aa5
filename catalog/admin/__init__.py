"""The catalogue's admin: products, categories and orders, and the import and export of products."""

from catalog.admin.categories import CategoryAdmin
from catalog.admin.orders import OrderAdmin
from catalog.admin.products import ProductAdmin

__all__ = ["CategoryAdmin", "OrderAdmin", "ProductAdmin"]
