"""Your account: what is kept of whoever asks, to be looked at and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from catalog.models import Product
from feedback.account_views import PER_PAGE
from feedback.models import Event, Shopper
from feedback.selectors import events_of
from tests.factories import NOW, make_category, make_event, make_product, make_rating, make_shopper
from tests.pages import cards_of, text_of
from tests.shop import open_trained_shop
from tests.training_rows import rating_rows
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PAGES = [
    "/accounts/", "/accounts/ratings/", "/accounts/wishlist/", "/accounts/orders/",
    "/accounts/not-interested/", "/accounts/data/", "/accounts/data/delete/",
]  # fmt: skip
WISH, DISMISS = "/feedback/wish/", "/feedback/dismiss/"


@pytest.fixture(params=["visitor", "account"])
def shopper(request: pytest.FixtureRequest, client: Client) -> Shopper:
    if request.param == "account":
        return sign_in(client)
    visitor = make_shopper(is_anonymous=True)
    visit_as(client, visitor)
    return visitor


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_there_for_strangers_and_accounts(page: str) -> None:
    stranger, account = Client(), Client()
    sign_in(account)
    for browser in (stranger, account):
        answer = browser.get(page)
        assert answer.status_code == 200
        assert 'aria-label="Your account"' in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
    assert not Shopper.objects.filter(is_anonymous=True).exists(), "looking leaves nobody behind"


def test_the_overview_counts_what_still_stands(client: Client, shopper: Shopper) -> None:
    pot, pan = make_product(), make_product()
    make_rating(shopper, pot)
    make_event(shopper, pot, Event.Kind.WISHLIST)
    make_event(shopper, pan, Event.Kind.DISMISS)
    make_event(shopper, pan, Event.Kind.WISHLIST)
    make_event(shopper, pan, Event.Kind.UNWISH, now=NOW + timedelta(minutes=1))
    context = client.get("/accounts/").context
    assert [context[name] for name in ("ratings", "wishes", "dismissals", "orders")] == [1, 1, 1, 0]


def test_ratings_are_sorted_as_asked(client: Client, shopper: Shopper) -> None:
    for number, (title, value) in enumerate([("Beta", 5), ("Alpha", 1), ("Gamma", 3)]):
        make_rating(shopper, make_product(title), value, now=NOW + timedelta(days=number))

    def titles(sort: str) -> list[str]:
        page = client.get("/accounts/ratings/", {"sort": sort}).context["page"]
        return [rating.product.title for rating in page]

    assert titles("newest") == titles("") == titles("value; DROP") == ["Gamma", "Alpha", "Beta"]
    assert titles("oldest") == ["Beta", "Alpha", "Gamma"]
    assert titles("best") == ["Beta", "Gamma", "Alpha"]
    assert titles("worst") == ["Alpha", "Gamma", "Beta"]
    assert titles("title") == ["Alpha", "Beta", "Gamma"]


class TestWishing:
    def test_a_wish_is_kept_shown_and_taken_back(self, client: Client) -> None:
        make_product("Lamp", sku="lamp")
        page = client.get("/products/lamp/").content.decode()
        assert 'aria-pressed="false"' in page
        assert client.post(WISH, {"sku": "lamp", "next": "/products/lamp/"})["Location"] == "/products/lamp/"
        assert 'id="heart-lamp" aria-pressed="true"' in client.get("/products/lamp/").content.decode()
        assert "Lamp" in text_of(client.get("/accounts/wishlist/"))
        client.post(WISH, {"sku": "lamp", "undo": "1"})
        assert "No wishes yet" in text_of(client.get("/accounts/wishlist/"))
        client.post(WISH, {"sku": "lamp"})
        assert "1 product." in text_of(client.get("/accounts/wishlist/"))

    def test_in_place_the_heart_changes_and_undo_is_offered(self, client: Client) -> None:
        make_product("Lamp", sku="lamp")
        answer = client.post(WISH, {"sku": "lamp", "heart": "1"}, headers=HTMX)
        part = answer.content.decode()
        assert "“Lamp” is on the wishlist." in text_of(answer)
        assert 'id="wish-lamp"' in part and 'aria-pressed="true"' in part and 'hx-swap-oob="true"' in part
        assert answer["HX-Trigger"] == "feedback-changed"
        again = client.post(WISH, {"sku": "lamp"}, headers=HTMX)
        assert "Undo" not in text_of(again) and "HX-Trigger" not in again
        undone = client.post(WISH, {"sku": "lamp", "undo": "1", "heart": "1"}, headers=HTMX)
        assert "is off the wishlist" in text_of(undone)
        assert 'aria-pressed="false"' in undone.content.decode()

    def test_where_no_heart_is_none_is_sent(self, client: Client) -> None:
        make_product("Lamp", sku="lamp")
        assert "wish-lamp" not in client.post(WISH, {"sku": "lamp"}, headers=HTMX).content.decode()

    def test_undoing_what_was_never_wished_for_makes_nobody(self, client: Client) -> None:
        make_product(sku="lamp")
        assert client.post(WISH, {"sku": "lamp", "undo": "1"}, headers=HTMX).status_code == 200
        assert not Shopper.objects.exists() and not Event.objects.exists()

    def test_a_product_out_of_the_shop_can_be_taken_off_but_not_put_on(self, client: Client) -> None:
        make_product("Lamp", sku="lamp")
        client.post(WISH, {"sku": "lamp"})
        Product.objects.update(is_active=False)
        assert "no longer in the shop" in text_of(client.get("/accounts/wishlist/"))
        client.post(WISH, {"sku": "lamp", "undo": "1"})
        assert "No wishes yet" in text_of(client.get("/accounts/wishlist/"))
        assert client.post(WISH, {"sku": "lamp"}, headers=HTMX).status_code == 400


class TestNotInterested:
    def test_undo_brings_a_product_back_into_the_list(self, client: Client) -> None:
        shop = open_trained_shop()
        visit_as(client, shop.gardener)
        first = cards_of(client.get("/recommendations/"))[0]
        client.post(DISMISS, {"sku": first})
        assert first not in cards_of(client.get("/recommendations/"))
        title = Product.objects.get(sku=first).title
        assert title in text_of(client.get("/accounts/not-interested/"))
        answer = client.post(DISMISS, {"sku": first, "undo": "1"}, headers=HTMX)
        assert "may be recommended again" in text_of(answer)
        assert answer["HX-Trigger"] == "feedback-changed"
        assert first in cards_of(client.get("/recommendations/"))
        assert "Nothing is hidden from you" in text_of(client.get("/accounts/not-interested/"))

    def test_dismissing_again_within_the_hour_counts(self, client: Client) -> None:
        make_product(sku="lamp")
        for undo in ("", "1", ""):
            client.post(DISMISS, {"sku": "lamp", "undo": undo})
        assert [kind for _, kind in events_of(Shopper.objects.get().pk, newest=9)] == ["dismiss"]

    def test_the_message_and_the_products_page_offer_undo(self, client: Client) -> None:
        make_product(sku="lamp")
        answer = client.post(DISMISS, {"sku": "lamp"}, headers=HTMX)
        assert 'name="undo" value="1"' in answer.content.decode()
        page = client.get("/products/lamp/")
        assert "You said you are not interested in this." in text_of(page)
        assert 'name="undo" value="1"' in page.content.decode()
        said = client.post(DISMISS, {"sku": "lamp", "undo": "1"}, headers=HTMX)
        assert "Undo" not in text_of(said)
        assert "was not hidden" in text_of(client.post(DISMISS, {"sku": "lamp", "undo": "1"}, headers=HTMX))


class TestPersonalisation:
    def test_off_gives_everybodys_list_at_once_and_on_the_own_again(self, client: Client) -> None:
        shop = open_trained_shop()
        visit_as(client, shop.gardener)
        mine, everybodys = (cards_of(each.get("/recommendations/")) for each in (client, Client()))
        assert mine != everybodys
        client.post("/accounts/data/personalisation/", {"personalised": "off"})
        assert cards_of(client.get("/recommendations/")) == everybodys
        assert "Personalisation is off" in text_of(client.get("/accounts/data/"))
        client.post("/accounts/data/personalisation/", {"personalised": "on"})
        assert cards_of(client.get("/recommendations/")) == mine

    def test_a_stranger_can_say_no_before_anything_is_known(self, client: Client) -> None:
        client.post("/accounts/data/personalisation/", {"personalised": "off"})
        shopper = Shopper.objects.get()
        assert (shopper.consent, shopper.is_anonymous) == (False, True)

    def test_no_means_no_for_training_too(self, client: Client, shopper: Shopper) -> None:
        make_rating(shopper, make_product())
        client.post("/accounts/data/personalisation/", {"personalised": "off"})
        assert rating_rows(NOW) == []

    def test_a_no_in_the_browser_is_a_no_in_the_account(self, client: Client) -> None:
        client.post("/accounts/data/personalisation/", {"personalised": "off"})
        form = {"username": "anna", "password1": "velvet-chair-9", "password2": "velvet-chair-9"}
        client.post("/accounts/sign-up/", form)
        shopper = Shopper.objects.get()
        assert shopper.account is not None and not shopper.consent

    @pytest.mark.parametrize("word", ["", "maybe", "on\x00"])
    def test_nonsense_changes_nothing(self, client: Client, shopper: Shopper, word: str) -> None:
        client.post("/accounts/data/personalisation/", {"personalised": word})
        shopper.refresh_from_db()
        assert shopper.consent


class TestOthersData:
    """Whoever asks, with whatever address: the pages are about themselves."""

    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("who", ["stranger", "account", "staff"])
    def test_no_page_shows_anothers(self, page: str, who: str) -> None:
        owner = sign_in(Client(), "owner")
        product = make_product("Very private thing")
        make_rating(owner, product)
        for kind in (Event.Kind.WISHLIST, Event.Kind.DISMISS):
            make_event(owner, product, kind)
        browser = Client()
        if who != "stranger":
            sign_in(browser, who, is_staff=who == "staff")
        for address in (page, f"{page}?shopper={owner.external_id}"):
            words = text_of(browser.get(address))
            # Staff may look ratings up: that is what the look-up is for.
            is_looked_up = who == "staff" and address.startswith("/accounts/ratings/?")
            assert ("Very private thing" in words) == is_looked_up

    @pytest.mark.parametrize("door", [WISH, DISMISS, "/feedback/rate/"])
    @pytest.mark.parametrize("who", ["stranger", "account"])
    def test_no_door_changes_anothers(self, door: str, who: str) -> None:
        owner, visitor = sign_in(Client(), "owner"), make_shopper("visitor-1", is_anonymous=True)
        make_product(sku="lamp")
        browser = Client()
        if who == "account":
            sign_in(browser, who)
        for shopper in (owner, visitor):
            for undo in ("", "1"):
                form = {"sku": "lamp", "value": "5", "undo": undo, "shopper": shopper.external_id}
                assert browser.post(door, form).status_code == 403
        assert not Event.objects.exists()

    @pytest.mark.parametrize(
        "door", [WISH, DISMISS, "/feedback/rate/", "/accounts/data/personalisation/",
                 "/accounts/data/download/", "/accounts/data/delete/"],
    )  # fmt: skip
    def test_every_door_asks_for_the_token(self, door: str) -> None:
        assert Client(enforce_csrf_checks=True).post(door, {"sku": "lamp"}).status_code == 403

    @pytest.mark.parametrize("door", [WISH, DISMISS, "/feedback/rate/"])
    def test_no_door_leads_to_another_site(self, client: Client, door: str) -> None:
        make_product(sku="lamp")
        for elsewhere in (
            "https://evil.example/",
            "//evil.example",
            "javascript:alert(1)",
            "\\\\evil.example",
        ):
            form = {"sku": "lamp", "value": "3", "next": elsewhere}
            assert client.post(door, form)["Location"] == "/products/"


@pytest.mark.parametrize("door", [WISH, DISMISS, "/feedback/rate/"])
def test_writing_feedback_is_limited_per_browser(client: Client, settings: Any, door: str) -> None:
    settings.SHOPRECO_LIMITS = {**settings.SHOPRECO_LIMITS, "feedback": "3/hour"}
    for name in "abcdefg":
        make_product(sku=name)
    sign_in(client)
    answers = [client.post(door, {"sku": name, "value": "4"}, headers=HTMX) for name in "abcd"]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "That was a lot at once" in text_of(answers[-1])
    other = Client()
    sign_in(other, "berta")
    assert other.post(door, {"sku": "a", "value": "4"}, headers=HTMX).status_code == 200


@pytest.mark.parametrize(("page", "kind"), [("wishlist", "wishlist"), ("not-interested", "dismiss")])
def test_many_rows_take_pages_and_no_more_queries(
    client: Client, shopper: Shopper, django_assert_max_num_queries: Any, page: str, kind: str
) -> None:
    address = f"/accounts/{page}/"
    make_event(shopper, make_product(category=make_category()), Event.Kind(kind))
    with django_assert_max_num_queries(15) as few:
        client.get(address)
    number_of_queries = len(few)
    for _ in range(PER_PAGE):
        make_event(shopper, make_product(category=make_category()), Event.Kind(kind))
    with django_assert_max_num_queries(number_of_queries):
        full = client.get(address)
    assert full.content.decode().count("rating-row") == PER_PAGE
    assert client.get(address, {"page": "2"}).content.decode().count("rating-row") == 1


@pytest.mark.parametrize("page", PAGES)
def test_at_most_15_queries(
    client: Client, shopper: Shopper, django_assert_max_num_queries: Any, page: str
) -> None:
    for _ in range(5):
        make_rating(shopper, make_product(category=make_category(parent=make_category())))
    with django_assert_max_num_queries(15):
        client.get(page)
