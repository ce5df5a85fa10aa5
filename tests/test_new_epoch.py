"""`manage.py new_epoch`: after a promotion that lost commits, nothing is taken for what it was."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from catalog.changes.models import ShopState
from feedback.models import Rating, Shopper
from feedback.services import rate
from shopreco.models import ApiKey
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db


def test_a_list_kept_under_a_version_that_was_lost_is_not_given_for_the_same_version_again(
    client: Client,
) -> None:
    shop = make_shop()
    publish_model("item_knn")
    ann, headers = shop.gardeners[0], {"Authorization": f"Api-Key {ApiKey.issue('shop')[1]}"}
    before = Shopper.objects.get(pk=ann.pk).feedback_version

    def skus() -> list[str]:
        found = client.get(f"/api/v1/shoppers/{ann.external_id}/recommendations", headers=headers).json()
        return [item["sku"] for item in found["items"]]

    loved, lost = skus()[:2]
    rate(
        shopper=ann,
        product=next(p for p in shop.garden + shop.kitchen if p.sku == lost),
        value=1,
        now=timezone.now(),
    )
    assert lost not in skus()
    # The standby never heard of that rating.
    Rating.objects.filter(shopper=ann, product__sku=lost).delete()
    Shopper.objects.filter(pk=ann.pk).update(feedback_version=before)
    call_command("new_epoch", stdout=(said := StringIO()))
    rate(
        shopper=ann,
        product=next(p for p in shop.garden + shop.kitchen if p.sku == loved),
        value=5,
        now=timezone.now(),
    )
    assert lost in skus() and loved not in skus()
    assert "new count" in said.getvalue()


def test_a_database_without_a_shop_is_told_of() -> None:
    ShopState.objects.all().delete()
    with pytest.raises(CommandError, match="migrate"):
        call_command("new_epoch")
