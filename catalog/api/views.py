"""The catalogue over REST."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.filters import ProductFilter
from catalog.api.lookups import SKU, product_or_404
from catalog.api.pagination import StrictLimitOffset
from catalog.api.serializers import ProductDetail, ProductSummary
from catalog.models import Product


@extend_schema_view(
    get=extend_schema(
        tags=["Products"], summary="List, search and filter products", operation_id="list_products"
    )
)
class ProductList(ListAPIView[Product]):
    """All products shoppers may see, newest first, a page at a time."""

    serializer_class = ProductSummary
    filterset_class = ProductFilter
    pagination_class = StrictLimitOffset
    queryset = Product.objects.public()


class OneProduct(APIView):
    @extend_schema(
        tags=["Products"],
        summary="Read one product",
        operation_id="get_product",
        parameters=[SKU],
        responses=ProductDetail,
    )
    def get(self, request: Request, sku: str) -> Response:
        """Everything about one product. A product that is not visible in the shop is not found."""
        product = product_or_404(sku, Product.objects.public().select_related("category"))
        return Response(ProductDetail(product, context={"request": request}).data)
