"""Whose feedback a request to the API may see and change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from feedback.api.fields import NOT_TO_BE_MADE, checked_shopper_id, may_be_made
from feedback.identity import find_shopper, shopper_of
from feedback.models import Shopper
from feedback.services import shoppers_named

NOT_YOURS = (
    "This shopper's feedback belongs to an account or a visitor's session: "
    "it takes an API key, staff, or the shopper."
)


class Reach:
    """The shoppers one request may act for.

    A key and staff act for everyone. Others get here only where the API is open: they act for themselves and
    for the shop's plain shoppers, never for an account's or a visitor's history. It is the rule of
    `feedback.identity.may_act_for`, with the requester looked up once for a whole list.
    """

    def __init__(self, request: Request) -> None:
        self._is_trusted = request.auth is not None or bool(getattr(request.user, "is_staff", False))
        self._request = request
        self._own_id: int | None = None
        self._is_own_known = False

    def includes(self, shopper: Shopper) -> bool:
        if self._is_trusted or (shopper.account_id is None and not shopper.is_anonymous):
            return True
        return shopper.pk == self._own()

    def _own(self) -> int | None:
        if not self._is_own_known:
            own = shopper_of(self._request._request)
            self._own_id, self._is_own_known = (own.pk if own else None), True
        return self._own_id


def reachable_shopper(request: Request, shopper_id: str) -> Shopper | None:
    """The shopper named in the address; None when nobody has the id. 400 for a bad id, 403 out of reach."""
    shopper = find_shopper(checked_shopper_id(shopper_id))
    if shopper is not None and not Reach(request).includes(shopper):
        raise PermissionDenied(NOT_YOURS)
    return shopper


def reachable_shoppers(request: Request, shopper_ids: Sequence[str]) -> dict[str, Shopper]:
    """id -> shopper, of those there are. One query. 403 when one of them is out of reach."""
    found = {each.external_id: each for each in Shopper.objects.filter(external_id__in=set(shopper_ids))}
    reach = Reach(request)
    if not all(reach.includes(shopper) for shopper in found.values()):
        raise PermissionDenied(NOT_YOURS)
    return found


@contextmanager
def reachable_or_new_shopper(request: Request, shopper_id: str, *, now: datetime) -> Iterator[Shopper]:
    """The shopper named in the address, made when nobody has the id: a shop knows its shoppers.

    One that is made is kept only if what is written inside is.
    """
    shopper = reachable_shopper(request, shopper_id)
    if shopper is not None:
        yield shopper
        return
    if not may_be_made(shopper_id):
        raise ValidationError({"shopper": NOT_TO_BE_MADE})
    with transaction.atomic():
        yield shoppers_named([shopper_id], now=now)[shopper_id]
