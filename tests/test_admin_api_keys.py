"""API keys: made with a name, shown once, revoked for good."""

from __future__ import annotations

import logging
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client

from shopreco.models import ApiKey
from tests.staff import admin_client

pytestmark = pytest.mark.django_db
LIST = "/admin/shopreco/apikey/"


def make_key(client: Client, name: str = "Till") -> str:
    """The secret as the page shows it."""
    response = client.post(f"{LIST}add/", {"name": name})
    assert "no-store" in response["Cache-Control"]
    found = re.search(r'<code id="secret">([^<]+)</code>', response.content.decode())
    assert found is not None
    return found.group(1)


def test_the_secret_works_and_is_shown_once(caplog: pytest.LogCaptureFixture) -> None:
    client = admin_client()
    with caplog.at_level(logging.DEBUG):
        secret = make_key(client)
    key = ApiKey.objects.get()
    assert ApiKey.objects.matching(secret) == key
    pages = [LIST, f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/history/", f"{LIST}add/", "/admin/"]
    for address in pages:
        assert secret not in client.get(address).content.decode()
    assert secret not in caplog.text
    assert not any(secret in str(session.get_decoded()) for session in Session.objects.all())
    assert not any(secret in str(vars(entry)) for entry in LogEntry.objects.all())
    assert secret not in str(vars(key))


def test_a_key_needs_a_name() -> None:
    response = admin_client().post(f"{LIST}add/", {"name": " "})
    assert "This field is required." in response.content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_cannot_be_changed_or_deleted() -> None:
    client = admin_client()
    make_key(client)
    key = ApiKey.objects.get()
    assert client.post(f"{LIST}{key.pk}/change/", {"name": "Other"}).status_code == 403
    assert client.post(f"{LIST}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiKey.objects.get().name == "Till"


def test_revoking_asks_first_and_then_refuses_the_secret() -> None:
    client = admin_client()
    secret, other = make_key(client, "Till"), make_key(client, "App")
    key = ApiKey.objects.get(name="Till")
    sent = {"action": "revoke", "_selected_action": key.pk}
    page = client.post(LIST, sent).content.decode()
    assert "cannot be brought back" in page
    assert ApiKey.objects.matching(secret) == key
    page = client.post(LIST, {**sent, "confirmed": "yes"}, follow=True).content.decode()
    assert "1 key revoked." in page
    assert ApiKey.objects.matching(secret) is None
    assert ApiKey.objects.matching(other) is not None
    assert "revoked already" in client.post(LIST, sent, follow=True).content.decode()


def test_who_may_only_look_cannot_revoke() -> None:
    secret = make_key(admin_client())
    looker = admin_client("shopreco.view_apikey")
    key = ApiKey.objects.get()
    looker.post(LIST, {"action": "revoke", "_selected_action": key.pk, "confirmed": "yes"})
    assert ApiKey.objects.matching(secret) == key
    assert looker.get(f"{LIST}add/").status_code == 403
