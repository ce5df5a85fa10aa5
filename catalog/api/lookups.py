"""Products named in an address."""

from __future__ import annotations

import re

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound

from catalog.models import SKU_PATTERN, Product, ProductQuerySet

SKU = OpenApiParameter("sku", OpenApiTypes.STR, OpenApiParameter.PATH, description="The product's SKU.")


def product_or_404(sku: str, among: ProductQuerySet | None = None) -> Product:
    """The product of this SKU; a 404 that names the SKU when there is none (among those given)."""
    products = Product.objects.all() if among is None else among
    # What cannot be a SKU is not asked for: PostgreSQL refuses some characters outright.
    product = products.filter(sku=sku).first() if re.fullmatch(SKU_PATTERN, sku) else None
    if product is None:
        raise NotFound(f'There is no product with the SKU "{sku}". GET products lists all there are.')
    return product
