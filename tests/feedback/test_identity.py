"""Who is asking: sessions, accounts, the merge at sign-in, and who may act for whom."""

from datetime import timedelta

import pytest
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.test import RequestFactory

from feedback.identity import (
    SESSION_KEY,
    find_shopper,
    may_act_for,
    merge_shopper,
    shopper_for_account,
    shopper_for_feedback,
    shopper_of,
)
from feedback.middleware import ShopperMiddleware
from feedback.models import Event, Rating, RatingChange, Shopper
from feedback.services import rate
from shopreco.models import User
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def request_of(user=None):
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    request.session = SessionStore()
    return request


def ensure_shopper(request, *, now):
    with shopper_for_feedback(request, now=now) as shopper:
        return shopper


@pytest.fixture
def ann():
    return User.objects.create_user("ann")


class TestWhoIsAsking:
    def test_a_mere_visit_leaves_no_shopper_behind(self):
        request = request_of()
        assert shopper_of(request) is None
        assert not Shopper.objects.exists()
        assert SESSION_KEY not in request.session

    def test_the_first_feedback_makes_a_visitor_that_the_session_remembers(self):
        request = request_of()
        visitor = ensure_shopper(request, now=NOW)
        assert visitor.is_anonymous and visitor.created_at == NOW
        assert shopper_of(request) == visitor == ensure_shopper(request, now=LATER)

    def test_two_visitors_are_two_shoppers(self):
        assert ensure_shopper(request_of(), now=NOW) != ensure_shopper(request_of(), now=NOW)

    def test_an_account_is_one_shopper_in_every_browser(self, ann):
        request = request_of(ann)
        assert shopper_of(request) is None
        own = ensure_shopper(request, now=NOW)
        assert (own.account, own.is_anonymous) == (ann, False)
        assert ensure_shopper(request_of(ann), now=LATER) == own == shopper_of(request_of(ann))
        assert SESSION_KEY not in request.session

    def test_a_session_cannot_name_a_shopper_who_is_no_visitor(self):
        """Such as a visitor's row that has become an account's or an imported one since."""
        request = request_of()
        request.session[SESSION_KEY] = make_shopper("imported").pk
        assert shopper_of(request) is None

    def test_a_session_whose_visitor_is_gone_begins_anew(self):
        request = request_of()
        gone = ensure_shopper(request, now=NOW)
        Shopper.objects.all().delete()
        assert shopper_of(request) is None
        assert ensure_shopper(request, now=NOW).external_id != gone.external_id

    def test_an_imported_shopper_with_an_accounts_name_stays_somebody_else(self, ann):
        imported = make_shopper(f"account-{ann.pk}")
        make_rating(imported, make_product(), 5)
        own = shopper_for_account(ann.pk, now=NOW)
        assert own != imported and own.account == ann
        assert shopper_for_account(ann.pk, now=LATER) == own
        assert not Rating.objects.filter(shopper=own).exists()

    def test_a_shopper_is_found_by_their_id_or_not_at_all(self):
        made = make_shopper("u-1")
        assert find_shopper("u-1") == made
        assert find_shopper("U-1") is None

    def test_the_request_carries_its_shopper_and_asks_for_it_once(self, django_assert_num_queries, ann):
        own = shopper_for_account(ann.pk, now=NOW)
        seen = []

        def view(request):
            seen.append(request.shopper)
            with django_assert_num_queries(1):
                assert request.shopper.pk == own.pk
                assert request.shopper.external_id == own.external_id
            return HttpResponse()

        with django_assert_num_queries(1):
            ShopperMiddleware(view)(request_of(ann))
        assert isinstance(seen[0], Shopper)

    def test_the_request_of_a_stranger_has_a_falsy_shopper(self):
        def view(request):
            assert not request.shopper
            return HttpResponse()

        assert ShopperMiddleware(view)(request_of()).status_code == 200


class TestMerging:
    def test_everything_a_visitor_did_becomes_the_shoppers(self):
        visitor, target = make_shopper(is_anonymous=True), make_shopper()
        pot, pan = make_product(), make_product()
        make_rating(visitor, pot, 4)
        make_rating(target, pan, 2)
        make_event(visitor, pan, Event.Kind.BASKET)
        merge_shopper(source=visitor, target=target, now=NOW)
        assert dict(Rating.objects.values_list("product_id", "value")) == {pot.pk: 4, pan.pk: 2}
        owners = {row.shopper_id for model in (Rating, Event, RatingChange) for row in model.objects.all()}
        assert owners == {target.pk}
        assert not Shopper.objects.filter(pk=visitor.pk).exists()

    @pytest.mark.parametrize(
        ("visitor_at", "expected"), [(LATER, 5), (NOW - timedelta(hours=1), 2), (NOW, 2)]
    )
    def test_of_two_ratings_the_newer_stays_and_the_products_count_one(self, visitor_at, expected):
        visitor, target, other, pot = make_shopper(), make_shopper(), make_shopper(), make_product()
        make_rating(other, pot, 3)
        make_rating(target, pot, 2, now=NOW)
        make_rating(visitor, pot, 5, now=visitor_at)
        merge_shopper(source=visitor, target=target, now=NOW)
        pot.refresh_from_db()
        assert Rating.objects.get(shopper=target).value == expected
        assert (pot.rating_count, pot.rating_total) == (2, 3 + expected)

    def test_the_merged_history_is_a_new_version(self):
        visitor, target = make_shopper(), make_shopper()
        merge_shopper(source=visitor, target=target, now=NOW)
        target.refresh_from_db()
        assert target.feedback_version == 1

    def test_merging_a_shopper_with_themselves_changes_nothing(self):
        ann = make_shopper()
        make_rating(ann, make_product(), 4)
        merge_shopper(source=ann, target=ann, now=NOW)
        assert Rating.objects.get().shopper == ann

    def test_signing_in_takes_the_visitors_history_along(self, ann):
        request = request_of()
        visitor = ensure_shopper(request, now=NOW)
        make_rating(visitor, make_product(), 5)
        login(request, ann)
        own = shopper_of(request)
        assert own is not None and own.account == ann
        assert Rating.objects.get().shopper == own
        assert SESSION_KEY not in request.session

    def test_signing_in_without_feedback_makes_no_shopper(self, ann):
        login(request_of(), ann)
        assert not Shopper.objects.exists()

    def test_signing_in_never_takes_over_a_shopper_who_is_no_visitor(self, ann):
        imported, request = make_shopper("imported"), request_of()
        request.session[SESSION_KEY] = imported.pk
        login(request, ann)
        assert Shopper.objects.get() == imported


class TestActing:
    def test_a_visitor_and_an_account_may_act_for_themselves_alone(self, settings, ann):
        settings.SHOPRECO_OPEN_LOOKUP = False
        browser, signed_in = request_of(), request_of(ann)
        visitor, own = ensure_shopper(browser, now=NOW), ensure_shopper(signed_in, now=NOW)
        assert may_act_for(browser, visitor) and may_act_for(signed_in, own)
        assert not may_act_for(browser, own) and not may_act_for(signed_in, visitor)
        assert not may_act_for(request_of(), visitor)

    def test_the_open_look_up_is_for_imported_shoppers_only(self, settings, ann):
        imported, visitor = make_shopper("u-1"), make_shopper(is_anonymous=True)
        own = shopper_for_account(ann.pk, now=NOW)
        settings.SHOPRECO_OPEN_LOOKUP = True
        assert [may_act_for(request_of(), each) for each in (imported, visitor, own)] == [True, False, False]
        settings.SHOPRECO_OPEN_LOOKUP = False
        assert not may_act_for(request_of(), imported)

    def test_staff_may_act_for_anyone(self, settings, ann):
        settings.SHOPRECO_OPEN_LOOKUP = False
        staff = User.objects.create_user("staff", is_staff=True)
        for shopper in (make_shopper(), shopper_for_account(ann.pk, now=NOW)):
            assert may_act_for(request_of(staff), shopper)

    def test_a_lazy_shopper_can_rate_like_any_other(self, ann):
        own, pot = shopper_for_account(ann.pk, now=NOW), make_product()

        def view(request):
            rate(shopper=request.shopper, product=pot, value=4, now=NOW)
            return HttpResponse()

        ShopperMiddleware(view)(request_of(ann))
        assert Rating.objects.get().shopper == own
