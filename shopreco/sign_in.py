"""Passwords may be tried a few times only: per name and address, per name, and per address.

Whatever door asks (the shop's, the administration's) goes through this backend. A name that nobody has is
held back like any other, so the answer does not tell which names there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from catalog.limits import Limit, address_of
from shopreco.models import User

# One address may try this many times as often (people who share it), and so may all addresses one name.
ADDRESS_SHARE, NAME_SHARE = 10, 10


def sign_in_wait(request: HttpRequest, name: str, *, now: datetime) -> int:
    """How many seconds until the next password may be tried; 0 when one may be."""
    limit = Limit.named("sign-in")
    return max(limit.wait(caller, now=now, share=share) for caller, share in _callers(request, name))


class ThrottledBackend(ModelBackend):
    """Django's own, after a look at how often it was tried in vain."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if request is not None and username and sign_in_wait(request, username, now=timezone.now()):
            raise PermissionDenied  # the right password would not help either: nothing to be learned here
        return super().authenticate(request, username=username, password=password, **kwargs)

    def get_user(self, user_id: int) -> User | None:
        """With the account's shopper, whom nearly every page asks for, in the same query."""
        user = User.objects.select_related("shopper").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


@receiver(user_login_failed, dispatch_uid="count_failed_sign_ins")
def count_failure(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    if request is None:
        return
    limit, now = Limit.named("sign-in"), timezone.now()
    for caller, share in _callers(request, str(credentials.get("username", ""))):
        limit.take(caller, now=now, share=share)


def _callers(request: HttpRequest, name: str) -> list[tuple[str, int]]:
    address, name = address_of(request), name.strip().casefold()
    return [(f"{name}@{address}", 1), (f"name:{name}", NAME_SHARE), (f"address:{address}", ADDRESS_SHARE)]
