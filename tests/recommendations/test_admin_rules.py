"""Merchandising rules: one target each, and what it touches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommendations.models import MerchandisingRule
from tests.factories import make_category, make_product
from tests.staff import admin_client

pytestmark = pytest.mark.django_db
LIST = "/admin/recommendations/merchandisingrule/"
Action = MerchandisingRule.Action


def make_rule(name: str = "Rule", **fields: Any) -> MerchandisingRule:
    fields.setdefault("action", Action.BOOST)
    return MerchandisingRule.objects.create(name=name, **fields)


def form(**fields: Any) -> dict[str, Any]:
    data = {
        "name": "Rule",
        "action": "boost",
        "strength": "0.2",
        "is_active": "on",
        "product": "",
        "category": "",
        "brand": "",
    }
    return {**data, "starts_at_0": "", "starts_at_1": "", "ends_at_0": "", "ends_at_1": "", **fields}


def problem(**fields: Any) -> str:
    """What the form says; nothing when the rule is saved."""
    response = admin_client().post(f"{LIST}add/", form(**fields))
    return "" if response.status_code == 302 else str(response.context["errors"])


@pytest.mark.parametrize("target", ["product", "category", "brand"])
def test_a_rule_has_one_target(target: str) -> None:
    targets = {"product": make_product().pk, "category": make_category().pk, "brand": "Acme"}
    assert problem(**{target: targets[target]}) == ""
    assert MerchandisingRule.objects.count() == 1


@pytest.mark.parametrize(
    "chosen", [(), ("product", "brand"), ("product", "category"), ("product", "category", "brand")]
)
def test_no_target_and_several_are_refused(chosen: tuple[str, ...]) -> None:
    targets = {"product": make_product().pk, "category": make_category().pk, "brand": "Acme"}
    assert "Choose one of product, category or brand." in problem(**{name: targets[name] for name in chosen})
    assert not MerchandisingRule.objects.exists()


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        (
            {
                "starts_at_0": "02/06/2026",
                "starts_at_1": "10:00",
                "ends_at_0": "02/06/2026",
                "ends_at_1": "10:00",
            },
            "The end must be after the start.",
        ),
        ({"strength": "1.5"}, "less than or equal to 1"),
        ({"strength": "-0.1"}, "greater than or equal to 0"),
        ({"action": "shout"}, "Select a valid choice"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, str], advice: str) -> None:
    assert advice in problem(brand="Acme", **fields)
    assert not MerchandisingRule.objects.exists()


def preview(**query: Any) -> str:
    response = admin_client("recommendations.view_merchandisingrule").get(f"{LIST}preview/", query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_preview_counts_what_a_brand_matches_and_what_can_be_recommended() -> None:
    make_product(brand="Acme")
    make_product(brand="ACME", stock=0)
    make_product(brand="acme", is_active=False)
    make_product(brand="Acme & Sons")
    page = preview(brand=" acme ")
    assert "<strong>3</strong> products</a> match; 1 visible and in stock now." in page
    assert "/admin/catalog/product/?q=acme" in page


def test_the_preview_of_a_department_counts_its_aisles() -> None:
    garden = make_category("Garden")
    make_product(category=garden)
    make_product(category=make_category("Tools", parent=garden))
    page = preview(category=garden.pk)
    assert "<strong>2</strong> products</a>" in page
    assert "?department=garden" in page


def test_the_preview_of_one_product() -> None:
    assert "<strong>1</strong> product</a> matches; 1 visible" in preview(product=make_product().pk)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "Choose one of product, category or brand"),
        ({"brand": "Acme", "category": "{category}"}, "Choose one of"),
        ({"brand": "Acmme"}, "No product matches: check the spelling."),
        ({"product": "999999"}, "Choose one of"),
        ({"product": "'; drop table"}, "Choose one of"),
        ({"category": "9" * 40}, "Choose one of"),
    ],
)
def test_the_preview_bears_anything(query: dict[str, str], words: str) -> None:
    category = make_category()
    assert words in preview(**{name: value.format(category=category.pk) for name, value in query.items()})


def test_the_form_of_a_saved_rule_shows_its_preview() -> None:
    make_product(brand="Acme")
    rule = make_rule(brand="Acme")
    page = " ".join(admin_client().get(f"{LIST}{rule.pk}/change/").content.decode().split())
    assert "<strong>1</strong> product</a> matches" in page
    assert f'hx-get="{LIST}preview/"' in page


def test_the_list_is_narrowed_to_what_is_in_force_now() -> None:
    now, day = timezone.now(), timedelta(days=1)
    make_rule("always", brand="a")
    make_rule("off", brand="a", is_active=False)
    make_rule("past", brand="a", ends_at=now - day)
    make_rule("future", brand="a", starts_at=now + day)
    make_rule("this week", brand="a", starts_at=now - day, ends_at=now + day)
    client = admin_client()

    def names(query: str) -> set[str]:
        return {rule.name for rule in client.get(f"{LIST}{query}").context["cl"].result_list}

    assert names("?in_force=yes") == {"always", "this week"}
    assert names("?in_force=no") == {"off", "past", "future"}
    assert len(names("")) == 5


def test_the_list_names_target_and_period() -> None:
    product = make_product("<b>Spade</b>")
    make_rule("one", product=product, ends_at=timezone.now())
    make_rule("two", category=make_category("Tools", parent=make_category("Garden")))
    make_rule("three", brand="Acme")
    page = admin_client().get(LIST).content.decode()
    for text in ("&lt;b&gt;Spade&lt;/b&gt;", "Garden › Tools", "brand Acme", "until ", "always"):
        assert text in page


def test_a_longer_list_takes_no_more_queries() -> None:
    client = admin_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    make_rule(product=make_product())
    make_rule(category=make_category(parent=make_category()))
    few = queries()
    for _ in range(10):
        make_rule(product=make_product())
        make_rule(category=make_category(parent=make_category()))
    assert queries() == few


def test_the_history_tells_what_changed() -> None:
    rule = make_rule("Push Acme", brand="Acme", strength=0.2)
    client = admin_client()
    client.post(f"{LIST}{rule.pk}/change/", form(name="Push Acme", brand="Acme", strength="0.5"))
    page = client.get(f"{LIST}{rule.pk}/history/").content.decode()
    assert "0.2 → 0.5" in page
