"""Slips of the finger: found by the shop's own words, and said so."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.search.finding import find
from catalog.search.spelling import distance, halves, near, slips_allowed
from tests.factories import make_category, make_product
from tests.pages import cards_of, text_of

WORDS = st.text(alphabet="abcd", max_size=5)


@pytest.fixture
def shop(db: None) -> None:
    make_product("Ribbed glass teapot", sku="teapot", brand="Halden", category=make_category("Kettles"))
    make_product("Velvet armchair", sku="armchair", description="Comfortable for hours.")
    make_product("Wireless headphones", sku="headphones")
    make_product("Toaster rack", sku="rack")


@pytest.mark.parametrize(
    ("typed", "shown", "sku"),
    [
        ("tepot", "teapot", "teapot"), ("teaopt", "teapot", "teapot"), ("teapott", "teapot", "teapot"),
        ("taepto", "teapot", "teapot"), ("velvte armchiar", "velvet armchair", "armchair"),
        ("haldne", "halden", "teapot"), ("ketles", "kettles", "teapot"),
        ("hedphones", "headphones", "headphones"),
        ("head phones", "headphones", "headphones"), ("toasterrack", "toaster rack", "rack"),
        ("wirelss headphons", "wireless headphones", "headphones"),
        ("aremchair comfortable", "armchair comfortable",
         "armchair"),
    ],
)  # fmt: skip
def test_a_slip_finds_what_was_meant_and_names_it(shop: None, typed: str, shown: str, sku: str) -> None:
    found = find(typed)
    assert found is not None
    assert found.shown == shown
    assert [sku] == _skus(found.ids)


def _skus(ids: list[int]) -> list[str]:
    from catalog.models import Product

    return list(Product.objects.filter(pk__in=ids).values_list("sku", flat=True))


def test_the_page_says_which_words_it_shows_results_for(shop: None, client: Client) -> None:
    page = client.get("/products/", {"q": "tepot"})
    assert cards_of(page) == ["teapot"]
    assert "Nothing has all of “tepot” in it. Showing results for teapot ." in text_of(page)


def test_a_right_word_is_never_corrected(shop: None, client: Client) -> None:
    page = client.get("/products/", {"q": "teapot"})
    assert "Showing results for" not in text_of(page)
    assert "Did you mean" not in text_of(page)


def test_few_hits_beside_a_much_commoner_word_are_asked_about(client: Client, db: None) -> None:
    make_product("Odd thing", sku="odd", description="Misspelt: a chiar, of all things.")
    for number in range(12):
        make_product(f"Chair number {number}")
    page = client.get("/products/", {"q": "chiar"})
    assert cards_of(page) == ["odd"]
    assert "Did you mean chair ?" in text_of(page)
    assert 'href="?q=chair"' in page.content.decode()


def test_the_words_of_hidden_products_are_not_given_away(db: None) -> None:
    make_product("Zeppelin", is_active=False)
    found = find("zepelin")
    assert found is not None
    assert (found.ids, found.shown, found.meant) == ([], "", "")


def test_a_word_nobody_knows_is_named_and_the_rest_is_offered(shop: None, client: Client) -> None:
    page = client.get("/products/", {"q": "velvet xyzzyx"})
    assert "No product is called “xyzzyx”, or anything near it." in text_of(page)
    assert 'href="?q=velvet"' in page.content.decode()


def test_known_words_that_never_meet_are_offered_one_by_one(shop: None, client: Client) -> None:
    page = client.get("/products/", {"q": "velvet teapot"})
    assert cards_of(page) == []
    assert "No product is called" not in text_of(page)
    assert 'href="?q=velvet"' in page.content.decode()
    assert 'href="?q=teapot"' in page.content.decode()


@pytest.mark.parametrize(("word", "slips"), [("ab", 0), ("abc", 1), ("abcde", 1), ("abcdef", 2), ("kit3", 0)])
def test_longer_words_forgive_more(word: str, slips: int) -> None:
    assert slips_allowed(word) == slips


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("chair", "chiar", 1), ("chair", "chair", 0), ("chair", "char", 1), ("chair", "chairs", 1),
     ("ab", "ba", 1),
     ("chair", "table", 3), ("ca", "abc", 3), ("", "ab", 2)],
)  # fmt: skip
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    assert distance(one, other, 2) == slips


@given(WORDS, WORDS, st.integers(0, 3))
@settings(deadline=None)
def test_the_distance_is_that_of_the_plain_definition(one: str, other: str, limit: int) -> None:
    assert distance(one, other, limit) == min(_plain_distance(one, other), limit + 1)


def _plain_distance(one: str, other: str) -> int:
    """The recurrence as it is defined, without bands or early ends."""
    if not one or not other:
        return len(one) + len(other)
    choices = [
        _plain_distance(one[:-1], other) + 1,
        _plain_distance(one, other[:-1]) + 1,
        _plain_distance(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    ]
    if len(one) > 1 and len(other) > 1 and one[-1] == other[-2] and one[-2] == other[-1]:
        choices.append(_plain_distance(one[:-2], other[:-2]) + 1)
    return min(choices)


@given(st.lists(st.tuples(WORDS.filter(bool), st.integers(1, 9)), max_size=20), WORDS)
@settings(deadline=None)
def test_near_words_are_exactly_those_within_the_slips_allowed(
    vocabulary: list[tuple[str, int]], word: str
) -> None:
    limit = slips_allowed(word)
    expected = {
        other for other, _ in vocabulary if other != word and 0 < _plain_distance(word, other) <= limit
    }
    assert set(near(word, vocabulary, most=100)) == (expected if limit else set())


def test_the_commoner_word_and_the_same_first_letter_win() -> None:
    vocabulary = [("bat", 1), ("car", 9), ("cab", 2)]
    assert near("caz", vocabulary) == ["car", "cab"]
    assert near("zat", vocabulary) == ["bat"]
    assert near("cat", vocabulary) == ["car", "cab", "bat"]


def test_a_word_of_two_known_ones_is_taken_apart() -> None:
    assert halves("teapot", ["tea", "pot", "te", "apot"]) == ["tea pot"]
    assert halves("tea", ["tea"]) == []
