"""Query strings that were checked are remembered: so many, and for the latest catalogue only."""

from __future__ import annotations

import gc
import weakref

import pytest

from catalog.models import Product
from recommendations.api import lists
from recommendations.serving.snapshot import current
from tests.factories import make_category
from tests.shops import Shop, make_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    made = make_shop()
    publish_model("item_knn")
    return made


def test_no_more_questions_are_remembered_than_there_is_room_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "QUERIES", 5)
    catalogue = current().catalogue
    make_category()
    for limit in range(1, 20):
        assert lists.question_of(f"limit={limit}", catalogue).asked.limit == limit
        assert len(lists._checked[1]) <= 5


def test_questions_keep_no_catalogue_of_before(shop: Shop) -> None:
    lists.question_of("limit=3", current().catalogue)
    before = weakref.ref(current().catalogue)
    Product.objects.filter(pk=shop.garden[0].pk).update(price="3.00")
    lists.question_of("limit=4", current().catalogue)
    gc.collect()
    assert before() is None
