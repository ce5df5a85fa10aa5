"""The drawn picture of a product that has no uploaded one."""

from __future__ import annotations

from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from catalog.art.picture import EDITION, picture
from catalog.models import Product

DAY = 86_400


@require_safe
def product_picture(request: HttpRequest, sku: str) -> HttpResponse:
    """The SVG of one product, from one query; the browser keeps it for a day and then asks with its ETag."""
    words = (
        Product.objects.filter(sku=sku)
        .values_list("title", "category__name", "category__parent__name")
        .first()
    )
    if words is None:
        return _kept(HttpResponse("No such product.", status=404, content_type="text/plain"), seconds=60)
    title, aisle, department = words
    text = "\n".join((str(EDITION), sku, title, aisle or "", department or ""))
    etag = quote_etag(blake2b(text.encode(), digest_size=12).hexdigest())
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    if etag in asked or f"W/{etag}" in asked or "*" in asked:
        response: HttpResponse = HttpResponseNotModified()
    else:
        drawing = picture(sku=sku, title=title, aisle=aisle or "", department=department or "")
        response = HttpResponse(drawing, content_type="image/svg+xml")
    response["ETag"] = etag
    return _kept(response, seconds=DAY)


def _kept(response: HttpResponse, *, seconds: int) -> HttpResponse:
    patch_cache_control(response, public=True, max_age=seconds)
    return response
