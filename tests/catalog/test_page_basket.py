"""The basket's page and its doors."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from catalog.basket import MAX_LINES, SESSION_KEY
from catalog.models import BasketLine, Product
from feedback.models import Event
from feedback.selectors import events_of
from tests.factories import make_category, make_product
from tests.pages import text_of
from tests.visits import sign_in

pytestmark = pytest.mark.django_db
PAGE, ADD, CHANGE = "/basket/", "/basket/add/", "/basket/change/"
HTMX = {"HX-Request": "true"}


def quantities(client: Client) -> dict[str, int]:
    """sku -> quantity, as the page shows it."""
    lines = client.get(PAGE).context["lines"]
    return {line.product.sku: line.quantity for line in lines}


@pytest.fixture(params=["visitor", "account"])
def shopper(request: pytest.FixtureRequest, client: Client) -> Client:
    """A browser: a visitor's, then an account's. What is asked of a basket holds for both."""
    if request.param == "account":
        sign_in(client)
    return client


def test_an_empty_basket_leads_on(shopper: Client) -> None:
    page = shopper.get(PAGE)
    assert "Nothing in it yet" in text_of(page)
    assert 'id="complete"' not in page.content.decode()


def test_what_is_added_is_there_with_todays_price(shopper: Client) -> None:
    lamp = make_product("Lamp", sku="lamp", price="12.50")
    answer = shopper.post(ADD, {"sku": "lamp", "quantity": "2", "next": "/products/lamp/"})
    assert answer["Location"] == "/products/lamp/"
    assert quantities(shopper) == {"lamp": 2}
    assert "£25.00" in text_of(shopper.get(PAGE))
    Product.objects.filter(pk=lamp.pk).update(price="20.00")
    assert "£40.00" in text_of(shopper.get(PAGE))


def test_in_place_it_is_said_and_the_count_in_the_header_follows(shopper: Client) -> None:
    make_product("Lamp", sku="lamp")
    answer = shopper.post(ADD, {"sku": "lamp"}, headers=HTMX)
    page = answer.content.decode()
    assert "“Lamp” is in your basket." in text_of(answer)
    assert 'id="basket-link"' in page and 'hx-swap-oob="true"' in page and ">1</b>" in page
    assert answer["HX-Trigger"] == "basket-changed"
    assert "with 1 item" in text_of(shopper.get("/products/"))


def test_adding_again_adds_up_to_what_there_is(shopper: Client) -> None:
    make_product("Lamp", sku="lamp", stock=3)
    shopper.post(ADD, {"sku": "lamp", "quantity": "2"})
    assert "There are no more than 3" in text_of(
        shopper.post(ADD, {"sku": "lamp", "quantity": "2"}, headers=HTMX)
    )
    assert quantities(shopper) == {"lamp": 3}
    answer = shopper.post(ADD, {"sku": "lamp"}, headers=HTMX)
    assert answer.status_code == 400
    assert "All 3 you can have" in text_of(answer)


def test_the_quantity_is_changed_and_undone(shopper: Client) -> None:
    make_product(sku="lamp", stock=9)
    shopper.post(ADD, {"sku": "lamp"})
    answer = shopper.post(CHANGE, {"sku": "lamp", "quantity": "4"}, headers=HTMX)
    assert quantities(shopper) == {"lamp": 4}
    assert 'name="quantity" value="1"' in answer.content.decode(), "the undo form puts one back"
    shopper.post(CHANGE, {"sku": "lamp", "quantity": "99"})
    assert quantities(shopper) == {"lamp": 9}


def test_what_is_taken_out_can_be_put_back_without_javascript(shopper: Client) -> None:
    make_product("Lamp", sku="lamp")
    shopper.post(ADD, {"sku": "lamp", "quantity": "3"})
    assert shopper.post(CHANGE, {"sku": "lamp", "quantity": "0"})["Location"] == PAGE
    page = shopper.get(PAGE)
    assert "Nothing in it yet" in text_of(page) and "Put it back" in text_of(page)
    assert page.context["removed"] == {"sku": "lamp", "quantity": 3, "title": "Lamp"}
    shopper.post(CHANGE, {"sku": "lamp", "quantity": "3"})
    assert quantities(shopper) == {"lamp": 3}
    assert "Put it back" not in text_of(shopper.get(PAGE))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"is_active": False}, "No longer in the shop"),
        ({"stock": 0}, "Sold out"),
        ({"stock": 1}, "Only 1 left"),
        ({"price": 0}, "price is on request"),
    ],
)
def test_what_cannot_be_had_any_more_is_said_and_can_be_removed(
    shopper: Client, change: dict[str, Any], words: str
) -> None:
    make_product(sku="lamp")
    shopper.post(ADD, {"sku": "lamp", "quantity": "2"})
    Product.objects.update(**change)
    page = shopper.get(PAGE)
    assert words in text_of(page)
    assert "Go to checkout" not in text_of(page)
    assert shopper.get("/checkout/")["Location"] == PAGE
    shopper.post(CHANGE, {"sku": "lamp", "quantity": "0"})
    assert quantities(shopper) == {}


def test_a_product_that_was_deleted_is_said(client: Client) -> None:
    make_product(sku="lamp")
    make_product(sku="vase")
    client.post(ADD, {"sku": "lamp"})
    client.post(ADD, {"sku": "vase"})
    Product.objects.filter(sku="lamp").delete()
    assert "1 product of your basket is no longer sold" in text_of(client.get(PAGE))
    assert quantities(client) == {"vase": 1}


@pytest.mark.parametrize(
    ("door", "form", "words"),
    [
        (ADD, {}, "That request was incomplete"),
        (ADD, {"sku": "nothing"}, "not in the shop any more"),
        (ADD, {"sku": "hidden"}, "not in the shop any more"),
        (ADD, {"sku": "sold-out"}, "is sold out"),
        (ADD, {"sku": "priceless"}, "price on request"),
        (ADD, {"sku": "lamp", "quantity": "0"}, "Choose a quantity"),
        (ADD, {"sku": "lamp", "quantity": "-1"}, "Choose a quantity"),
        (ADD, {"sku": "lamp", "quantity": "many"}, "Choose a quantity"),
        (ADD, {"sku": "lamp", "quantity": "100"}, "Choose a quantity"),
        (CHANGE, {"sku": "lamp"}, "Choose a quantity"),
        (CHANGE, {"sku": "lamp", "quantity": "0"}, "was not in your basket"),
        (CHANGE, {"sku": "hidden", "quantity": "1"}, "not in the shop any more"),
        (CHANGE, {"sku": "sold-out", "quantity": "1"}, "is sold out"),
        (CHANGE, {"sku": "priceless", "quantity": "1"}, "price on request"),
        (CHANGE, {"sku": "x\x00y", "quantity": "1"}, "Null characters"),
    ],
)
def test_what_cannot_be_done_is_explained(
    shopper: Client, door: str, form: dict[str, str], words: str
) -> None:
    make_product(sku="lamp")
    make_product(sku="hidden", is_active=False)
    make_product(sku="sold-out", stock=0)
    make_product(sku="priceless", price=0)
    answer = shopper.post(door, form, headers=HTMX)
    assert answer.status_code == 400
    assert words in text_of(answer)
    assert quantities(shopper) == {}
    assert not Event.objects.exists()


def test_a_basket_holds_a_hundred_products(client: Client) -> None:
    products = [make_product() for _ in range(MAX_LINES + 1)]
    session = client.session
    session[SESSION_KEY] = {str(product.pk): 1 for product in products[:-1]}
    session.save()
    answer = client.post(ADD, {"sku": products[-1].sku}, headers=HTMX)
    assert answer.status_code == 400 and "Order these first" in text_of(answer)
    assert client.post(ADD, {"sku": products[0].sku}, headers=HTMX).status_code == 200
    more = client.post(CHANGE, {"sku": products[-1].sku, "quantity": "1"}, headers=HTMX)
    assert more.status_code == 400 and "Order these first" in text_of(more)
    fewer = client.post(CHANGE, {"sku": products[0].sku, "quantity": "1"}, headers=HTMX)
    assert fewer.status_code == 200


def test_into_the_basket_and_out_of_it_is_feedback(shopper: Client) -> None:
    lamp = make_product(sku="lamp")
    shopper.post(ADD, {"sku": "lamp"})
    shopper.post(ADD, {"sku": "lamp"})
    event = Event.objects.get()
    assert (event.kind, event.product) == (Event.Kind.BASKET, lamp)
    assert [kind for _, kind in events_of(event.shopper_id, newest=9)] == ["basket"]
    shopper.post(CHANGE, {"sku": "lamp", "quantity": "0"})
    assert events_of(event.shopper_id, newest=9) == []


def test_without_consent_the_basket_works_and_nothing_is_noted(shopper: Client) -> None:
    make_product(sku="lamp")
    shopper.post("/accounts/data/personalisation/", {"personalised": "off"})
    shopper.post(ADD, {"sku": "lamp"})
    assert quantities(shopper) == {"lamp": 1}
    assert not Event.objects.exists()


class TestSigningIn:
    def sign_up(self, client: Client, name: str = "anna") -> None:
        form = {"username": name, "password1": "velvet-chair-9", "password2": "velvet-chair-9"}
        assert client.post("/accounts/sign-up/", form).status_code == 302

    def test_the_visitors_basket_becomes_the_accounts_and_it_is_said(self, client: Client) -> None:
        make_product(sku="lamp")
        client.post(ADD, {"sku": "lamp", "quantity": "2"})
        self.sign_up(client)
        page = client.get(PAGE)
        assert "Your basket came along." in text_of(page)
        assert quantities(client) == {"lamp": 2}
        assert SESSION_KEY not in client.session
        assert BasketLine.objects.get().account.username == "anna"
        assert Event.objects.get().shopper.account is not None

    def test_of_two_quantities_the_larger_stays(self, client: Client) -> None:
        for sku in ("lamp", "vase", "cup"):
            make_product(sku=sku)
        self.sign_up(client)
        client.post(ADD, {"sku": "lamp", "quantity": "3"})
        client.post(ADD, {"sku": "vase", "quantity": "1"})
        browser = Client()
        for sku, quantity in (("lamp", "2"), ("vase", "4"), ("cup", "1")):
            browser.post(ADD, {"sku": sku, "quantity": quantity})
        browser.post("/accounts/sign-in/", {"username": "anna", "password": "velvet-chair-9"})
        assert quantities(browser) == {"lamp": 3, "vase": 4, "cup": 1} == quantities(client)

    def test_signing_out_leaves_the_basket_in_the_account(self, client: Client) -> None:
        make_product(sku="lamp")
        self.sign_up(client)
        client.post(ADD, {"sku": "lamp"})
        client.post("/accounts/sign-out/")
        assert quantities(client) == {}
        client.post("/accounts/sign-in/", {"username": "anna", "password": "velvet-chair-9"})
        assert quantities(client) == {"lamp": 1}

    def test_a_product_deleted_meanwhile_does_not_stop_it(self, client: Client) -> None:
        make_product(sku="lamp")
        client.post(ADD, {"sku": "lamp"})
        Product.objects.all().delete()
        self.sign_up(client)
        assert quantities(client) == {}

    def test_anothers_basket_is_never_seen(self, client: Client) -> None:
        make_product(sku="lamp")
        self.sign_up(client)
        client.post(ADD, {"sku": "lamp"})
        other = Client()
        sign_in(other, "berta")
        assert quantities(other) == quantities(Client()) == {}
        other.post(CHANGE, {"sku": "lamp", "quantity": "0"})
        assert quantities(client) == {"lamp": 1}


def test_the_token_is_asked_for_and_only_posting_changes(client: Client) -> None:
    make_product(sku="lamp")
    for door in (ADD, CHANGE):
        assert Client(enforce_csrf_checks=True).post(door, {"sku": "lamp"}).status_code == 403
        assert client.get(door).status_code == 405
    assert client.post(ADD, {"sku": "lamp", "next": "https://evil.example/"})["Location"] == PAGE


def test_too_much_at_once_is_held_back_with_how_long_to_wait(client: Client, settings: Any) -> None:
    settings.SHOPRECO_LIMITS = {**settings.SHOPRECO_LIMITS, "basket": "2/hour"}
    make_product(sku="lamp", stock=50)
    answers = [client.post(ADD, {"sku": "lamp"}, headers=HTMX) for _ in range(4)]
    # The first one had no session yet: it counts for the address alone.
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 3600
    assert "try again in" in text_of(answers[-1])
    page = client.post(ADD, {"sku": "lamp"})
    assert page.status_code == 429 and "One moment, please" in text_of(page)
    assert quantities(client) == {"lamp": 3}
    assert Client().post(ADD, {"sku": "lamp"}).status_code == 302, "somebody else's browser"


def test_at_most_15_queries_however_full_it_is(shopper: Client, django_assert_max_num_queries: Any) -> None:
    counts = []
    for many in (1, 12):
        for _ in range(many):
            department = make_category()
            product = make_product(category=make_category(parent=department))
            shopper.post(ADD, {"sku": product.sku})
        with django_assert_max_num_queries(15) as queries:
            shopper.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_title_with_markup_is_shown_as_text(shopper: Client) -> None:
    make_product("<img src=x onerror=alert(1)> 🪴", sku="lamp")
    shopper.post(ADD, {"sku": "lamp"})
    assert "<img src=x" not in shopper.get(PAGE).content.decode()
    assert get_user_model().objects.count() <= 1
