"""Who is asking: an account, an anonymous browser session, or a shopper id looked up in the demo."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from feedback.erasing import note_forgotten
from feedback.models import Event, OrderToRecord, Rating, RatingChange, Shopper
from feedback.services import recount_ratings

SESSION_KEY = "shopper_id"
# The shop makes ids that begin like this itself: for accounts, and for visitors who have none.
OWN_PREFIXES = ("account-", "visitor-")


def shopper_of(request: HttpRequest) -> Shopper | None:
    """The shopper behind a request; None for a visitor who has not left any feedback yet."""
    if request.user.is_authenticated:
        # Comes with the account. One that had none then may have one by now.
        own: Shopper | None = getattr(request.user, "shopper", None)
        return own or Shopper.objects.filter(account_id=request.user.pk).first()
    shopper_id = request.session.get(SESSION_KEY)
    return Shopper.objects.filter(pk=shopper_id, is_anonymous=True).first() if shopper_id else None


@contextmanager
def shopper_for_feedback(
    request: HttpRequest, shopper: Shopper | None = None, *, now: datetime
) -> Iterator[Shopper]:
    """`shopper`, else the one behind the request, for what is written inside; made at the first feedback.

    (A mere visit leaves no row behind.) One that is made is kept only if what is written is: feedback that is
    refused leaves neither a row behind nor the session with its number, which SQLite gives to the next one.
    """
    if (known := shopper or shopper_of(request)) is not None:
        yield known
        return
    in_session = request.session.get(SESSION_KEY)
    try:
        with transaction.atomic():
            yield _made_for(request, now=now)
    except BaseException:
        if in_session is None:
            request.session.pop(SESSION_KEY, None)
        else:
            request.session[SESSION_KEY] = in_session
        raise


def _made_for(request: HttpRequest, *, now: datetime) -> Shopper:
    if request.user.is_authenticated:
        return shopper_for_account(request.user.pk, now=now)
    shopper = Shopper.objects.create(
        external_id=f"visitor-{secrets.token_hex(8)}", is_anonymous=True, created_at=now
    )
    request.session[SESSION_KEY] = shopper.pk
    return shopper


def shopper_for_account(account_id: int, *, now: datetime) -> Shopper:
    """The account's shopper; made when there is none yet."""
    external_id = f"account-{account_id}"
    # Someone else of that id, as from an import, keeps it and their history.
    if Shopper.objects.filter(external_id=external_id).exclude(account_id=account_id).exists():
        external_id = f"{external_id}-{secrets.token_hex(8)}"
    shopper, _ = Shopper.objects.get_or_create(
        account_id=account_id, defaults={"external_id": external_id, "created_at": now}
    )
    return shopper


def may_act_for(request: HttpRequest, shopper: Shopper) -> bool:
    """Whether this request may see and change the shopper's feedback: its own, or by the look-up setting."""
    if getattr(request.user, "is_staff", False):
        return True
    own = shopper_of(request)
    if own is not None and own.pk == shopper.pk:
        return True
    # An account's history is its owner's alone; the look-up is for the shop's imported and demo shoppers.
    return bool(settings.SHOPRECO_OPEN_LOOKUP) and shopper.account_id is None and not shopper.is_anonymous


def find_shopper(external_id: str) -> Shopper | None:
    """The shopper an integrator or a look-up names, or None."""
    return Shopper.objects.filter(external_id=external_id).first()


def merge_shopper(*, source: Shopper, target: Shopper, now: datetime) -> None:
    """Move all feedback of `source` to `target` and delete `source`; of two ratings the newer one stays."""
    if source.pk == target.pk:
        return
    with transaction.atomic():
        # Feedback that comes in meanwhile waits, so that none is left behind with the deleted row.
        list(Shopper.objects.select_for_update().filter(pk__in=[source.pk, target.pk]).order_by("pk"))
        kept = {rating.product_id: rating for rating in Rating.objects.filter(shopper=target)}
        for rating in Rating.objects.filter(shopper=source):
            rival = kept.get(rating.product_id)
            if rival is not None and rival.rated_at >= rating.rated_at:
                continue
            if rival is not None:
                rival.delete()
            Rating.objects.filter(pk=rating.pk).update(shopper=target)
        touched = list(Rating.objects.filter(shopper=source).values_list("product_id", flat=True)) + list(
            kept
        )
        Event.objects.filter(shopper=source).update(shopper=target)
        RatingChange.objects.filter(shopper=source).update(shopper=target)
        OrderToRecord.objects.filter(shopper=source).update(shopper=target)
        note_forgotten([source.pk], now=now)
        source.delete()
        recount_ratings(touched)
        Shopper.objects.filter(pk=target.pk).update(feedback_version=F("feedback_version") + 1)
        if not source.consent:
            # Who has said no in this browser has not said yes by signing in.
            Shopper.objects.filter(pk=target.pk).update(consent=False)
