"""Gives every request its shopper, looked up only when something asks."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from feedback.identity import shopper_of


class ShopperMiddleware:
    """`request.shopper`: the visitor's Shopper, falsy when there is none yet."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.shopper = SimpleLazyObject(lambda: shopper_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)
