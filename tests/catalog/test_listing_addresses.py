"""Chips, links and addresses: what is on can be taken off, and every address can be shared."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl

import pytest
from django.test import Client

from tests.factories import make_category, make_product
from tests.pages import cards_of, text_of

pytestmark = pytest.mark.django_db
PAGE = "/products/"
EVERYTHING = (
    "?q=mug&department=cups&brand=Acme&brand=Zed&min_price=5&max_price=20&rating=4&in_stock=1"
    "&attr.colour=blue&attr.colour=red&sort=price"
)


@pytest.fixture
def shop(db: None) -> None:
    cups = make_category("Cups", parent=make_category("Kitchen"))
    for number, (brand, colour) in enumerate([("Acme", "blue"), ("Zed", "red"), ("Other", "green")]):
        for price in ("6", "15", "60"):
            make_product(
                f"Mug {number} at {price}", sku=f"{brand}-{price}", brand=brand, category=cups, price=price,
                attributes={"colour": colour}, rating_count=1, rating_total=5,
            )  # fmt: skip


def links(page: str, kind: str) -> list[str]:
    return [unescape(href) for href in re.findall(rf'class="{kind}" href="([^"]*)"', page)]


def test_every_filter_that_is_on_is_a_chip_that_takes_only_itself_off(shop: None, client: Client) -> None:
    page = client.get(PAGE + EVERYTHING).content.decode()
    chips = links(page, "chip-on")
    asked = parse_qsl(EVERYTHING[1:])
    gone = []
    for chip in chips:
        kept = parse_qsl(chip[1:])
        assert set(kept) < set(asked)
        gone.append(set(asked) - set(kept))
    assert gone == [
        {("department", "cups")},
        {("brand", "Acme")},
        {("brand", "Zed")},
        {("min_price", "5"), ("max_price", "20")},
        {("rating", "4")},
        {("in_stock", "1")},
        {("attr.colour", "blue")},
        {("attr.colour", "red")},
    ]


def test_clear_all_keeps_the_words_and_the_order(shop: None, client: Client) -> None:
    page = client.get(PAGE + EVERYTHING).content.decode()
    assert links(page, "chip-clear") == ["?q=mug&sort=price"]
    assert 'class="chip-on"' not in client.get(PAGE).content.decode()


def test_what_makes_no_sense_is_in_no_link(shop: None, client: Client) -> None:
    page = client.get(
        PAGE + "?brand=Nope&rating=9&colour=x&utm_source=mail&attr.colour=blue&page=77&sort=magic"
    )
    addresses = re.findall(r'href="(\?[^"]*)"', page.content.decode())
    assert addresses
    assert not [each for each in addresses if re.search("Nope|rating=9|utm|page=77|magic", each)]


def test_the_canonical_address_has_neither_order_nor_shopper_nor_nonsense(shop: None, client: Client) -> None:
    page = client.get(PAGE + "?sort=price&brand=Zed&brand=Acme&shopper=ann&nonsense=1&min_price=5.00")
    assert links(page.content.decode(), "x") == []
    found = re.search(r'<link rel="canonical" href="([^"]*)"', page.content.decode())
    assert found is not None
    assert unescape(found.group(1)) == "/products/?brand=Acme&brand=Zed&min_price=5"


def test_the_same_listing_has_one_address_however_it_was_asked_for(shop: None, client: Client) -> None:
    one, other = (
        "?min_price=5.0&brand=Zed&brand=Acme&sort=&q=+mug+",
        "?q=mug&brand=Acme&brand=Zed&min_price=5",
    )
    answers = [
        client.get(PAGE + address, headers={"HX-Request": "true", "HX-Target": "results"})["HX-Push-Url"]
        for address in (one, other, other + "&sort=relevance")
    ]
    assert set(answers) == {PAGE + other}


def test_an_address_is_pushed_for_the_list_only_when_the_shopper_moved(shop: None, client: Client) -> None:
    assert "HX-Push-Url" not in client.get(PAGE)
    assert "HX-Push-Url" not in client.get(PAGE, headers={"HX-Request": "true", "HX-Target": "list"})
    plain = client.get(PAGE, headers={"HX-Request": "true", "HX-Target": "results"})
    assert plain["HX-Push-Url"] == PAGE


def test_pages_keep_filters_and_a_facet_starts_at_the_first_page(client: Client) -> None:
    for number in range(60):
        make_product(f"Mug {number}", brand="Acme" if number % 2 else "Zed")
    page = client.get(PAGE + "?q=mug&page=2").content.decode()
    assert 'href="/products/?q=mug"' in page  # the first page
    assert 'href="/products/?q=mug&amp;page=3"' in page
    assert 'aria-current="page"' in page
    facets = re.findall(r'class="facet-link" href="([^"]*)"', page)
    assert not [href for href in facets if "page=" in href]
    first, second, third = (cards_of(client.get(PAGE, {"q": "mug", "page": str(n)})) for n in (1, 2, 3))
    assert (len(first), len(second), len(third)) == (24, 24, 12)
    assert len({*first, *second, *third}) == 60


def test_a_shopper_looked_up_stays_looked_up(shop: None, client: Client) -> None:
    page = client.get(PAGE + "?shopper=ann&brand=Acme").content.decode()
    assert all("shopper=ann" in href for href in links(page, "chip-on"))
    assert '<input type="hidden" name="shopper" value="ann">' in page


def test_forms_send_on_what_is_not_theirs_to_change(shop: None, client: Client) -> None:
    page = client.get(PAGE + EVERYTHING).content.decode()
    facets, sort = re.findall(r"<form[^>]*data-live-form>.*?</form>", page, re.DOTALL)
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', facets)
    assert dict(hidden) == {"q": "mug", "department": "cups", "sort": "price"}
    carried = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', sort)
    assert sorted(carried) == sorted(pair for pair in parse_qsl(EVERYTHING[1:]) if pair[0] != "sort")


def test_an_empty_listing_says_which_filter_to_let_go_of(shop: None, client: Client) -> None:
    page = client.get(PAGE + "?brand=Acme&max_price=5&in_stock=1")
    assert cards_of(page) == []
    assert "Without “Up to £5”" in text_of(page)
    assert "Without “Acme”" not in text_of(page)  # nothing costs so little, whoever makes it
    assert 'href="?brand=Acme&amp;in_stock=1"' in page.content.decode()


def test_where_no_single_filter_helps_all_of_them_are_let_go(shop: None, client: Client) -> None:
    page = client.get(PAGE + "?max_price=1&attr.colour=blue&brand=Zed")
    assert "Without all filters" in text_of(page)


def test_brands_and_values_with_signs_survive_their_address(client: Client) -> None:
    brand, colour = "O'Neil & Söhne + Co. #1", "50% <b>grey</b>=ish"
    make_product(sku="odd", brand=brand, attributes={"colour": colour})
    make_product(sku="plain", brand="Plain", attributes={"colour": "blue"})
    page = client.get(PAGE, {"brand": brand, "attr.colour": colour})
    assert cards_of(page) == ["odd"]
    text = page.content.decode()
    assert "<b>grey</b>" not in text
    (chip, _) = links(text, "chip-on")
    assert cards_of(client.get(PAGE + chip)) == ["odd"]
