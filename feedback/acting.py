"""Whose stars and lists a page shows: the visitor's own, or those of a shopper looked up by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.http import HttpRequest

from feedback.identity import find_shopper, may_act_for
from feedback.models import Shopper


@dataclass(frozen=True)
class LookUp:
    """A shopper id someone asked for. `shopper` is None when nobody has it or it is not theirs to see."""

    external_id: str
    shopper: Shopper | None
    is_allowed: bool


def visitor_of(request: HttpRequest) -> Shopper | None:
    """The visitor's own shopper, read once per request."""
    return cast("Shopper | None", getattr(request, "shopper", None)) or None


def may_look_up(request: HttpRequest) -> bool:
    """Whether this request may ask for anyone's shopper id."""
    return bool(settings.SHOPRECO_OPEN_LOOKUP) or bool(getattr(request.user, "is_staff", False))


def look_up(request: HttpRequest, external_id: str) -> LookUp:
    """The shopper of that id, if this request may act for them.

    Where looking up is closed, an id nobody has answers like an id of somebody else: it gives nothing away.
    """
    # A database that refuses NUL has no such shopper either.
    shopper = find_shopper(external_id) if "\x00" not in external_id else None
    if shopper is None:
        return LookUp(external_id, None, is_allowed=may_look_up(request))
    is_allowed = may_act_for(request, shopper)
    return LookUp(external_id, shopper if is_allowed else None, is_allowed)


def looked_up(request: HttpRequest) -> LookUp | None:
    """The look-up in the page's own address (`?shopper=`), read once per request; None without one."""
    if not hasattr(request, "_looked_up"):
        external_id = request.GET.get("shopper", "").strip()
        request._looked_up = look_up(request, external_id) if external_id else None  # type: ignore[attr-defined]
    return cast("LookUp | None", request._looked_up)  # type: ignore[attr-defined]


def acting_shopper(request: HttpRequest) -> Shopper | None:
    """The shopper whose stars a page shows and changes."""
    asked = looked_up(request)
    return asked.shopper if asked is not None and asked.is_allowed else visitor_of(request)
