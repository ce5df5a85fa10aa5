"""Ordering: the form, the stock, the prices, and that one form is one order."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from catalog.models import Order, OrderLine, Product
from catalog.orders import anonymise, place_order
from catalog.signals import order_placed
from feedback.models import Event, Shopper
from tests.factories import NOW, make_category, make_product
from tests.pages import text_of
from tests.visits import sign_in

pytestmark = pytest.mark.django_db
CHECKOUT = "/checkout/"
ADDRESS = {
    "name": "Anna Acker", "email": "anna@example.org", "street": "Long Lane 1", "postcode": "AB1 2CD",
    "city": "Leeds", "country": "United Kingdom",
}  # fmt: skip


def fill(client: Client, **quantities: int) -> None:
    for sku, quantity in quantities.items():
        assert client.post("/basket/add/", {"sku": sku, "quantity": quantity}).status_code == 302


def form_of(client: Client, **changes: str) -> dict[str, str]:
    """The checkout form as the page offers it, filled in."""
    page = client.get(CHECKOUT).content.decode()
    hidden = {
        name: re.search(rf'name="{name}" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
        for name in ("key", "seen_total")
    }
    return {**ADDRESS, **hidden, **changes}


def order(client: Client, **changes: str) -> Any:
    return client.post(CHECKOUT, form_of(client, **changes))


@pytest.fixture(params=["visitor", "account"])
def shopper(request: pytest.FixtureRequest, client: Client) -> Client:
    if request.param == "account":
        sign_in(client)
    return client


@pytest.fixture
def lamp() -> Product:
    return make_product("Lamp", sku="lamp", price="12.50", stock=5)


def test_an_order_takes_stock_fixes_prices_empties_the_basket_and_is_confirmed(
    shopper: Client, lamp: Product
) -> None:
    make_product("Vase", sku="vase", price="3.10", stock=2)
    fill(shopper, lamp=2, vase=1)
    answer = order(shopper)
    placed = Order.objects.get()
    assert answer["Location"] == f"/orders/{placed.number}/?new=1"
    assert placed.total == Decimal("28.10")
    rows = placed.lines.values_list("sku", "title", "unit_price", "quantity")
    assert set(rows) == {("lamp", "Lamp", Decimal("12.50"), 2), ("vase", "Vase", Decimal("3.10"), 1)}
    assert dict(Product.objects.values_list("sku", "stock")) == {"lamp": 3, "vase": 1}
    assert "Nothing in it yet" in text_of(shopper.get("/basket/"))
    thanks = text_of(shopper.get(answer["Location"]))
    assert "Thank you, Anna Acker" in thanks and "£28.10" in thanks
    Product.objects.update(price="99.00", title="Dearer")
    later = text_of(shopper.get(f"/orders/{placed.number}/"))
    assert "£28.10" in later and "Lamp" in later and "Dearer" not in later


@pytest.mark.django_db(transaction=True)
def test_an_order_is_told_as_purchases_exactly_once(shopper: Client, lamp: Product) -> None:
    make_product(sku="vase")
    fill(shopper, lamp=2, vase=1)
    form = form_of(shopper)
    shopper.post(CHECKOUT, form)
    shopper.post(CHECKOUT, form)
    placed = Order.objects.get()
    bought = Event.objects.filter(kind=Event.Kind.PURCHASE)
    assert set(bought.values_list("product__sku", "quantity", "order_ref", "occurred_at")) == {
        ("lamp", 2, placed.number, placed.placed_at),
        ("vase", 1, placed.number, placed.placed_at),
    }
    assert {event.shopper_id for event in bought} == {Shopper.objects.get().pk}
    # Told again, as after a crash: nothing is written twice.
    order_placed.send(sender=None, request=_request(shopper), order=placed)
    assert bought.count() == 2


def _request(client: Client) -> Any:
    return client.get("/basket/").wsgi_request


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_does_not_undo_the_order(client: Client, lamp: Product) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("the feedback database is on fire")

    order_placed.connect(broken)
    try:
        fill(client, lamp=1)
        assert order(client).status_code == 302
    finally:
        order_placed.disconnect(broken)
    assert Order.objects.count() == 1


def test_the_same_form_twice_is_one_order_and_leads_to_the_same_page(shopper: Client, lamp: Product) -> None:
    fill(shopper, lamp=2)
    form = form_of(shopper)
    first = shopper.post(CHECKOUT, form)["Location"]
    assert shopper.post(CHECKOUT, form)["Location"] == first
    lamp.refresh_from_db()
    assert (Order.objects.count(), lamp.stock) == (1, 3)
    fill(shopper, lamp=1)
    order(shopper)
    assert Order.objects.count() == 2, "another form is another order"


def test_a_form_sent_twice_at_once_is_one_order(client: Client, lamp: Product, monkeypatch: Any) -> None:
    """Both have looked for the order before either has placed it: the key in the database decides."""
    from catalog import order_views

    fill(client, lamp=2)
    form = form_of(client)
    monkeypatch.setattr(order_views, "_placed_before", lambda request, form: None)
    first = client.post(CHECKOUT, form)["Location"]
    fill(client, lamp=2)  # the second request still has the old basket
    assert client.post(CHECKOUT, form)["Location"] == first
    lamp.refresh_from_db()
    assert (Order.objects.count(), OrderLine.objects.count(), lamp.stock) == (1, 1, 3)


def test_anothers_key_leads_nowhere(client: Client, lamp: Product) -> None:
    """Whoever learns a form's key can neither see that order nor get in its way."""
    fill(client, lamp=1)
    form = form_of(client)
    theirs = client.post(CHECKOUT, form)["Location"]
    other = Client()
    fill(other, lamp=1)
    assert other.post(CHECKOUT, {**form_of(other), "key": form["key"]})["Location"] != theirs
    assert Order.objects.count() == 2
    assert other.get(theirs).status_code == 404


def test_the_last_piece_goes_to_one_of_two_and_the_other_is_told(client: Client) -> None:
    make_product("Last lamp", sku="lamp", stock=1)
    make_product("Vase", sku="vase", stock=7)
    slow, fast = client, Client()
    fill(slow, lamp=1, vase=2)
    fill(fast, lamp=1)
    form = form_of(slow)
    assert order(fast).status_code == 302

    answer = slow.post(CHECKOUT, form, follow=True)
    assert "Sold out. Remove it to go on." in text_of(answer)
    assert dict(Product.objects.values_list("sku", "stock")) == {"lamp": 0, "vase": 7}
    assert Order.objects.count() == 1


def test_what_runs_short_inside_the_transaction_rolls_everything_back(
    client: Client, lamp: Product, monkeypatch: Any
) -> None:
    """The basket was fine when it was looked at; the last piece goes in the moment after."""
    from catalog import order_views

    make_product("Vase", sku="vase", stock=7)
    fill(client, lamp=2, vase=2)
    form, place = form_of(client), place_order

    def somebody_is_faster(*args: Any, **kwargs: Any) -> Order:
        Product.objects.filter(sku="lamp").update(stock=1)
        return place(*args, **kwargs)

    monkeypatch.setattr(order_views, "place_order", somebody_is_faster)
    answer = client.post(CHECKOUT, form, follow=True)
    assert "Somebody was faster. Of “Lamp” only 1 is left. Nothing was ordered." in text_of(answer)
    assert dict(Product.objects.values_list("sku", "stock")) == {"lamp": 1, "vase": 7}
    assert not Order.objects.exists() and not OrderLine.objects.exists()
    assert not Event.objects.filter(kind=Event.Kind.PURCHASE).exists()
    lines = client.get("/basket/").context["lines"]
    assert {line.product.sku for line in lines} == {"lamp", "vase"}, "the basket is as it was"


def test_a_price_that_changed_is_shown_before_anything_is_ordered(shopper: Client, lamp: Product) -> None:
    fill(shopper, lamp=2)
    form = form_of(shopper)
    Product.objects.update(price="13.00")
    answer = shopper.post(CHECKOUT, form, follow=True)
    assert "A price has just changed" in text_of(answer)
    assert "£26.00" in text_of(answer)
    lamp.refresh_from_db()
    assert (Order.objects.count(), lamp.stock) == (0, 5)
    order(shopper)
    assert Order.objects.get().total == Decimal("26.00")


def test_nobody_names_their_own_price(client: Client, lamp: Product) -> None:
    fill(client, lamp=2)
    order(client, seen_total="0.02")
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        *((name, "", "This field is required.") for name in ADDRESS),
        *((name, "   ", "This field is required.") for name in ADDRESS),
        ("email", "anna@", "Enter a valid email address."),
        ("name", "x" * 121, "at most 120 characters"),
        ("street", "a\x00b", "Null characters are not allowed."),
        ("key", "no-uuid", "That request was incomplete"),
        ("seen_total", "much", "That request was incomplete"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_what_was_typed_stays(
    client: Client, lamp: Product, field: str, value: str, words: str
) -> None:
    fill(client, lamp=1)
    page = order(client, **{field: value})
    assert page.status_code == 200
    assert words in text_of(page)
    if field != "city":
        assert 'value="Leeds"' in page.content.decode()
    assert not Order.objects.exists()


def test_an_empty_basket_cannot_be_ordered(client: Client, lamp: Product) -> None:
    assert client.get(CHECKOUT)["Location"] == "/basket/"
    fill(client, lamp=1)
    form = form_of(client)
    client.post("/basket/change/", {"sku": "lamp", "quantity": "0"})
    assert client.post(CHECKOUT, form)["Location"] == "/basket/"
    assert not Order.objects.exists()


def test_the_next_order_knows_the_address(shopper: Client, lamp: Product) -> None:
    fill(shopper, lamp=1)
    order(shopper)
    fill(shopper, lamp=1)
    assert 'value="Long Lane 1"' in shopper.get(CHECKOUT).content.decode()
    other = Client()
    fill(other, lamp=1)
    assert "Long Lane" not in other.get(CHECKOUT).content.decode()


class TestWhoSeesOrders:
    def test_only_its_buyer_sees_an_order(self, shopper: Client, lamp: Product) -> None:
        fill(shopper, lamp=1)
        address = order(shopper)["Location"]
        assert shopper.get(address).status_code == 200
        account, staff = Client(), Client()
        sign_in(account, "berta")
        sign_in(staff, "boss", is_staff=True)
        for other in (Client(), account, staff):  # staff look at orders in the administration
            assert other.get(address).status_code == 404
            assert "Nothing ordered yet" in text_of(other.get("/accounts/orders/"))

    def test_a_visitors_orders_go_to_the_account_that_signs_in(self, client: Client, lamp: Product) -> None:
        fill(client, lamp=1)
        address = order(client)["Location"]
        sign_in(other := Client(), "berta")
        client.post(
            "/accounts/sign-up/",
            {"username": "anna", "password1": "velvet-chair-9", "password2": "velvet-chair-9"},
        )
        page = client.get("/accounts/orders/")
        assert Order.objects.get().number in text_of(page)
        assert Order.objects.get().account.username == "anna"  # type: ignore[union-attr]
        assert "orders came along" in text_of(page)
        client.post("/accounts/sign-out/")
        assert client.get(address).status_code == other.get(address).status_code == 404

    def test_a_session_that_claims_anothers_order_gets_nothing(self, client: Client, lamp: Product) -> None:
        sign_in(client)
        fill(client, lamp=1)
        address = order(client)["Location"]
        thief = Client()
        session = thief.session
        session["orders"] = [Order.objects.get().number]
        session.save()
        assert thief.get(address).status_code == 404

    @pytest.mark.parametrize("number", ["nothing", "%00", "%F0%9F%AA%B4"])
    def test_an_order_that_is_not_there_is_an_ordinary_404(self, client: Client, number: str) -> None:
        assert client.get(f"/orders/{number}/").status_code == 404

    def test_many_orders_take_pages_and_no_more_queries(
        self, client: Client, django_assert_max_num_queries: Any
    ) -> None:
        account = sign_in(client).account
        _some_orders(account, 1)
        with django_assert_max_num_queries(15) as few:
            client.get("/accounts/orders/")
        number_of_queries = len(few)
        _some_orders(account, 25)
        with django_assert_max_num_queries(number_of_queries):
            page = client.get("/accounts/orders/")
        assert page.content.decode().count("order-link") == 20
        assert client.get("/accounts/orders/?page=2").content.decode().count("order-link") == 6


def _some_orders(account: Any, many: int) -> None:
    for _ in range(many):
        placed = Order.objects.create(
            account=account, total=10, submit_key=f"key-{Order.objects.count()}", **ADDRESS
        )
        for product in (make_product(category=make_category()), make_product()):
            OrderLine.objects.create(
                order=placed, product=product, sku=product.sku, title=product.title, unit_price=5, quantity=1
            )


class TestTheDatabase:
    def make(self, **fields: Any) -> Order:
        return Order.objects.create(**{"total": 1, "submit_key": "k", **ADDRESS, **fields})

    @pytest.mark.parametrize("fields", [{"total": -1}, {"email": ""}, {"name": ""}, {"anonymised_at": NOW}])
    def test_refuses_orders_that_make_no_sense(self, fields: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            self.make(**fields)

    @pytest.mark.parametrize("fields", [{"quantity": 0}, {"unit_price": -1}, {}])
    def test_refuses_lines_that_make_no_sense(self, fields: dict[str, Any]) -> None:
        line = {"order": self.make(), "sku": "lamp", "title": "Lamp", "unit_price": 1, "quantity": 1}
        OrderLine.objects.create(**line)
        with pytest.raises(IntegrityError), transaction.atomic():
            OrderLine.objects.create(**line | {"sku": "other" if fields else "lamp"} | fields)

    def test_an_order_outlives_product_and_account_and_person(self, client: Client, lamp: Product) -> None:
        account = sign_in(client).account
        fill(client, lamp=1)
        order(client)
        Product.objects.all().delete()
        assert account is not None
        account.delete()
        placed = Order.objects.get()
        assert (placed.account, placed.lines.get().product, placed.lines.get().title) == (None, None, "Lamp")
        assert anonymise(Order.objects.all(), now=NOW) == 1
        placed.refresh_from_db()
        assert (placed.name, placed.email, placed.street, placed.postcode, placed.city) == ("",) * 5
        assert placed.total == Decimal("12.50")


def test_the_token_is_asked_for(client: Client, lamp: Product) -> None:
    assert Client(enforce_csrf_checks=True).post(CHECKOUT, ADDRESS).status_code == 403


def test_too_many_orders_are_held_back(client: Client, lamp: Product, settings: Any) -> None:
    settings.SHOPRECO_LIMITS = {**settings.SHOPRECO_LIMITS, "orders": "1/hour"}
    fill(client, lamp=1)
    assert order(client).status_code == 302
    fill(client, lamp=1)
    answer = order(client)
    assert answer.status_code == 429 and "Retry-After" in answer
    assert Order.objects.count() == 1


def test_checkout_takes_at_most_15_queries(shopper: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        fill(shopper, **{make_product(category=make_category()).sku: 1})
    with django_assert_max_num_queries(15):
        shopper.get(CHECKOUT)
