"""Taking one's data along, and having it deleted: all of it, at once, and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from catalog.models import BasketLine, Order, OrderLine, Product
from feedback import erasing
from feedback.models import Event, Rating, RatingChange, Shopper
from feedback.signals import shoppers_forgotten
from tests.catalog.test_checkout import ADDRESS, fill, order
from tests.factories import NOW, make_product, make_rating, make_shopper
from tests.pages import text_of
from tests.shop import open_trained_shop
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db
DELETE, DOWNLOAD = "/accounts/data/delete/", "/accounts/data/download/"
PASSWORD = {"password": "pass-word-123"}
WORD = {"word": "forget me"}


def live_a_little(client: Client) -> None:
    """Something of everything the shop can know of somebody."""
    make_product("Lamp", sku="lamp", price="12.50", stock=9)
    make_product("Vase", sku="vase", stock=9)
    client.post("/feedback/rate/", {"sku": "lamp", "value": "4"})
    client.post("/feedback/rate/", {"sku": "lamp", "value": "2"})
    client.post("/feedback/wish/", {"sku": "lamp"})
    client.post("/feedback/dismiss/", {"sku": "vase"})
    client.get("/products/vase/")
    fill(client, lamp=2)
    order(client)
    fill(client, vase=1)


@pytest.fixture(params=["visitor", "account"])
def somebody(request: pytest.FixtureRequest, client: Client) -> Client:
    if request.param == "account":
        sign_in(client)
    live_a_little(client)
    return client


def confirmation(client: Client) -> dict[str, str]:
    return {**(PASSWORD if "_auth_user_id" in client.session else WORD), "scope": "data"}


class TestDownload:
    def test_it_is_complete_and_json(self, somebody: Client) -> None:
        answer = somebody.post(DOWNLOAD)
        assert answer.streaming and answer["Content-Type"].startswith("application/json")
        assert "attachment" in answer["Content-Disposition"] and "no-store" in answer["Cache-Control"]
        data = json.loads(b"".join(answer))
        assert [row["value"] for row in data["ratings"]] == [2]
        assert [row["value"] for row in data["rating_changes"]] == [4, 2]
        assert {row["kind"] for row in data["events"]} >= {"wishlist", "dismiss", "basket", "view"}
        assert len(data["events"]) == Event.objects.count()
        assert [row["product"] for row in data["wishlist"]] == ["lamp"]
        assert [row["product"] for row in data["not_interested"]] == ["vase"]
        assert [(row["product"], row["quantity"]) for row in data["basket"]] == [("vase", 1)]
        (placed,) = data["orders"]
        assert {**placed, "lines": None}.items() >= {**ADDRESS, "total": "25.00"}.items()
        assert placed["lines"] == [{"product": "lamp", "title": "Lamp", "unit_price": "12.50", "quantity": 2}]
        assert data["profile"]["shopper"]["personalised"] is True

    def test_an_account_is_told_its_profile_and_no_secret(self, client: Client) -> None:
        sign_in(client, "anna")
        text = b"".join(client.post(DOWNLOAD)).decode()
        assert json.loads(text)["profile"]["account"]["username"] == "anna"
        assert "password" not in text and "md5$" not in text

    def test_a_stranger_gets_an_empty_document(self, client: Client) -> None:
        data = json.loads(b"".join(client.post(DOWNLOAD)))
        assert data.pop("profile") == {"account": None, "shopper": None}
        assert set(map(str, data.values())) == {"[]"}

    def test_it_holds_nothing_of_others(self, somebody: Client) -> None:
        other = Client()
        sign_in(other, "berta")
        visit_as(visitor := Client(), make_shopper(is_anonymous=True))
        for browser in (other, visitor):
            text = b"".join(browser.post(DOWNLOAD)).decode()
            assert "lamp" not in text and "Anna" not in text

    def test_titles_with_anything_in_them_stay_json(self, client: Client) -> None:
        visit_as(client, shopper := make_shopper())
        make_rating(shopper, make_product('A "quoted" </script> \\ \u2028 🪴'))
        data = json.loads(b"".join(client.post(DOWNLOAD)))
        assert data["ratings"][0]["title"] == 'A "quoted" </script> \\ \u2028 🪴'

    def test_it_takes_no_more_queries_for_more_rows(
        self, client: Client, django_assert_max_num_queries: Any
    ) -> None:
        visit_as(client, shopper := make_shopper())
        for _ in range(30):
            make_rating(shopper, make_product())
        with django_assert_max_num_queries(15):
            b"".join(client.post(DOWNLOAD))


class TestDeletion:
    def test_everything_goes_at_once(self, somebody: Client) -> None:
        answer = somebody.post(DELETE, confirmation(somebody), follow=True)
        assert "Your data is deleted." in text_of(answer)
        for model in (Shopper, Rating, RatingChange, Event, BasketLine):
            assert not model.objects.exists(), model
        lamp = Product.objects.get(sku="lamp")
        assert (lamp.rating_count, lamp.rating_total, lamp.stock) == (0, 0, 7)
        placed = Order.objects.get()
        assert (placed.name, placed.email, placed.street, placed.city, placed.account) == (
            "",
            "",
            "",
            "",
            None,
        )
        assert placed.anonymised_at is not None and placed.lines.count() == 1, "the books stay"
        for page in ("/accounts/ratings/", "/accounts/wishlist/", "/accounts/orders/", "/basket/"):
            assert "Lamp" not in text_of(somebody.get(page)) and "Vase" not in text_of(somebody.get(page))
        assert somebody.get(f"/orders/{placed.number}/").status_code == 404

    def test_no_row_anywhere_still_names_the_person(self, client: Client) -> None:
        """Every text column of every table is looked through, those that come later too."""
        account = sign_in(client, "anna-acker")
        live_a_little(client)
        client.post(DELETE, PASSWORD | {"scope": "account"})
        for model in apps.get_models():
            for row in model._default_manager.values():
                words = " ".join(str(value) for value in row.values())
                for secret in (
                    account.external_id,
                    "anna-acker",
                    "anna@example.org",
                    "Long Lane",
                    "Anna Acker",
                ):
                    assert secret not in words, (model, row)

    def test_nobody_elses_is_touched(self, somebody: Client) -> None:
        bob = make_shopper()
        make_rating(bob, Product.objects.get(sku="lamp"), 5)
        berta = Client()
        sign_in(berta, "berta")
        fill(berta, lamp=1)
        order(berta)
        somebody.post(DELETE, confirmation(somebody))
        lamp = Product.objects.get(sku="lamp")
        assert (lamp.rating_count, lamp.rating_total) == (1, 5)
        assert Rating.objects.get().shopper == bob
        assert Order.objects.get(anonymised_at=None).name == "Anna Acker"
        assert "Nothing ordered yet" not in text_of(berta.get("/accounts/orders/"))

    def test_the_account_stays_unless_it_is_to_go(self, client: Client) -> None:
        sign_in(client, "anna")
        live_a_little(client)
        client.post(DELETE, PASSWORD | {"scope": "data"})
        assert "Hello, anna" in text_of(client.get("/accounts/"))
        live = client.post("/feedback/rate/", {"sku": "lamp", "value": "5"})
        assert live.status_code == 302 and Rating.objects.count() == 1, "a new beginning"
        answer = client.post(DELETE, PASSWORD | {"scope": "account"}, follow=True)
        assert "Your data and your account are deleted." in text_of(answer)
        assert not get_user_model().objects.exists() and not Shopper.objects.exists()
        assert "_auth_user_id" not in client.session

    def test_a_visitors_browser_is_forgotten(self, client: Client) -> None:
        live_a_little(client)
        before = client.session.session_key
        client.post(DELETE, WORD)
        assert client.session.session_key != before
        assert not {"shopper_id", "basket", "orders"} & set(client.session.keys())

    @pytest.mark.parametrize("word", ["", "forget", "FORGET you"])
    def test_a_visitor_says_the_word_or_nothing_happens(self, client: Client, word: str) -> None:
        live_a_little(client)
        answer = client.post(DELETE, {"word": word})
        assert answer.status_code == 200 and Rating.objects.exists() and Event.objects.exists()

    @pytest.mark.parametrize("form", [{}, {"password": "wrong", "scope": "account"}, WORD, {"scope": "data"}])
    def test_an_account_gives_its_password_or_nothing_happens(
        self, client: Client, form: dict[str, str]
    ) -> None:
        sign_in(client)
        live_a_little(client)
        assert client.post(DELETE, form).status_code == 200
        assert Rating.objects.exists() and get_user_model().objects.exists()

    def test_guessing_the_password_there_is_limited(self, client: Client, settings: Any) -> None:
        settings.SHOPRECO_LIMITS = {**settings.SHOPRECO_LIMITS, "password": "3/hour"}
        sign_in(client)
        answers = [client.post(DELETE, {"password": f"guess-{n}", "scope": "data"}) for n in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert client.post(DELETE, PASSWORD | {"scope": "data"}).status_code == 429

    def test_staff_keep_their_account(self, client: Client) -> None:
        sign_in(client, "boss", is_staff=True)
        live_a_little(client)
        client.post(DELETE, PASSWORD | {"scope": "account"})
        assert get_user_model().objects.filter(username="boss").exists()
        assert not Rating.objects.exists()

    def test_what_fails_half_way_deletes_nothing(self, somebody: Client, monkeypatch: Any) -> None:
        def fail(*_: Any, **__: Any) -> int:
            raise RuntimeError("the database went away")

        monkeypatch.setattr(erasing, "anonymise", fail)
        with pytest.raises(RuntimeError):
            somebody.post(DELETE, confirmation(somebody))
        assert Rating.objects.exists() and Event.objects.exists() and OrderLine.objects.exists()
        assert Product.objects.get(sku="lamp").rating_count == 1

    def test_deleting_twice_is_deleting_once(self, somebody: Client) -> None:
        form = confirmation(somebody)
        assert somebody.post(DELETE, form).status_code == 302
        assert somebody.post(DELETE, form).status_code == 302
        assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("page", "kind"), [("/api/v1/shoppers/{}/recommendations", "lists"), ("/", "home-rows")]
)
def test_what_is_cached_is_deleted_with_the_shopper(client: Client, page: str, kind: str) -> None:
    """Lists and the plan of the home page alike, at once and not when they run out."""
    shop = open_trained_shop()
    visit_as(client, shop.gardener)
    visit_as(other := Client(), shop.cook)
    for browser, shopper in ((client, shop.gardener), (other, shop.cook)):
        browser.get(page.format(shopper.external_id))
    assert _cached(kind, shop.gardener) and _cached(kind, shop.cook)
    client.post(DELETE, WORD)
    assert not _cached(kind, shop.gardener)
    assert _cached(kind, shop.cook), "somebody else's stays"


def _cached(kind: str, shopper: Shopper) -> list[str]:
    """Keys are kind:shopper:feedback version:..."""
    client = cache._cache.get_client(write=False)  # type: ignore[attr-defined]
    return [key.decode() for key in client.scan_iter(match=f"*:{kind}:{shopper.pk}:*")]


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_does_not_keep_anybody() -> None:
    ann = make_shopper()

    def broken(**_: object) -> None:
        raise RuntimeError("no cache today")

    shoppers_forgotten.connect(broken)
    try:
        assert erasing.forget(Shopper.objects.filter(pk=ann.pk), now=NOW) == 1
    finally:
        shoppers_forgotten.disconnect(broken)
    assert not Shopper.objects.exists()
