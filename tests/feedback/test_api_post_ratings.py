"""POST ratings: many at once, a result per row."""

from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.models import Rating, RatingChange, Shopper
from tests.api import ROOT, problem_of
from tests.factories import make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
URL = f"{ROOT}/ratings"


def post(client, rows, status=200):
    response = client.post(URL, rows, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def row(shopper="ann", product="POT", value=5, **more):
    return {"shopper": shopper, "product": product, "value": value, **more}


def statuses(results):
    return [result["status"] for result in results]


def test_new_and_changed_ratings_and_new_shoppers(client):
    pot, cup = make_product(sku="POT"), make_product(sku="CUP")
    make_rating(make_shopper("ann"), pot, 1)
    assert post(client, [row(), row(product="CUP", value=4), row("bob", value=2)]) == [
        {"index": 0, "status": "updated"},
        {"index": 1, "status": "created"},
        {"index": 2, "status": "created"},
    ]
    assert sorted(Rating.objects.values_list("shopper__external_id", "product__sku", "value")) == [
        ("ann", "CUP", 4), ("ann", "POT", 5), ("bob", "POT", 2)
    ]  # fmt: skip
    pot.refresh_from_db()
    cup.refresh_from_db()
    assert (pot.rating_count, pot.rating_total) == (2, 7)
    assert (cup.rating_count, cup.rating_total) == (1, 4)


def test_a_bad_row_stops_no_other_and_says_what_is_wrong(client):
    make_product(sku="POT")
    rows = [row(value=9), row(), row(product="GHOST"), "text", row(shopper="a/b"), {"shopper": "x"}]
    results = post(client, rows, status=207)
    assert statuses(results) == ["invalid", "created", "invalid", "invalid", "invalid", "invalid"]
    assert [result["index"] for result in results] == list(range(6))
    fields = [{error["field"] for error in result.get("errors", [])} for result in results]
    assert fields == [{"value"}, set(), {"product"}, {""}, {"shopper"}, {"product", "value"}]
    assert Rating.objects.count() == 1
    assert list(Shopper.objects.values_list("external_id", flat=True)) == ["ann"]


def test_of_two_rows_about_the_same_the_last_counts(client):
    make_product(sku="POT")
    results = post(client, [row(value=1), row(value=4)])
    assert statuses(results) == ["duplicate", "created"]
    assert "Another row" in results[0]["detail"]
    assert Rating.objects.get().value == 4


def test_of_two_rows_with_times_the_newer_counts(client):
    make_product(sku="POT")
    rows = [row(value=1, rated_at="2026-01-02T00:00:00Z"), row(value=4, rated_at="2026-01-01T00:00:00Z")]
    assert statuses(post(client, rows)) == ["created", "duplicate"]
    assert Rating.objects.get().value == 1


def test_an_older_rating_than_the_stored_one_changes_nothing(client):
    ann, pot = make_shopper("ann"), make_product(sku="POT")
    stored = make_rating(ann, pot, 5)
    older = stored.rated_at - timedelta(days=1)
    (result,) = post(client, [row(value=1, rated_at=older.isoformat())])
    assert result["status"] == "duplicate"
    assert "newer" in result["detail"]
    stored.refresh_from_db()
    assert stored.value == 5


def test_sending_the_same_list_again_changes_nothing(client):
    make_product(sku="POT")
    rows = [row(rated_at="2026-01-02T10:00:00+01:00"), row("bob", rated_at="2026-01-02")]
    assert statuses(post(client, rows)) == ["created", "created"]
    assert statuses(post(client, rows)) == ["duplicate", "duplicate"]
    assert RatingChange.objects.count() == 2


@pytest.mark.parametrize(
    "when", ["yesterday", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31", 5, "", None]
)
def test_a_time_that_cannot_be_is_a_bad_row(client, when):
    make_product(sku="POT")
    (result,) = post(client, [row(rated_at=when)], status=207)
    assert [error["field"] for error in result["errors"]] == ["rated_at"]


def test_a_clock_that_runs_a_little_fast_is_forgiven(client):
    make_product(sku="POT")
    soon = timezone.now() + timedelta(minutes=4)
    assert statuses(post(client, [row(rated_at=soon.isoformat())])) == ["created"]
    assert Rating.objects.get().rated_at <= timezone.now()
    later = timezone.now() + timedelta(minutes=6)
    assert statuses(post(client, [row(rated_at=later.isoformat())], status=207)) == ["invalid"]


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "a\nb", "", "  ", None, 5.5, [], "x" * 101])
def test_a_shopper_id_that_cannot_be_stored_is_a_bad_row(client, bad):
    make_product(sku="POT")
    result = post(client, [row(shopper=bad)], status=200 if bad == 5.5 else 207)
    assert statuses(result) == (["created"] if bad == 5.5 else ["invalid"])


def test_what_is_no_list_is_a_problem(client):
    problem_of(client.post(URL, row(), content_type="application/json"), 400)
    problem_of(client.post(URL, content_type="application/json"), 400)


def test_an_empty_list_is_done_at_once(client):
    assert post(client, []) == []


def test_more_than_a_thousand_rows_are_refused_whole(client):
    make_product(sku="POT")
    answer = client.post(URL, [row()] * 1001, content_type="application/json")
    assert problem_of(answer, 413)["code"] == "too_many_rows"
    assert not Rating.objects.exists()


def test_a_body_beyond_the_limit_is_refused(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem_of(client.post(URL, [row()] * 10, content_type="application/json"), 413)


def test_a_thousand_rows_take_few_queries(client, django_assert_max_num_queries):
    for number in range(40):
        make_product(sku=f"P-{number}")
    rows = [row(f"shopper-{n // 40}", f"P-{n % 40}", value=n % 5 + 1) for n in range(1000)]
    with django_assert_max_num_queries(30):
        assert statuses(post(client, rows)) == ["created"] * 1000
    assert Rating.objects.count() == RatingChange.objects.count() == 1000
