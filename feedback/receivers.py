"""At sign-in the browser's anonymous history becomes the account's; opening a product is a view."""

from datetime import datetime
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from catalog.models import Product
from catalog.signals import product_viewed
from feedback.gestures import visit
from feedback.identity import SESSION_KEY, merge_shopper, shopper_for_account
from feedback.models import Shopper


@receiver(user_logged_in, dispatch_uid="merge_anonymous_history")
def merge_at_sign_in(*, request: HttpRequest, user: Any, **_: object) -> None:
    visitor_id = request.session.pop(SESSION_KEY, None)
    visitor = Shopper.objects.filter(pk=visitor_id, is_anonymous=True).first() if visitor_id else None
    if visitor is not None:
        merge_shopper(source=visitor, target=shopper_for_account(user.pk, now=timezone.now()))


@receiver(product_viewed, dispatch_uid="record_visit")
def record_visit(*, request: HttpRequest, product: Product, now: datetime, **_: object) -> None:
    visit(request, product, now=now)
