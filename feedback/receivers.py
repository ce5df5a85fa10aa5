"""What the other apps tell: sign-ins, visits, baskets and orders, and what feedback makes of them."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from catalog.models import Product
from catalog.order_models import Order
from catalog.signals import basket_changed, order_noted, order_placed, product_viewed
from feedback import purchases
from feedback.gestures import switch, visit
from feedback.identity import (
    SESSION_KEY,
    merge_shopper,
    shopper_for_account,
    shopper_for_feedback,
    shopper_of,
)
from feedback.models import Event, Shopper


@receiver(user_logged_in, dispatch_uid="merge_anonymous_history")
def merge_at_sign_in(*, request: HttpRequest, user: Any, **_: object) -> None:
    """The browser's anonymous history becomes the account's."""
    visitor_id = request.session.pop(SESSION_KEY, None)
    visitor = Shopper.objects.filter(pk=visitor_id, is_anonymous=True).first() if visitor_id else None
    if visitor is not None:
        now = timezone.now()
        merge_shopper(source=visitor, target=shopper_for_account(user.pk, now=now), now=now)
        words = "What you rated, wished for and hid in this browser is in your account now."
        messages.info(request, words, fail_silently=True)


@receiver(product_viewed, dispatch_uid="record_visit")
def record_visit(*, request: HttpRequest, product: Product, now: datetime, **_: object) -> None:
    visit(request, product, now=now)


@receiver(basket_changed, dispatch_uid="record_basket")
def record_basket(*, request: HttpRequest, product: Product, is_in: bool, now: datetime, **_: object) -> None:
    """Into the basket is feedback, out of it takes that back; without consent nothing new is noted."""
    if is_in:
        with shopper_for_feedback(request, now=now) as shopper:
            if shopper.consent:
                switch(Event.Kind.BASKET, shopper, product, now=now)
    elif (known := shopper_of(request)) is not None:
        switch(Event.Kind.UNBASKET, known, product, now=now)


@receiver(order_noted, dispatch_uid="note_order")
def note_order(*, request: HttpRequest, order: Order, **_: object) -> None:
    with shopper_for_feedback(request, now=order.placed_at) as shopper:
        purchases.note(order, shopper)


@receiver(order_placed, dispatch_uid="record_purchases")
def record_purchases(*, order: Order, **_: object) -> None:
    """One purchase per product of the order; told twice, they are still written once."""
    purchases.record(order)
