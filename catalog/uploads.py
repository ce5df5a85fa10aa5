"""Uploaded pictures, for shops without a proxy that serves them."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe
from django.views.static import serve

DAY = 86_400
# Whatever was uploaded is looked at, never run: an SVG or an HTML page may carry scripts.
HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_safe
def uploaded(request: HttpRequest, path: str) -> HttpResponse | FileResponse:
    """The file below MEDIA_ROOT; 404 for what is not there, and for folders."""
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except SuspiciousFileOperation:
        raise Http404("There is no such picture.") from None
    response["Content-Security-Policy"] = HARMLESS
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, public=True, max_age=DAY)
    return response
