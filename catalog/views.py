"""The catalogue's pages: listing and search, and a product's own page."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.forms import ProductListForm
from catalog.models import Product
from catalog.selectors import attribute_rows, products_on_sale
from catalog.signals import product_viewed

PAGE_SIZE = 24


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    """Browse and search; a filter that makes no sense is reported and left out."""
    form = ProductListForm(request.GET)
    form.is_valid()
    wanted = form.cleaned_data.get
    products = products_on_sale(
        words=wanted("q") or "",
        category=wanted("department"),
        min_price=wanted("min_price"),
        max_price=wanted("max_price"),
        in_stock=bool(wanted("in_stock")),
        sort=wanted("sort") or "",
    )
    page = Paginator(products, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "words": wanted("q") or "", "category": wanted("department")}
    return render(request, "catalog/products.html", context)


@require_safe
def product_detail(request: HttpRequest, sku: str) -> HttpResponse:
    """One product with what goes with it; a product that is not on sale is an ordinary 404 page."""
    products = Product.objects.public().select_related("category__parent")
    # PostgreSQL refuses to look for NUL at all.
    product = products.filter(sku=sku).first() if "\x00" not in sku else None
    if product is None:
        raise Http404("This product is not in the shop (any more).")
    if _is_a_visit(request):
        # robust: a listener that fails is logged and does not cost the shopper the page.
        product_viewed.send_robust(sender=None, request=request, product=product, now=timezone.now())
    context = {"product": product, "attributes": attribute_rows(product.attributes)}
    return render(request, "catalog/product.html", context)


def _is_a_visit(request: HttpRequest) -> bool:
    """A person opening the page: not a probe, not a prefetch, not this page refreshing a part of itself."""
    purpose = request.headers.get("Sec-Purpose", "") or request.headers.get("Purpose", "")
    is_refresh = request.headers.get("HX-Request") == "true"
    return request.method == "GET" and "prefetch" not in purpose and not is_refresh
