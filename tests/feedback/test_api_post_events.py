"""POST events: many at once, a result per row, stored exactly once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from feedback.models import Event, Shopper
from tests.api import ROOT, problem_of
from tests.factories import make_product, make_shopper

pytestmark = pytest.mark.django_db
URL = f"{ROOT}/events"


def post(client, rows, status=200):
    response = client.post(URL, rows, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def row(kind="view", shopper="ann", product="POT", **more):
    return {"shopper": shopper, "product": product, "kind": kind, **more}


def statuses(results):
    return [result["status"] for result in results]


def test_an_event_is_stored_with_everything_it_says(client):
    make_product(sku="POT")
    assert post(
        client,
        [
            row(
                "purchase",
                occurred_at="2026-03-01T10:00:00+02:00",
                quantity=3,
                order_ref="O-1",
                idempotency_key="k",
            )
        ],
    ) == [{"index": 0, "status": "created"}]
    event = Event.objects.get()
    assert (event.shopper.external_id, event.product.sku, event.kind) == ("ann", "POT", "purchase")
    assert event.occurred_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert (event.quantity, event.order_ref, event.idempotency_key) == (3, "O-1", "k")


@pytest.mark.parametrize("kind", Event.Kind.values)
def test_every_kind_is_taken_and_happens_now_by_default(client, kind):
    make_product(sku="POT")
    before = timezone.now()
    post(client, [row(kind)])
    event = Event.objects.get()
    assert event.kind == kind
    assert before <= event.occurred_at <= timezone.now()


def test_a_repeated_key_is_stored_exactly_once(client):
    make_product(sku="POT")
    rows = [row(idempotency_key="a"), row("click", idempotency_key="a"), row(idempotency_key="b")]
    assert statuses(post(client, rows)) == ["created", "duplicate", "created"]
    assert statuses(post(client, rows)) == ["duplicate", "duplicate", "duplicate"]
    assert sorted(Event.objects.values_list("idempotency_key", "kind")) == [("a", "view"), ("b", "view")]


def test_events_without_a_key_are_all_stored(client):
    make_product(sku="POT")
    assert statuses(post(client, [row(), row()])) == ["created", "created"]
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "sniff"}, "kind"), ({"kind": None}, "kind"), ({"product": "GHOST"}, "product"),
        ({"product": "no sku!"}, "product"), ({"quantity": 0}, "quantity"),
        ({"quantity": 10**12}, "quantity"), ({"order_ref": "x" * 65}, "order_ref"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": "x" * 101}, "idempotency_key"), ({"idempotency_key": "\x00"}, "idempotency_key"),
        ({"occurred_at": "soon"}, "occurred_at"), ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"shopper": "account-1"}, "shopper"),
    ],
)  # fmt: skip
def test_a_bad_row_stops_no_other_and_says_what_is_wrong(client, wrong, field):
    make_product(sku="POT")
    results = post(client, [row() | wrong, row(shopper="bob")], status=207)
    assert statuses(results) == ["invalid", "created"]
    assert [error["field"] for error in results[0]["errors"]] == [field]
    assert Event.objects.get().shopper.external_id == "bob"
    assert Shopper.objects.count() == 1


def test_a_little_in_the_future_is_now(client):
    make_product(sku="POT")
    soon = timezone.now() + timedelta(minutes=4)
    post(client, [row(occurred_at=soon.isoformat())])
    assert Event.objects.get().occurred_at <= timezone.now()


def test_too_many_rows_are_refused_whole(client):
    make_product(sku="POT")
    problem_of(client.post(URL, [row()] * 1001, content_type="application/json"), 413)
    assert not Event.objects.exists()


def test_a_thousand_events_take_few_queries(client, django_assert_max_num_queries):
    for number in range(40):
        make_product(sku=f"P-{number}")
    make_shopper("shopper-1")
    rows = [row(shopper=f"shopper-{n // 40}", product=f"P-{n % 40}") for n in range(1000)]
    with django_assert_max_num_queries(25):
        assert statuses(post(client, rows)) == ["created"] * 1000
    assert Event.objects.count() == 1000
    assert Shopper.objects.get(external_id="shopper-1").feedback_version == 1
