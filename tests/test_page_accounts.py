"""Signing up, in and out."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from feedback.models import Rating, Shopper
from tests.factories import make_product
from tests.pages import stars_of, text_of

pytestmark = pytest.mark.django_db
SIGN_UP, SIGN_IN = "/accounts/sign-up/", "/accounts/sign-in/"
NEW = {"username": "anna", "password1": "velvet-chair-9", "password2": "velvet-chair-9"}


def test_signing_up_signs_in_and_takes_the_visitors_ratings_along(client: Client) -> None:
    make_product(sku="lamp")
    client.post("/feedback/rate/", {"sku": "lamp", "value": "4"})
    answer = client.post(SIGN_UP, NEW)
    assert answer["Location"] == "/"
    account = get_user_model().objects.get(username="anna")
    assert Rating.objects.get().shopper.account_id == account.pk
    assert not Shopper.objects.filter(is_anonymous=True).exists()
    page = client.get("/")
    assert "anna" in text_of(page)
    assert stars_of(page, "lamp") == 4


def test_signing_in_merges_and_goes_where_it_was_asked_to_but_not_elsewhere(client: Client) -> None:
    make_product(sku="lamp")
    get_user_model().objects.create_user(username="anna", password="velvet-chair-9")
    client.post("/feedback/rate/", {"sku": "lamp", "value": "4"})
    form = {"username": "anna", "password": "velvet-chair-9", "next": "/accounts/ratings/"}
    assert client.post(SIGN_IN, form)["Location"] == "/accounts/ratings/"
    assert Rating.objects.get().shopper.account is not None
    for elsewhere in ("https://evil.example/", "//evil.example"):
        assert Client().post(SIGN_IN, {**form, "next": elsewhere})["Location"] == "/"


def test_what_is_wrong_is_said_beside_the_field(client: Client) -> None:
    assert "didn’t match" in text_of(client.post(SIGN_UP, {**NEW, "password2": "other"}))
    assert "correct username and password" in text_of(
        client.post(SIGN_IN, {"username": "a", "password": "b"})
    )
    assert not get_user_model().objects.exists()


def test_signing_out_is_a_form_and_leaves_nothing_behind(client: Client) -> None:
    make_product(sku="lamp")
    client.post(SIGN_UP, NEW)
    client.post("/feedback/rate/", {"sku": "lamp", "value": "4"})
    assert client.get("/accounts/sign-out/").status_code == 405
    client.post("/accounts/sign-out/")
    assert stars_of(client.get("/"), "lamp") == 0


def test_who_is_signed_in_needs_no_account(client: Client) -> None:
    client.post(SIGN_UP, NEW)
    assert client.get(SIGN_UP)["Location"] == "/"
    assert client.get(SIGN_IN)["Location"] == "/"


def test_a_username_with_markup_is_refused_and_shown_as_text(client: Client) -> None:
    page = client.post(SIGN_UP, {**NEW, "username": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page
