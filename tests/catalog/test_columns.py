"""The catalogue as columns: the same as the rows, after whatever changes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.changes.reading import stamp
from catalog.columns import NONE, Catalogue, followed, read
from catalog.models import Product
from tests.factories import NOW, make_category, make_product

pytestmark = pytest.mark.django_db


def rows(catalogue: Catalogue) -> list[tuple[object, ...]]:
    columns = (
        catalogue.ids, catalogue.public, catalogue.in_stock, catalogue.pence, catalogue.category,
        catalogue.department, catalogue.created,
    )  # fmt: skip
    brands = [catalogue.brands[code] for code in catalogue.brand]
    return list(zip(*(column.tolist() for column in columns), brands, strict=True))


def test_every_column_says_what_the_product_says() -> None:
    garden = make_category("Garden")
    beds = make_category("Beds", parent=garden)
    moment = NOW + timedelta(milliseconds=250)
    plain = make_product(price="0.10", stock=0, is_active=False, created_at=moment)
    rake = make_product(price="1234.56", category=beds, brand="RAKECO", created_at=NOW)
    spade = make_product(price="7", category=garden, created_at=NOW)
    found = rows(read())
    assert [row[:6] for row in found] == [
        (plain.pk, False, False, 10, NONE, NONE),
        (rake.pk, True, True, 123_456, beds.pk, garden.pk),
        (spade.pk, True, True, 700, garden.pk, garden.pk),
    ]
    assert [row[7] for row in found] == ["", "rakeco", ""]
    moments = read().created
    assert np.allclose(moments, [moment.timestamp(), *[NOW.timestamp()] * 2], atol=1e-3)


def test_only_what_is_visible_and_to_be_had_may_be_recommended() -> None:
    shown = make_product(stock=1)
    make_product(stock=0)
    make_product(is_active=False)
    catalogue = read()
    assert catalogue.ids[catalogue.recommendable].tolist() == [shown.pk]


def test_positions_of_what_is_not_there_are_none() -> None:
    assert read().positions(np.array([5])).tolist() == [NONE]
    pot = make_product()
    assert read().positions(np.array([pot.pk + 1, pot.pk, -7])).tolist() == [NONE, 0, NONE]


def test_an_empty_shop_has_empty_columns() -> None:
    catalogue = read()
    assert len(catalogue) == 0 and not catalogue.recommendable.any()


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["new", "gone", "hidden", "dear", "sold", "moved", "branded"]), st.integers(0, 5)
    ),
    max_size=8,
)


@given(changes=CHANGES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_following_the_changes_is_reading_anew(changes: list[tuple[str, int]]) -> None:
    Product.objects.all().delete()
    category = make_category()
    for _ in range(3):
        make_product()
    since, catalogue = stamp().version, read()
    for what, number in changes:
        ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
        one = Product.objects.filter(pk=ids[number % len(ids)]) if ids else Product.objects.none()
        if what == "new":
            make_product(brand=f"Brand {number}")
        elif what == "gone":
            one.delete()
        else:
            values: dict[str, Any] = {
                "hidden": {"is_active": False}, "dear": {"price": Decimal(number)},
                "sold": {"stock": number % 2}, "moved": {"category": category},
                "branded": {"brand": f"BRAND {number}"},
            }  # fmt: skip
            one.update(**values[what])
    found, changed = followed(catalogue, since=since)
    assert rows(found) == rows(read())
    assert changed is not None
    if not changed:
        assert found is catalogue


def test_what_was_read_anew_has_another_number_and_nothing_else_has() -> None:
    _, pan = make_product(), make_product()
    since, before = stamp().version, read()
    Product.objects.filter(pk=pan.pk).update(title="Another")
    after, _ = followed(before, since=since)
    assert after.ids[after.reading != before.reading].tolist() == [pan.pk]
    assert not (read().reading == after.reading).any()


def test_without_a_catalogue_or_after_a_change_of_everything_all_is_read() -> None:
    category = make_category("Garden")
    make_product(category=category)
    found, changed = followed(None, since=0)
    assert changed is None and len(found) == 1
    since = stamp().version
    category.slug = "gardens"
    category.save()
    assert followed(found, since=since)[1] is None
