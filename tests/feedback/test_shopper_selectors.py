"""feedback.selectors: reading feedback as plain values."""

from datetime import timedelta

import pytest

from feedback import selectors
from feedback.histories import history_rows
from feedback.models import Event, RatingChange
from feedback.services import rate, unrate
from shopreco.models import User
from tests.factories import NOW, make_category, make_event, make_product, make_rating, make_shopper
from tests.training_rows import event_rows, rating_rows

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
Kind = Event.Kind


def test_a_history_is_the_shoppers_own_newest_events_first():
    ann, bob, pot, pan = make_shopper(), make_shopper(), make_product(), make_product()
    make_rating(ann, pot, 4)
    make_rating(bob, pan, 1)
    for hours, product in enumerate((pot, pan, pot)):
        make_event(ann, product, Kind.CLICK, now=NOW + hours * HOUR)
    make_event(bob, pan)
    assert selectors.events_of(ann.pk, newest=2) == [(pot.pk, "click"), (pan.pk, "click")]
    moment = int(NOW.timestamp()) * 1_000_000
    assert sorted(history_rows(ann.pk, newest=2), key=lambda row: row[3]) == [
        (pot.pk, "rating", 4, moment),
        (pan.pk, "click", 0, moment + 3600 * 1_000_000),
        (pot.pk, "click", 0, moment + 7200 * 1_000_000),
    ]


def test_moments_keep_their_microseconds():
    ann, pot = make_shopper(), make_product()
    for micros in (0, 1, 250_000, 999_999):
        make_event(ann, pot, Kind.VIEW, now=NOW + timedelta(microseconds=micros))
    moments = sorted(when for *_, when in history_rows(ann.pk, newest=9))
    start = int(NOW.timestamp()) * 1_000_000
    assert moments == [start, start + 1, start + 250_000, start + 999_999]


def test_purchases_and_dismissals_are_never_too_old_to_count():
    ann, (pot, pan, lid, cup) = make_shopper(), [make_product() for _ in range(4)]
    make_event(ann, pot, Kind.PURCHASE, now=NOW)
    make_event(ann, pan, Kind.DISMISS, now=NOW + HOUR)
    make_event(ann, lid, Kind.DISMISS, now=NOW + HOUR)
    make_event(ann, lid, Kind.UNDISMISS, now=NOW + 2 * HOUR)
    make_event(ann, lid, Kind.VIEW, now=NOW + 3 * HOUR)
    for hours in range(4, 8):
        make_event(ann, cup, Kind.VIEW, now=NOW + hours * HOUR)
    assert [row[:2] for row in selectors.events_of(ann.pk, newest=2)] == [
        (cup.pk, "view"), (cup.pk, "view"), (pan.pk, "dismiss"), (pot.pk, "purchase"),
    ]  # fmt: skip


def test_stars_are_given_for_the_asked_products_and_none_for_a_visitor():
    ann, pot, pan = make_shopper(), make_product(), make_product()
    make_rating(ann, pot, 4)
    make_rating(ann, pan, 2)
    assert selectors.rating_values(ann) == {pot.pk: 4, pan.pk: 2}
    assert selectors.rating_values(ann, [pan.pk]) == {pan.pk: 2}
    assert selectors.rating_values(ann, []) == {} == selectors.rating_values(None)


def test_changes_are_counted_with_edits_and_take_backs():
    ann, pot = make_shopper(), make_product()
    assert selectors.last_rating_change() == 0
    rate(shopper=ann, product=pot, value=3, now=NOW)
    seen = selectors.last_rating_change()
    assert selectors.rating_changes_after(seen) == 0
    rate(shopper=ann, product=pot, value=4, now=NOW)
    unrate(shopper=ann, product=pot, now=NOW)
    assert selectors.rating_changes_after(seen) == 2
    assert selectors.last_rating_change() == RatingChange.objects.latest("pk").pk


def test_suggestions_are_the_shortest_ids_that_begin_so_whatever_their_number():
    for number in range(1000, 1250):
        make_shopper(str(number))
    make_shopper("19")
    make_shopper("1")
    assert selectors.suggest_shoppers("1", limit=3) == ["1", "19", "1000"]


def test_suggestions_never_give_away_visitors_and_accounts():
    make_shopper("u-1")
    make_shopper("u-2", is_anonymous=True)
    make_shopper("u-3", account=User.objects.create_user("ann"))
    assert selectors.suggest_shoppers("U-") == ["u-1"]
    assert selectors.suggest_shoppers("nobody") == []


def test_an_unknown_id_is_answered_with_the_ids_most_like_it():
    for external_id in ("gardener-1", "gardener-2", "cook-1"):
        make_shopper(external_id)
    assert selectors.ids_like("gardener-9") == ["gardener-1", "gardener-2"]
    assert selectors.ids_like("gxyz") == ["gardener-1", "gardener-2"]
    assert len(selectors.ids_like("zz", limit=2)) == 2


def test_no_text_is_too_odd_to_be_looked_for():
    make_shopper("ann")
    for odd in ("a\x00b", "%", "_", "'", "\\", "ä" * 200):
        assert selectors.suggest_shoppers(odd) == []
        assert selectors.ids_like(odd) == ["ann"]


def test_an_empty_shop_has_no_ids_to_offer():
    assert selectors.ids_like("zz") == []


def test_training_columns_leave_out_who_did_not_consent_and_what_came_later():
    ann, bob, pot = make_shopper(), make_shopper(consent=False), make_product()
    late = make_product()
    for shopper in (ann, bob):
        make_rating(shopper, pot, 5)
        make_event(shopper, pot, Kind.VIEW)
    make_rating(ann, late, 5, now=NOW + HOUR)
    make_event(ann, late, now=NOW + HOUR)
    assert rating_rows(NOW) == [(ann.pk, pot.pk, 5, NOW)]
    assert event_rows(NOW) == [(ann.pk, pot.pk, "view", NOW)]


def test_feedback_is_noticed_whether_rating_or_event():
    ann, pot = make_shopper(), make_product()
    assert not selectors.has_feedback()
    make_event(ann, pot, now=NOW)
    assert selectors.has_feedback() and selectors.has_feedback(since=NOW - HOUR)
    assert not selectors.has_feedback(since=NOW)
    make_rating(ann, pot, 3, now=NOW + HOUR)
    assert selectors.has_feedback(since=NOW)


def test_a_shoppers_ratings_come_newest_first_with_their_products(django_assert_num_queries):
    ann = make_shopper()
    aisle = make_category(parent=make_category())
    for hours in range(3):
        make_rating(ann, make_product(f"P{hours}", category=aisle), 3, now=NOW + hours * HOUR)
    with django_assert_num_queries(1):
        rows = [
            (each.product.title, each.product.category.department.name if each.product.category else "")
            for each in selectors.ratings_with_products(ann)
        ]
    assert [title for title, _ in rows] == ["P2", "P1", "P0"]
    assert not selectors.ratings_with_products(None).exists()


def test_a_dismissal_is_remembered_for_that_product_and_shopper():
    ann, bob, pot, pan = make_shopper(), make_shopper(), make_product(), make_product()
    make_event(ann, pot, Kind.DISMISS)
    make_event(ann, pan, Kind.VIEW)
    assert selectors.has_dismissed(ann, pot.pk)
    assert not selectors.has_dismissed(ann, pan.pk)
    assert not selectors.has_dismissed(bob, pot.pk)
    assert not selectors.has_dismissed(None, pot.pk)


def test_what_is_recent_is_of_the_span_newest_first_and_no_more_than_asked():
    ann, pot, pan = make_shopper(), make_product(), make_product()
    for hours in range(5):
        make_event(ann, pot, now=NOW + hours * HOUR)
    make_rating(ann, pot, 5, now=NOW + HOUR)
    make_rating(ann, pan, 4, now=NOW + 4 * HOUR)
    span = {"since": NOW, "until": NOW + 3 * HOUR}
    assert [row[2] for row in selectors.recent_events(**span, most=2)] == [NOW + 3 * HOUR, NOW + 2 * HOUR]
    assert selectors.recent_ratings(**span, most=9) == [(pot.pk, 5, NOW + HOUR)]


def test_orders_are_counted_once_however_many_lines_they_have():
    ann, pot, pan, cup = make_shopper(), make_product(), make_product(), make_product()
    for order, lines in {"o1": [pot, pan, pan], "o2": [pot, pan, cup], "o3": [cup], "": [pot, pan]}.items():
        for product in lines:
            make_event(ann, product, Kind.PURCHASE, order_ref=order)
    make_event(ann, pan, Kind.VIEW, order_ref="o3")
    assert selectors.order_count() == 3
    assert selectors.order_counts([pot.pk, pan.pk, cup.pk]) == {pot.pk: 2, pan.pk: 2, cup.pk: 2}
    assert selectors.co_purchases(pot.pk, most=9, least=1) == {pan.pk: 2, cup.pk: 1}
    assert selectors.co_purchases(pot.pk, most=9, least=2) == {pan.pk: 2}
    assert selectors.co_purchases(pot.pk, most=1, least=1) == {pan.pk: 2}


def test_stars_and_hearts_of_many_products_are_read_at_once(django_assert_num_queries):
    ann, bob = make_shopper(), make_shopper()
    pot, pan, lid, cup = products = [make_product() for _ in range(4)]
    make_rating(ann, pot, 4)
    make_rating(bob, pan, 1)
    make_event(ann, pot, Kind.WISHLIST)
    make_event(ann, lid, Kind.WISHLIST)
    make_event(ann, cup, Kind.WISHLIST)
    make_event(ann, cup, Kind.UNWISH, now=NOW + HOUR)
    with django_assert_num_queries(1):
        marks = selectors.marks_on(ann, [product.pk for product in products])
    assert marks == selectors.Marks({pot.pk: 4}, frozenset({pot.pk, lid.pk}))
    assert selectors.marks_on(ann, [pan.pk, cup.pk]) == selectors.Marks()
    with django_assert_num_queries(0):
        assert selectors.marks_on(None, [pot.pk]) == selectors.Marks()
