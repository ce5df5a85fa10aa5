"""The catalogue's pages: listing and search, what is suggested while typing, and a product's own page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.answers import is_fragment
from catalog.models import Product
from catalog.search.asking import read
from catalog.search.browsing import Browsing, browse
from catalog.search.personal import personal_order
from catalog.search.suggest import suggestions
from catalog.selectors import attribute_rows, departments
from catalog.signals import product_viewed

PAGE_SIZE = 24


class CountedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that is told how many there are, where that is known already."""

    def __init__(self, products: Any, total: int) -> None:
        super().__init__(products, PAGE_SIZE)
        self.total = total

    @property
    def count(self) -> int:
        return self.total


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    """Browse and search; whatever in the address makes no sense is said and left out."""
    shelves = departments()
    kept = tuple(("shopper", who) for who in [request.GET.get("shopper", "").strip()] if who)
    browsing = browse(
        read(request.GET, shelves), shelves, personal_order(request, now=timezone.now()), kept=kept
    )
    page: Page[Any] = CountedPaginator(browsing.products, browsing.total).get_page(request.GET.get("page"))
    response = render(
        request, "catalog/products.html", {**_context(browsing, page), "departments_read": shelves}
    )
    if request.headers.get("HX-Target") == "results":
        # What a form sends is tidied before it becomes an address to share.
        response["HX-Push-Url"] = request.path + browsing.page_query(page.number)
    return response


def _context(browsing: Browsing, page: Page[Any]) -> dict[str, Any]:
    asked = browsing.asked
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "browsing": browsing,
        "page": page,
        "words": asked.words,
        "category": asked.filters.category,
        "canonical": browsing.canonical_query(page.number),
        "pages": [
            (number, browsing.page_query(int(number)) if str(number).isdecimal() else "")
            for number in numbers
        ],
        "previous": browsing.page_query(page.number - 1) if page.has_previous() else "",
        "next": browsing.page_query(page.number + 1) if page.has_next() else "",
    }


@require_safe
def suggest_products(request: HttpRequest) -> HttpResponse:
    """The options of the search box for what is typed in it (`?q=`)."""
    found = suggestions(request.GET.get("q", ""))
    response = render(
        request, "catalog/_suggestions.html", {"found": found, "typed": request.GET.get("q", "")}
    )
    # Going back over letters should not ask again; another shop assistant's change may wait a minute.
    response["Cache-Control"] = "private, max-age=60"
    return response


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
    return request.method == "GET" and "prefetch" not in purpose and not is_fragment(request)
