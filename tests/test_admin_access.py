"""Who gets into which part of the admin."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.test import Client

from shopreco.groups import MERCHANDISERS, make_merchandisers
from shopreco.models import User
from tests.factories import make_product
from tests.staff import admin_client, make_staff, make_version, signed_in, train

pytestmark = pytest.mark.django_db
MODELS = (
    "catalog/product", "catalog/category", "feedback/shopper", "feedback/rating", "feedback/event",
    "feedback/ratingchange", "recommendations/modelversion", "recommendations/trainingrun",
    "recommendations/merchandisingrule", "shopreco/apikey", "shopreco/user", "auth/group",
)  # fmt: skip
CUSTOM = (
    "catalog/product/import/", "catalog/product/process_import/", "catalog/product/export/",
    "recommendations/modelversion/roll-back/", "recommendations/modelversion/{version}/make-live/",
    "recommendations/trainingrun/train/", "recommendations/trainingrun/{run}/progress/",
    "recommendations/merchandisingrule/preview/", "shopreco/apikey/add/",
)  # fmt: skip
ADDRESSES = tuple(f"{model}/" for model in MODELS) + CUSTOM


def filled_in(address: str) -> str:
    if "{version}" in address:
        return f"/admin/{address}".format(version=make_version().pk)
    if "{run}" in address:
        make_product()
        return f"/admin/{address}".format(run=train().pk)
    return f"/admin/{address}"


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_without_permission_is_refused(address: str, method: str) -> None:
    client = signed_in(make_staff())
    assert getattr(client, method)(filled_in(address)).status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_and_shoppers_are_sent_to_the_sign_in(address: str, method: str) -> None:
    path = filled_in(address)
    for client in (Client(), signed_in(User.objects.create_user("shopper"))):
        response = getattr(client, method)(path)
        assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={path}")


@pytest.mark.parametrize("address", [f"{model}/" for model in MODELS])
def test_every_list_opens(address: str) -> None:
    response = admin_client().get(f"/admin/{address}")
    assert response.status_code == 200


@pytest.mark.parametrize(
    "address", ["", "catalog/product/", "recommendations/trainingrun/", "shopreco/apikey/add/"]
)
def test_pages_need_no_inline_script_or_style(address: str) -> None:
    response = admin_client().get(f"/admin/{address}")
    page = response.content.decode()
    assert "'unsafe" not in response["Content-Security-Policy"]
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page


def test_merchandisers_look_after_catalogue_and_rules_and_see_the_rest() -> None:
    version = make_version()
    user = make_staff()
    user.groups.add(Group.objects.get(name=MERCHANDISERS))
    client = signed_in(user)
    for address in (
        "catalog/product/add/", "catalog/category/add/", "catalog/product/import/",
        "recommendations/merchandisingrule/add/", "feedback/rating/",
        f"recommendations/modelversion/{version.pk}/change/", "recommendations/trainingrun/",
    ):  # fmt: skip
        assert client.get(f"/admin/{address}").status_code == 200, address
    for address in (
        "shopreco/apikey/", "shopreco/user/", "recommendations/trainingrun/train/",
        f"recommendations/modelversion/{version.pk}/make-live/",
        f"catalog/product/{make_product().pk}/delete/",
    ):  # fmt: skip
        assert client.post(f"/admin/{address}").status_code == 403, address


def test_the_group_is_made_once_and_an_administrators_changes_stay() -> None:
    group = Group.objects.get(name=MERCHANDISERS)
    group.permissions.remove(Permission.objects.get(codename="add_product"))
    held = group.permissions.count()
    call_command("migrate", stdout=StringIO())
    assert Group.objects.get(name=MERCHANDISERS).permissions.count() == held
    group.delete()
    call_command("migrate", stdout=StringIO())
    assert Group.objects.get(name=MERCHANDISERS).permissions.count() == held + 1


def test_a_half_migrated_database_gets_the_group_later() -> None:
    Group.objects.all().delete()
    Permission.objects.filter(codename="view_trainingrun").delete()
    ContentType.objects.clear_cache()
    early = Apps()  # before any model is there
    make_merchandisers(apps=early, using="default")
    assert not Group.objects.exists()
    make_merchandisers(apps=apps, using="default")
    assert Group.objects.get().permissions.filter(codename="view_trainingrun").exists()
