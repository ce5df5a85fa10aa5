"""Being somebody in a test's browser."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.test import Client

from feedback.identity import SESSION_KEY
from feedback.models import Shopper


def visit_as(client: Client, shopper: Shopper, *, is_anonymous: bool = True) -> None:
    """Give the browser session the anonymous shopper (made one if need be)."""
    Shopper.objects.filter(pk=shopper.pk).update(is_anonymous=is_anonymous)
    session = client.session
    session[SESSION_KEY] = shopper.pk
    session.save()


def sign_in(client: Client, name: str = "anna", *, is_staff: bool = False) -> Shopper:
    """Sign in with a fresh account and return its shopper."""
    user = get_user_model().objects.create_user(username=name, password="pass-word-123", is_staff=is_staff)
    client.force_login(user)
    return Shopper.objects.create(external_id=f"account-{user.pk}", account_id=user.pk)
