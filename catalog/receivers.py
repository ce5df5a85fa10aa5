"""At sign-in a visitor's basket and orders become the account's."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from catalog.basket import COUNT_KEY, AccountBasket, merge_into_account
from catalog.orders import claim


@receiver(user_logged_in, dispatch_uid="merge_basket_and_orders")
def merge_at_sign_in(*, request: HttpRequest, user: Any, **_: object) -> None:
    brought = merge_into_account(request.session, user.pk, now=timezone.now())
    request.session[COUNT_KEY] = AccountBasket(user.pk).count()
    claimed = claim(request, user.pk)
    things = [words for count, words in ((brought, "basket"), (claimed, "orders")) if count]
    if things:
        words = f"Your {' and '.join(things)} came along."
        messages.info(request, words, fail_silently=True)
