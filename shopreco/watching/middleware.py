"""Around every request: its id, its line in the log, its place in the figures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from shopreco.watching import request_id
from shopreco.watching.figures import count_request
from shopreco.watching.lines import REQUESTS

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
        self._note(request, response.status_code, perf_counter() - started)
        return response

    def _note(self, request: HttpRequest, status: int, seconds: float) -> None:
        # The route, not the path: paths are without number, and so would be the series.
        match = request.resolver_match
        count_request(request.method or "", match.route if match else UNROUTED, status, seconds)
        if settings.SHOPRECO_LOG_REQUESTS and logger.isEnabledFor(logging.INFO):
            # Without the query string: what people search for is nobody's business.
            told = {
                "method": request.method, "path": request.path, "status": status,
                "milliseconds": round(1000 * seconds, 1),
            }  # fmt: skip
            words = (request.method, request.path, status)
            # Where in the program it is said need not be found out for each line.
            record = logger.makeRecord(
                logger.name, logging.INFO, __file__, 0, "%s %s %d", words, None, extra=told
            )
            logger.handle(record)
