"""Products as the API shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import Product


class ProductSummary(serializers.Serializer[Product]):
    """A product in a list."""

    sku = serializers.CharField(help_text="The product's id in the shop.")
    title = serializers.CharField()
    brand = serializers.CharField(help_text="May be empty.")
    category = serializers.SlugField(
        source="category.slug", allow_null=True, help_text="The category's slug, or null."
    )
    price = serializers.DecimalField(max_digits=10, decimal_places=2)
    in_stock = serializers.BooleanField()
    url = serializers.SerializerMethodField(help_text="The product's page.")
    picture = serializers.SerializerMethodField(help_text="The product's picture.")

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, product: Product) -> str:
        return self._absolute(product.get_absolute_url())

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_picture(self, product: Product) -> str:
        return self._absolute(product.picture_url)

    def _absolute(self, address: str) -> str:
        return str(self.context["request"].build_absolute_uri(address))


class ProductDetail(ProductSummary):
    """Everything about one product."""

    description = serializers.CharField()
    attributes: Any = serializers.DictField(help_text='For example {"colour": "blue"}.')
    stock = serializers.IntegerField(help_text="How many there are.")
    rating_average = serializers.FloatField(
        allow_null=True, help_text="1 to 5; null before the first rating."
    )
    rating_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
