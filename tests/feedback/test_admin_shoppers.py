"""Looking up shoppers, their consent, and forgetting them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from feedback.models import Event, Rating, RatingChange, Shopper
from tests.factories import make_event, make_product, make_rating, make_shopper
from tests.staff import admin_client, make_staff

pytestmark = pytest.mark.django_db
LIST = "/admin/feedback/shopper/"


def test_a_shopper_is_found_by_id_and_by_account() -> None:
    account = make_staff(email="ana@example.com")
    make_shopper("ana-1", account=account)
    make_shopper("ben-1")
    client = admin_client()
    for word in ("ana-1", account.username, "ana@example.com"):
        (found,) = client.get(LIST, {"q": word}).context["cl"].result_list
        assert found.external_id == "ana-1"


def test_the_list_counts_ratings_and_links_to_the_recommendations() -> None:
    shopper = make_shopper("ana & co")
    for _ in range(3):
        make_rating(shopper, make_product())
    client = admin_client()
    page = client.get(LIST).content.decode()
    assert f'?shopper__id={shopper.pk}">3</a>' in page
    assert 'href="/recommendations/?shopper=ana+%26+co"' in page
    ratings = client.get(f"/admin/feedback/rating/?shopper__id={shopper.pk}")
    assert len(ratings.context["cl"].result_list) == 3


def test_a_longer_list_takes_no_more_queries() -> None:
    client = admin_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    make_rating(make_shopper(account=make_staff()), make_product())
    few = queries()
    for _ in range(15):
        make_rating(make_shopper(account=make_staff()), make_product())
    assert queries() == few


def test_consent_is_withdrawn_and_cached_lists_are_let_go() -> None:
    shopper = make_shopper()
    client = admin_client("feedback.view_shopper", "feedback.change_shopper")
    client.post(f"{LIST}{shopper.pk}/change/", {"initial-consent": "on", "external_id": "other"})
    changed = Shopper.objects.get()
    assert (changed.consent, changed.external_id) == (False, shopper.external_id)
    assert changed.feedback_version == shopper.feedback_version + 1


def save_list(client: Client, *, shown: dict[Shopper, bool], chosen: dict[Shopper, bool]) -> None:
    data = {"form-TOTAL_FORMS": len(shown), "form-INITIAL_FORMS": len(shown), "_save": "Save"}
    for number, shopper in enumerate(client.get(LIST).context["cl"].result_list):
        data[f"form-{number}-id"] = shopper.pk
        for name, values in ((f"initial-form-{number}", shown), (f"form-{number}", chosen)):
            if values[shopper]:
                data[f"{name}-consent"] = "on"
    client.post(LIST, data)


def test_a_consent_taken_back_meanwhile_is_not_given_again_by_saving_the_list() -> None:
    ana, ben = make_shopper("ana"), make_shopper("ben")
    shown = {ana: True, ben: True}
    Shopper.objects.filter(pk=ana.pk).update(consent=False)  # by herself, while the list was open
    save_list(admin_client(), shown=shown, chosen={ana: True, ben: False})
    assert not Shopper.objects.filter(consent=True).exists()


def test_shoppers_are_not_made_by_hand() -> None:
    assert admin_client().get(f"{LIST}add/").status_code == 403


def make_fan(*products: Product) -> Shopper:
    shopper = make_shopper()
    for product in products:
        make_rating(shopper, product, 5)
        make_event(shopper, product)
    return shopper


def test_deleting_a_shopper_takes_all_their_data_and_their_stars() -> None:
    loved, liked = make_product(), make_product()
    leaving, staying = make_fan(loved, liked), make_fan(loved)
    client = admin_client("feedback.view_shopper", "feedback.delete_shopper")
    page = client.get(f"{LIST}{leaving.pk}/delete/").content.decode()
    for line in ("Ratings: 2", "Events: 2", "Rating changes: 2"):
        assert line in page
    client.post(f"{LIST}{leaving.pk}/delete/", {"post": "yes"})
    assert list(Shopper.objects.all()) == [staying]
    for model in (Rating, Event, RatingChange):
        assert model.objects.count() == 1
    loved.refresh_from_db()
    liked.refresh_from_db()
    assert (loved.rating_count, loved.rating_total) == (1, 5)
    assert (liked.rating_count, liked.rating_total) == (0, 0)


def test_several_shoppers_are_deleted_together() -> None:
    product = make_product()
    fans = [make_fan(product) for _ in range(3)]
    chosen = [fan.pk for fan in fans[:2]]
    sent = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    admin_client().post(LIST, sent)
    product.refresh_from_db()
    assert (Shopper.objects.count(), product.rating_count, product.rating_total) == (1, 1, 5)


def test_who_may_not_delete_is_refused() -> None:
    shopper = make_shopper()
    client = admin_client("feedback.view_shopper", "feedback.change_shopper")
    assert client.post(f"{LIST}{shopper.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Shopper.objects.exists()
