"""Passwords: how often they may be tried, changed and asked for anew."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.utils import timezone

from catalog.limits import Limit, wait_words
from tests.pages import text_of
from tests.visits import sign_in

pytestmark = pytest.mark.django_db
SIGN_IN, SIGN_UP = "/accounts/sign-in/", "/accounts/sign-up/"
CHANGE, FORGOTTEN = "/accounts/password/", "/accounts/password/forgotten/"
GOOD = "velvet-chair-9"


@pytest.fixture
def anna() -> Any:
    return get_user_model().objects.create_user("anna", "anna@example.org", GOOD)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that stands at the beginning of a window until it is set on."""

    class Clock:
        now = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

        def pass_by(self, **time: int) -> None:
            self.now += timedelta(**time)

    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def try_it(client: Client, name: str = "anna", password: str = "wrong", **extra: Any) -> Any:
    return client.post(SIGN_IN, {"username": name, "password": password}, **extra)


class TestTooManyTries:
    def test_after_five_wrong_ones_even_the_right_one_has_to_wait(
        self, client: Client, anna: Any, clock: Any
    ) -> None:
        assert [try_it(client).status_code for _ in range(5)] == [200, 200, 200, 200, 429]
        clock.pass_by(seconds=60)
        answer = try_it(client, password=GOOD)
        assert answer.status_code == 429 and answer["Retry-After"] == "240"
        assert "Too many tries. Please wait 4 minutes, then try again." in text_of(answer)
        assert "_auth_user_id" not in client.session
        clock.pass_by(minutes=4)
        assert try_it(client, password=GOOD).status_code == 302

    @pytest.mark.parametrize("name", ["anna", "nobody-has-this-name"])
    def test_a_name_nobody_has_is_answered_alike(
        self, client: Client, anna: Any, clock: Any, name: str
    ) -> None:
        answers = [try_it(client, name) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
        said = [re.sub(name, "NAME", text_of(answer)) for answer in answers]
        assert "Please enter a correct username and password" in said[0]
        assert "Please wait 5 minutes" in said[-1]

    def test_small_and_capital_letters_are_no_way_round(self, client: Client, anna: Any, clock: Any) -> None:
        for name in ("anna", "ANNA", " anna", "Anna ", "aNNa"):
            try_it(client, name)
        assert try_it(client, password=GOOD).status_code == 429

    def test_another_address_may_still_sign_in_so_nobody_is_locked_out(
        self, client: Client, anna: Any, clock: Any
    ) -> None:
        for _ in range(6):
            try_it(client, REMOTE_ADDR="10.0.0.1")
        assert try_it(client, password=GOOD, REMOTE_ADDR="10.0.0.2").status_code == 302

    def test_many_addresses_together_are_held_back_for_a_name(
        self, client: Client, anna: Any, clock: Any
    ) -> None:
        for number in range(50):
            try_it(client, REMOTE_ADDR=f"10.0.1.{number}")
        assert try_it(client, REMOTE_ADDR="10.0.2.1").status_code == 429

    def test_one_address_that_tries_many_names_is_held_back(
        self, client: Client, anna: Any, clock: Any
    ) -> None:
        for number in range(50):
            try_it(client, f"name-{number}")
        assert try_it(client, password=GOOD).status_code == 429

    def test_a_forged_forwarding_header_is_no_way_round(self, client: Client, anna: Any, clock: Any) -> None:
        for number in range(5):
            try_it(client, headers={"X-Forwarded-For": f"10.9.9.{number}"})
        assert try_it(client, password=GOOD, headers={"X-Forwarded-For": "10.9.9.9"}).status_code == 429

    def test_the_administrations_door_is_the_same_door(self, client: Client, clock: Any) -> None:
        get_user_model().objects.create_superuser("boss", password=GOOD)
        door = "/admin/login/?next=/admin/"
        for _ in range(5):
            client.post(door, {"username": "boss", "password": "wrong"})
        client.post(door, {"username": "boss", "password": GOOD})
        assert "_auth_user_id" not in client.session
        assert try_it(client, "boss", GOOD).status_code == 429
        clock.pass_by(minutes=5)
        client.post(door, {"username": "boss", "password": GOOD})
        assert "_auth_user_id" in client.session

    def test_accounts_cannot_be_made_by_the_dozen(self, client: Client, settings: Any) -> None:
        settings.SHOPRECO_LIMITS = {**settings.SHOPRECO_LIMITS, "sign-up": "2/hour"}
        for number in range(3):
            form = {"username": f"anna-{number}", "password1": GOOD, "password2": GOOD}
            answer = Client().post(SIGN_UP, form)
        assert answer.status_code == 429 and "Retry-After" in answer
        assert get_user_model().objects.count() == 2

    def test_without_a_cache_everybody_gets_in(self, client: Client, anna: Any, settings: Any) -> None:
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
        for _ in range(9):
            try_it(client)
        assert try_it(client, password=GOOD).status_code == 302


class TestLimits:
    def test_rates_are_read_as_they_are_written(self, settings: Any) -> None:
        settings.SHOPRECO_LIMITS = {"a": "5/5min", "b": "120/min", "c": "3/10s", "d": "1/day"}
        read = [Limit.named(name) for name in "abcd"]
        assert [(limit.most, limit.seconds) for limit in read] == [(5, 300), (120, 60), (3, 10), (1, 86400)]

    def test_callers_and_windows_are_counted_apart(self) -> None:
        limit, now = Limit("test", 2, 60), datetime(2026, 6, 1, 12, 0, 10, tzinfo=UTC)
        assert [limit.take("a", now=now) for _ in range(3)] == [0, 0, 50]
        assert limit.take("b", now=now) == 0
        assert limit.wait("a", now=now) == 50 and limit.wait("b", now=now) == 0
        assert limit.take("a", now=now + timedelta(seconds=50)) == 0

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (121, "3 minutes"), (3600, "60 minutes")],
    )
    def test_how_long_to_wait_is_said_in_words(self, seconds: int, words: str) -> None:
        assert wait_words(seconds) == words


class TestChanging:
    def test_the_old_password_once_and_the_new_one_twice(self, client: Client) -> None:
        sign_in(client, "anna")
        form = {"old_password": "pass-word-123", "new_password1": GOOD, "new_password2": GOOD}
        assert client.post(CHANGE, form | {"old_password": "wrong"}).status_code == 200
        answer = client.post(CHANGE, form, follow=True)
        assert "Your password is changed." in text_of(answer)
        assert "Hello, anna" in text_of(answer), "still signed in"
        assert try_it(Client(), password=GOOD).status_code == 302

    def test_strangers_are_asked_to_sign_in_first(self, client: Client) -> None:
        assert client.get(CHANGE)["Location"] == f"{SIGN_IN}?next={CHANGE}"

    def test_guessing_the_old_one_is_limited(self, client: Client, settings: Any) -> None:
        settings.SHOPRECO_LIMITS = {**settings.SHOPRECO_LIMITS, "password": "2/hour"}
        sign_in(client)
        form = {"old_password": "wrong", "new_password1": GOOD, "new_password2": GOOD}
        assert [client.post(CHANGE, form).status_code for _ in range(3)] == [200, 200, 429]


class TestForgotten:
    def test_the_link_in_the_mail_sets_a_new_one_once(self, client: Client, anna: Any) -> None:
        answer = client.post(FORGOTTEN, {"email": "anna@example.org"}, follow=True)
        assert "If an account has this address" in text_of(answer)
        (letter,) = mail.outbox
        assert letter.to == ["anna@example.org"] and "Hello anna" in letter.body
        link = re.search(r"http://testserver(\S+)", str(letter.body)).group(1)  # type: ignore[union-attr]
        page = client.get(link, follow=True)
        door = page.redirect_chain[-1][0]
        answer = client.post(
            door, {"new_password1": "blue-table-77", "new_password2": "blue-table-77"}, follow=True
        )
        assert "Your new password is set." in text_of(answer)
        assert try_it(Client(), password="blue-table-77").status_code == 302
        assert "used already, or is too old" in text_of(Client().get(link))

    def test_an_address_nobody_has_is_answered_alike_and_gets_nothing(
        self, client: Client, anna: Any
    ) -> None:
        answers = [
            Client().post(FORGOTTEN, {"email": address}, follow=True)
            for address in ("anna@example.org", "nobody@example.org")
        ]
        assert text_of(answers[0]) == text_of(answers[1])
        assert len(mail.outbox) == 1

    def test_mails_are_limited(self, client: Client, anna: Any, settings: Any) -> None:
        settings.SHOPRECO_LIMITS = {**settings.SHOPRECO_LIMITS, "password": "1/hour"}
        answers = [Client().post(FORGOTTEN, {"email": "anna@example.org"}) for _ in range(6)]
        # A browser without a session counts for its address, which may do five times as much.
        assert [answer.status_code for answer in answers] == [302] * 5 + [429]
        assert len(mail.outbox) == 5

    @pytest.mark.parametrize("link", ["/accounts/password/new/x/y/", "/accounts/password/new/MQ/abc-def/"])
    def test_a_wrong_link_says_so(self, client: Client, link: str) -> None:
        assert "used already, or is too old" in text_of(client.get(link))
