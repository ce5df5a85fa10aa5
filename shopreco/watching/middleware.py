"""Around every request: its id, its line in the log, its place in the figures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from shopreco.watching import request_id
from shopreco.watching.figures import count_request
from shopreco.watching.lines import REQUESTS, record_of

logger = logging.getLogger(REQUESTS)
UNROUTED = "(none)"


class WatchingMiddleware:
    """The outermost one, so that it sees what all the others answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        known_as = request_id.begin(request.META.get(request_id.SENT_AS))
        response = self._get_response(request)
        response[request_id.HEADER] = known_as
        note(
            request.method or "", request.path, request.resolver_match, response.status_code,
            perf_counter() - started,
        )  # fmt: skip
        return response


def note(method: str, path: str, match: ResolverMatch | None, status: int, seconds: float) -> None:
    """Count an answer, and write its line."""
    # The route, not the path: paths are without number, and so would be the series.
    count_request(method, match.route if match else UNROUTED, status, seconds)
    if settings.SHOPRECO_LOG_REQUESTS and logger.isEnabledFor(logging.INFO):
        # Without the query string: what people search for is nobody's business.
        logger.handle(record_of(method, path, status, round(1000 * seconds, 1)))
