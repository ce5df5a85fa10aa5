"""How calls come to the express lane: before Django makes a request of them, or as a middleware.

The gate takes what WSGI servers hand over; a third of a kept list's time went into request and response
objects, signals and layers of which such an answer has no need. The middleware takes what comes another way:
ASGI, a shop below a prefix, ids beyond ASCII.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from threading import local
from time import perf_counter
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.middleware.security import SecurityMiddleware
from django.urls import set_script_prefix

from catalog.quick import database
from shopreco.api.callers import Call
from shopreco.express import ExpressLane
from shopreco.watching import request_id
from shopreco.watching.middleware import note

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

BELOW = "/api/v1/shoppers/"
METHODS = {"GET", "PUT"}
STATUS = {200: "200 OK", 201: "201 Created"}
# In a request's META, where no caller can write: the gate has tried it, and what was raised if anything was.
TRIED = "shopreco.express"
# What tells where a shop below a prefix is; whoever has none of it is at the root.
PREFIXES = ("SCRIPT_NAME", "SCRIPT_URL", "REDIRECT_URL")
ADDRESSED_BY = (
    "wsgi.url_scheme", "HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "SERVER_NAME",
    "SERVER_PORT",
)  # fmt: skip
ADDRESSES = 64


@dataclass(frozen=True, slots=True)
class Address:
    """Where the shop is for a caller. is_taken: whether calls there are answered, not sent to HTTPS. headers:
    of every answer there."""

    root: str
    is_taken: bool
    headers: tuple[tuple[str, str], ...]


class Addressed(HttpRequest):
    """As much of a request as says where it was sent."""

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__()
        self.path = self.path_info = BELOW
        self.META = told

    def _get_scheme(self) -> str:
        return str(self.META.get("wsgi.url_scheme", "http"))


class ExpressGate:
    """A WSGI application in front of Django's: answers what the express lane takes, and sends on the rest."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._lane = ExpressLane()
        self._addresses: dict[tuple[str | None, ...], Address] = {}
        # Of a thread: whether a call below a prefix may have left that with it.
        self._thread = local()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if (
            self._is_below_a_prefix(environ)
            or not path.startswith(BELOW)
            or environ["REQUEST_METHOD"] not in METHODS
            or not path.isascii()
            or (address := self._address_of(environ)) is None
        ):
            return self._application(environ, start_response)
        started = perf_counter()
        known_as = environ[request_id.SENT_AS] = request_id.begin(environ.get(request_id.SENT_AS))
        call = Call(environ["REQUEST_METHOD"], path, environ, lambda: address.root, lambda: _body_of(environ))
        environ[TRIED] = None
        if getattr(self._thread, "has_prefix", True):
            # It would be in every address of the answer.
            set_script_prefix("/")
            self._thread.has_prefix = False
        try:
            told = self._lane.answer(call)
        except Exception as error:  # raised again by the middleware, where errors become answers
            environ[TRIED], told = error, None
        finally:
            _let_go()
        if told is None:
            return self._application(environ, start_response)
        note(call.method, path, told.route, told.status, perf_counter() - started)
        headers = [*told.headers.items(), *address.headers, (request_id.HEADER, known_as)]
        start_response(STATUS[told.status], headers)
        return [told.body]

    def _is_below_a_prefix(self, environ: WSGIEnvironment) -> bool:
        """Where it is, this thread will have that prefix."""
        if not any(map(environ.get, PREFIXES)) and not settings.FORCE_SCRIPT_NAME:
            return False
        self._thread.has_prefix = True
        return True

    def _address_of(self, environ: WSGIEnvironment) -> Address | None:
        """None where Django has to say what is wrong with it, or where it belongs."""
        said_by, _ = settings.SECURE_PROXY_SSL_HEADER or (None, None)
        names = ADDRESSED_BY if said_by is None else (*ADDRESSED_BY, said_by)
        key = tuple(map(environ.get, names))
        known = self._addresses.get(key)
        if known is None:
            try:
                known = _look({name: value for name, value in zip(names, key, strict=True) if value})
            except DisallowedHost:
                return None
            if len(self._addresses) >= ADDRESSES:
                self._addresses.clear()
            self._addresses[key] = known
        return known if known.is_taken else None


def _look(told: dict[str, str]) -> Address:
    """What Django itself makes of it. Raises DisallowedHost."""
    request, plain = Addressed(told), HttpResponse()
    security = SecurityMiddleware(lambda _: plain)
    is_taken = security.process_request(request) is None
    headers = security.process_response(request, HttpResponse()).items()
    added = tuple((name, value) for name, value in headers if name not in plain)
    return Address(f"{request.scheme}://{request.get_host()}", is_taken, added)


def _body_of(environ: WSGIEnvironment) -> bytes:
    """The body, which stays to be read again. Raises UnreadablePostError."""
    try:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    except OSError as error:
        raise UnreadablePostError(*error.args) from error
    environ["wsgi.input"] = BytesIO(body)
    return bytes(body)


def _let_go() -> None:
    """As after any request: a connection that Django made is closed, or goes back to its pool."""
    if database().connection is not None:
        close_old_connections()


class ExpressMiddleware:
    """Inside the one that looks after TLS and outside of all that a page needs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._lane = ExpressLane()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta: dict[str, Any] = request.META
        if TRIED in meta:
            if meta[TRIED] is not None:
                raise meta[TRIED]
            return self._get_response(request)
        call = Call(
            request.method or "", request.path_info, meta,
            lambda: f"{request.scheme}://{request.get_host()}", lambda: request.body,
        )  # fmt: skip
        told = self._lane.answer(call)
        if told is None:
            return self._get_response(request)
        request.resolver_match = told.route
        return HttpResponse(told.body, status=told.status, headers=told.headers)
