"""Drawn pictures: each product its own, small, safe and the same everywhere."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from catalog.art import picture
from catalog.art.abstract import initials
from catalog.art.choice import Choice
from catalog.art.colour import NAMED, oklch, palette_for
from catalog.art.motifs import care, garden, home, kitchen, leisure, outdoors
from catalog.art.words import all_motifs, motifs_for
from catalog.demo.generator import demo_products
from tests.factories import make_category, make_product

ALLOWED_TAGS = {"svg", "title", "rect", "circle", "ellipse", "path", "g", "text", "clipPath"}


def drawn(title: str, sku: str = "SKU-1", **place: str) -> ElementTree.Element:
    """The parsed picture, after checking that it holds nothing but shapes."""
    text = picture(sku=sku, title=title, **place)
    root = ElementTree.fromstring(text)
    for element in root.iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in ALLOWED_TAGS
        for name, value in element.attrib.items():
            assert not name.startswith("on") and "href" not in name and name != "style"
            assert "url(" not in value or value.startswith("url(#")
    return root


def test_every_demo_product_has_its_own_small_picture() -> None:
    products = demo_products(0)
    pictures = [
        picture(sku=each.sku, title=each.title, aisle=each.aisle, department=each.department)
        for each in products
    ]
    assert len(set(pictures)) == len(products)
    assert max(len(each.encode()) for each in pictures) < 6000
    assert all(motifs_for(each.title, each.aisle, each.department) for each in products)


def test_at_least_25_motifs_are_seen_in_the_demo_shop() -> None:
    seen = {
        motif for each in demo_products(0) for motif in motifs_for(each.title, each.aisle, each.department)
    }
    assert len(seen) >= 25


@pytest.mark.parametrize("motif", all_motifs(), ids=lambda motif: motif.__name__)
def test_every_motif_is_well_formed_in_each_of_its_forms(motif: object) -> None:
    for number in range(25):
        choice = Choice(f"{number}")
        palette = palette_for("", choice)
        text = motif(palette, choice)  # type: ignore[operator]
        assert len(text.encode()) < 6000
        root = ElementTree.fromstring(f"<svg>{text}</svg>")
        assert len(list(root.iter())) > 2
        names = re.findall(r'id="(\w+)"', text)
        assert len(names) == len(set(names))
        assert set(re.findall(r"url\(#(\w+)\)", text)) <= set(names)
        assert "nan" not in text and "e-" not in re.sub(r"[a-z]+-[a-z]+", "", text)


def test_the_picture_is_square_and_says_what_it_shows() -> None:
    root = drawn("Ribbed Mug, Sage")
    assert root.get("viewBox") == "0 0 400 400"
    assert root[0].text == "Ribbed Mug, Sage"


def test_the_same_product_gets_the_same_picture_and_another_sku_another() -> None:
    assert picture(sku="A-1", title="Mug") == picture(sku="A-1", title="Mug")
    assert picture(sku="A-1", title="Mug") != picture(sku="A-2", title="Mug")


def test_the_colour_in_the_title_is_the_colour_of_the_thing() -> None:
    assert oklch(*NAMED["sage"]) in picture(sku="A-1", title="Ribbed Mug, Sage")
    assert oklch(*NAMED["navy"]) in picture(sku="A-1", title="Ribbed Mug, Navy")


@pytest.mark.parametrize(
    ("title", "motif"),
    [
        ("Ribbed Mug, Sage", kitchen.mug),
        ("WHITE HANGING HEART T-LIGHT HOLDER", home.candle),
        ("RED RETROSPOT TEA TOWEL", home.towel),
        ("SET OF 3 CAKE TINS PANTRY DESIGN", kitchen.cake),
        ("Bus Driver's Alarm Clock", home.clock),
        ("Lochan Sleeping Bag, Rust", outdoors.sleeping_bag),
        ("Puppy Dog Bed in Canvas", garden.pet_bed),
        ("Cloth-Bound Notebook with Pen Loop", care.notebook),
        ("Milk Round City Bike", outdoors.bicycle),
    ],
)
def test_the_thing_a_title_names_is_drawn(title: str, motif: object) -> None:
    assert motifs_for(title, "", "") == (motif,)


def test_a_books_title_does_not_make_it_a_clock() -> None:
    assert set(motifs_for("The Clock", "Fiction", "Books")) == {leisure.book, leisure.books}


def test_a_film_called_after_a_thing_gets_a_poster() -> None:
    assert motifs_for("The Umbrella", "Drama", "") == ()


def test_a_title_that_says_nothing_is_drawn_by_its_aisle() -> None:
    assert motifs_for("Aurora 3", "Headphones", "Audio") == (leisure.headphones,)


def test_an_unknown_thing_gets_a_composition_with_its_initials() -> None:
    root = drawn("ZXQ Grommet of the Quorble")
    assert [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")] == ["ZG"]


@pytest.mark.parametrize(
    ("title", "letters"),
    [
        ("The Red Violin", "RV"),
        ("42", "4"),
        ("", ""),
        ("***", ""),
        ("of the", "OT"),
        ("ärmel schoner", "ÄS"),
        ("<b>", "B"),
    ],
)
def test_initials_are_of_the_words_that_matter(title: str, letters: str) -> None:
    assert initials(title) == letters


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        '"><svg onload="alert(1)">',
        "]]> & &amp; <!-- -->",
        "Mug</title><script>x</script>",
        "tab\tnul\x00bell\x07",
    ],
)
def test_markup_in_a_title_stays_text(title: str) -> None:
    root = drawn(title)
    assert root[0].text == "".join(letter for letter in title if letter.isprintable())


@given(st.text(), st.text(min_size=1), st.text(), st.text())
def test_any_words_make_a_well_formed_picture(title: str, sku: str, aisle: str, department: str) -> None:
    drawn(title, sku, aisle=aisle, department=department)


@given(st.floats(0, 1), st.floats(0, 0.4), st.floats(-720, 720))
def test_any_mix_is_a_colour_a_screen_can_show(lightness: float, chroma: float, hue: float) -> None:
    assert re.fullmatch("#[0-9a-f]{6}", oklch(lightness, chroma, hue))


def test_colours_are_mixed_as_published() -> None:
    # Ottosson's own reference values: OKLab white and the sRGB red.
    assert oklch(1.0, 0.0, 0.0) == "#ffffff"
    assert oklch(0.62796, 0.25768, 29.234) == "#ff0000"


@pytest.mark.django_db
def test_the_address_of_a_picture_serves_its_svg_for_a_day(
    client: Client, django_assert_num_queries: object
) -> None:
    aisle = make_category("Headphones", parent=make_category("Audio"))
    product = make_product("Aurora 3", category=aisle)
    with django_assert_num_queries(1):  # type: ignore[operator]
        response = client.get(product.picture_url)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Cache-Control"] == "public, max-age=86400"
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert response.content.decode() == picture(
        sku=product.sku, title="Aurora 3", aisle="Headphones", department="Audio"
    )
    assert "Cookie" not in response.get("Vary", "")


@pytest.mark.django_db
def test_a_picture_seen_before_is_not_sent_again_until_the_title_changes(client: Client) -> None:
    product = make_product("Plain Mug")
    etag = client.get(product.picture_url)["ETag"]
    again = client.get(product.picture_url, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == etag
    assert client.get(product.picture_url, headers={"If-None-Match": f"W/{etag}"}).status_code == 304
    product.title = "Spotted Mug"
    product.save()
    assert client.get(product.picture_url, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.django_db
def test_an_unknown_sku_has_no_picture(client: Client) -> None:
    response = client.get(reverse("catalog:picture", args=["NO-SUCH"]))
    assert response.status_code == 404
    assert "max-age=60" in response["Cache-Control"]


@pytest.mark.django_db
def test_a_picture_is_only_read(client: Client) -> None:
    product = make_product()
    assert client.post(product.picture_url).status_code == 405
    assert client.head(product.picture_url).status_code == 200
