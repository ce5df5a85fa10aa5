"""The doors of the pages' feedback: stars, "not interested" and the wishlist's heart."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.answers import Said, quoted
from catalog.limits import limited
from feedback.acting import look_up, visitor_of
from feedback.answers import answer, rated, undo_of
from feedback.forms import FeedbackForm, RateForm, SwitchForm
from feedback.gestures import dismiss, undismiss, unwish, wish
from feedback.identity import shopper_for_feedback
from feedback.models import Shopper
from feedback.selectors import rating_values
from feedback.services import rate, unrate


@require_POST
@limited("feedback")
def rate_product(request: HttpRequest) -> HttpResponse:
    """Give, change or (with no stars) take back a rating."""
    form = RateForm(request.POST)
    if refusal := _refusal(request, form):
        return answer(request, refusal)
    now = timezone.now()
    value, product = form.cleaned_data["value"], form.cleaned_data["product"]
    shopper = _shopper(request, form.cleaned_data["shopper"])
    before = rating_values(shopper, [product.pk]).get(product.pk, 0)
    if value:
        with shopper_for_feedback(request, shopper, now=now) as shopper:
            rate(shopper=shopper, product=product, value=value, now=now)
    elif shopper is None or not unrate(shopper=shopper, product=product, now=now):
        return answer(request, Said(f"There was no rating of {quoted(product)} to take back."))
    said = rated(product, value, shopper=shopper, looked_up=form.cleaned_data["shopper"])
    return answer(request, said, changed=True, undo=undo_of(request, "feedback:rate", product, value=before))


@require_POST
@limited("feedback")
def dismiss_product(request: HttpRequest) -> HttpResponse:
    """Note that a shopper is not interested in a product, or (undo) that they are after all."""
    form = SwitchForm(request.POST)
    if refusal := _refusal(request, form):
        return answer(request, refusal)
    now, product, is_undo = timezone.now(), form.cleaned_data["product"], form.cleaned_data["undo"]
    shopper = _shopper(request, form.cleaned_data["shopper"])
    if is_undo:
        if shopper is None or not undismiss(shopper, product, now=now):
            return answer(request, Said(f"{quoted(product)} was not hidden from you."))
        said = Said(f"{quoted(product)} may be recommended again.")
        return answer(request, said, changed=True)
    with shopper_for_feedback(request, shopper, now=now) as shopper:
        dismiss(shopper, product, now=now)
    said = Said(f"{quoted(product)} will not be recommended again.")
    undo = undo_of(request, "feedback:dismiss", product, undo="1")
    return answer(request, said, changed=True, undo=undo)


@require_POST
@limited("feedback")
def wish_product(request: HttpRequest) -> HttpResponse:
    """Put a product on the wishlist, or (undo) take it off."""
    form = SwitchForm(request.POST)
    if refusal := _refusal(request, form):
        return answer(request, refusal)
    now, product, is_undo = timezone.now(), form.cleaned_data["product"], form.cleaned_data["undo"]
    shopper = _shopper(request, form.cleaned_data["shopper"])
    if is_undo:
        changed = shopper is not None and unwish(shopper, product, now=now)
        words = f"{quoted(product)} is off the wishlist."
    else:
        with shopper_for_feedback(request, shopper, now=now) as shopper:
            changed = wish(shopper, product, now=now)
        words = f"{quoted(product)} is on the wishlist."
    # Only a page with the heart on it can have it changed: the wishlist, for one, has none.
    heart = request.POST.get("heart", "")
    undo = undo_of(request, "feedback:wish", product, undo="" if is_undo else "1", heart=heart)
    return answer(
        request, Said(words), changed=changed, undo=undo if changed else None,
        also="feedback/_wish_again.html" if heart else "",
        context={
            "product": product, "is_wished": not is_undo, "next": request.POST.get("next", ""),
            "asked": look_up(request, form.cleaned_data["shopper"]) if form.cleaned_data["shopper"] else None,
        },
    )  # fmt: skip


def _refusal(request: HttpRequest, form: FeedbackForm) -> Said | None:
    """Why the feedback cannot be taken, if so. Raises PermissionDenied for another shopper's history."""
    if not form.is_valid():
        return Said.failed(form.first_error())
    if external_id := form.cleaned_data["shopper"]:
        named = look_up(request, external_id)
        if not named.is_allowed:
            raise PermissionDenied("This is another shopper's history.")
        if named.shopper is None:
            return Said.failed(f"There is no shopper “{external_id}”.")
    return None


def _shopper(request: HttpRequest, external_id: str) -> Shopper | None:
    """The looked-up shopper, else the visitor's own, if there is one yet."""
    return look_up(request, external_id).shopper if external_id else visitor_of(request)
