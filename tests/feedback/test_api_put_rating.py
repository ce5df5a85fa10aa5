"""PUT and DELETE shoppers/{id}/ratings/{sku}."""

from urllib.parse import quote

import pytest

from feedback.models import Rating, RatingChange, Shopper
from feedback.services import rate
from feedback.signals import feedback_recorded
from tests.api import ROOT, problem_of, wrong_fields
from tests.factories import NOW, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
JSON = "application/json"


def url(shopper: str, sku: str) -> str:
    return f"{ROOT}/shoppers/{quote(shopper, safe='')}/ratings/{sku}"


def put(client, shopper, sku, body):
    return client.put(url(shopper, sku), body, content_type=JSON)


def test_a_first_rating_is_created_and_a_further_one_changes_it(client):
    product, ann = make_product("Teapot", sku="POT"), make_shopper("ann")
    first = put(client, "ann", "POT", {"value": 5})
    assert first.status_code == 201
    assert first.json() | {"rated_at": None} == {
        "sku": "POT", "title": "Teapot", "value": 5, "rated_at": None
    }  # fmt: skip
    assert put(client, "ann", "POT", {"value": 2}).status_code == 200
    assert Rating.objects.get(shopper=ann, product=product).value == 2
    product.refresh_from_db()
    assert (product.rating_count, product.rating_total) == (1, 2)


def test_putting_the_same_twice_is_putting_it_once(client):
    product = make_product(sku="POT")
    first, second = (put(client, "ann", "POT", {"value": 4}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert RatingChange.objects.count() == 1
    product.refresh_from_db()
    assert (product.rating_count, product.rating_total) == (1, 4)


def test_a_rating_by_an_unknown_shopper_makes_the_shopper(client):
    make_product(sku="POT")
    assert put(client, "new one", "POT", {"value": 4}).status_code == 201
    assert Shopper.objects.get().external_id == "new one"


def test_a_rating_is_told_to_the_rest_after_the_commit(client, django_capture_on_commit_callbacks):
    make_product(sku="POT")
    told = []

    def listen(**said):
        told.append(said["rated"])

    feedback_recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            put(client, "ann", "POT", {"value": 4})
    finally:
        feedback_recorded.disconnect(listen)
    assert told == [1]


@pytest.mark.parametrize(
    "shopper", ["anna@example.org", "Zoë & co", "a+b=c?d#e%", "李", " padded ", "100%25", "x" * 100]
)
def test_a_shop_chooses_its_shopper_ids_itself(client, shopper):
    make_product(sku="POT")
    assert put(client, shopper, "POT", {"value": 4}).status_code == 201
    assert Shopper.objects.get().external_id == shopper
    listed = client.get(f"{ROOT}/shoppers/{quote(shopper, safe='')}/ratings").json()
    assert [rating["sku"] for rating in listed["results"]] == ["POT"]


@pytest.mark.parametrize("shopper", ["x" * 101, "a\x00b", "two\nlines", "   "])
def test_an_id_that_cannot_be_stored_is_a_problem(client, shopper):
    make_product(sku="POT")
    assert wrong_fields(problem_of(put(client, shopper, "POT", {"value": 4}), 400)) == {"shopper"}
    assert not Shopper.objects.exists()


@pytest.mark.parametrize("shopper", ["account-7", "visitor-cafe"])
def test_ids_the_shop_gives_itself_cannot_be_taken(client, shopper):
    make_product(sku="POT")
    document = problem_of(put(client, shopper, "POT", {"value": 4}), 400)
    assert "Use another id" in document["detail"]
    assert not Shopper.objects.exists()


@pytest.mark.parametrize(
    "body",
    [{}, {"value": 0}, {"value": 6}, {"value": 4.5}, {"value": "five"}, {"value": None}, {"value": True}],
)
def test_a_bad_value_is_a_problem_that_names_it(client, body):
    make_product(sku="POT")
    assert wrong_fields(problem_of(put(client, "ann", "POT", body), 400)) == {"value"}
    assert not Rating.objects.exists() and not Shopper.objects.exists()


@pytest.mark.parametrize("body", ["{", "[[[", "not json", '"text"', "[5]", '{"value": NaN}', "[" * 100_000])
def test_a_body_that_is_no_rating_is_a_problem(client, body):
    make_product(sku="POT")
    problem_of(put(client, "ann", "POT", body), 400)


def test_an_unknown_product_is_a_404_problem_and_makes_nobody(client):
    assert "GHOST" in problem_of(put(client, "ann", "GHOST", {"value": 4}), 404)["detail"]
    problem_of(client.delete(url("ann", "GHOST")), 404)
    assert not Shopper.objects.exists()


def test_other_formats_and_methods_are_problems(client):
    make_product(sku="POT")
    form = client.put(url("ann", "POT"), "value=5", content_type="application/x-www-form-urlencoded")
    assert "application/x-www-form-urlencoded" in problem_of(form, 415)["detail"]
    answer = client.post(url("ann", "POT"), {"value": 5}, content_type=JSON)
    problem_of(answer, 405)
    assert "PUT" in answer["Allow"]


def test_a_rating_can_be_taken_back_and_again(client):
    product, ann = make_product(sku="POT"), make_shopper("ann")
    make_rating(ann, product, 5)
    for _ in range(2):
        assert client.delete(url("ann", "POT")).status_code == 204
    assert not Rating.objects.exists()
    product.refresh_from_db()
    assert (product.rating_count, product.rating_total) == (0, 0)


def test_taking_back_what_a_stranger_never_gave_makes_nobody(client):
    make_product(sku="POT")
    assert client.delete(url("stranger", "POT")).status_code == 204
    assert not Shopper.objects.exists()


def test_the_ratings_of_a_shopper_come_newest_first(client, django_assert_max_num_queries):
    ann = make_shopper("ann")
    for hour in range(12):
        rate(shopper=ann, product=make_product(sku=f"P-{hour}"), value=3, now=NOW.replace(hour=hour))
    with django_assert_max_num_queries(3):
        page = client.get(f"{ROOT}/shoppers/ann/ratings", {"limit": 10}).json()
    assert page["count"] == 12
    assert [rating["sku"] for rating in page["results"]] == [f"P-{hour}" for hour in range(11, 1, -1)]


def test_an_unknown_shopper_has_rated_nothing(client):
    assert client.get(f"{ROOT}/shoppers/nobody/ratings").json()["results"] == []


def test_a_bad_page_is_a_problem(client):
    assert wrong_fields(problem_of(client.get(f"{ROOT}/shoppers/ann/ratings", {"limit": "x"}), 400)) == {
        "limit"
    }


def test_personal_answers_are_never_cached(client):
    assert "no-store" in client.get(f"{ROOT}/shoppers/ann/ratings")["Cache-Control"]
