"""GET recommendations/onboarding/: 20 products, 5 ratings, and a list that grows with each of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Product
from feedback.identity import SESSION_KEY
from feedback.models import Shopper
from recommendations.models import MerchandisingRule
from recommendations.onboarding.selectors import questions
from tests.factories import make_category, make_product, make_rating
from tests.pages import text_of
from tests.shops import Shop, make_shop, publish_model
from tests.visits import visit_as

pytestmark = pytest.mark.django_db
PAGE = "/recommendations/onboarding/"


@pytest.fixture
def shop() -> Shop:
    made = make_shop(products=24)
    publish_model("item_knn", now=timezone.now())
    return made


def asked_of(response: Any) -> list[str]:
    return re.findall(r'onboarding-card" data-sku="([^"]+)"', response.content.decode())


def picks_of(response: Any) -> list[str]:
    found = re.findall(r'onboarding-pick">.*?href="/products/([^/"]+)/', response.content.decode(), re.DOTALL)
    return [str(sku) for sku in found]


def give(client: Client, sku: str, stars: int) -> Any:
    return client.post("/feedback/rate/", {"sku": sku, "value": stars, "next": PAGE})


def test_a_visitor_is_asked_about_20_products_of_all_departments(client: Client, shop: Shop) -> None:
    response = client.get(PAGE)
    asked = asked_of(response)
    assert len(asked) == len(set(asked)) == 20
    kinds = [sku.split("-")[0] for sku in asked]
    assert min(kinds.count("RAKE"), kinds.count("PAN")) >= 7
    assert "0 of 5 rated" in text_of(response)
    assert "Skip" in text_of(response)
    assert picks_of(response) == []
    # Looking leaves nothing behind.
    assert not Shopper.objects.filter(is_anonymous=True).exists()


def test_each_rating_counts_and_changes_the_list(client: Client, shop: Shop) -> None:
    asked = asked_of(client.get(PAGE))
    rakes = [sku for sku in asked if sku.startswith("RAKE")]
    pans = [sku for sku in asked if sku.startswith("PAN")]
    lists = []
    for number, (sku, stars) in enumerate(
        [(rakes[0], 5), (pans[0], 1), (rakes[1], 5), (rakes[2], 4), (rakes[3], 5)], start=1
    ):
        assert give(client, sku, stars)["Location"] == PAGE
        response = client.get(PAGE)
        assert f"{number} of 5 rated" in text_of(response)
        lists.append(picks_of(response))
    assert all(lists)
    assert {sku.split("-")[0] for sku in lists[-1]} == {"RAKE"}
    assert "Because you rated" in text_of(response)
    assert len({tuple(each) for each in lists}) > 1


def test_the_same_products_stay_while_they_are_rated(client: Client, shop: Shop) -> None:
    asked = asked_of(client.get(PAGE))
    for sku in asked[:6]:
        give(client, sku, 5)
    response = client.get(PAGE)
    assert asked_of(response) == asked
    assert not set(picks_of(response)) & set(asked)
    for sku in asked[:6]:
        assert re.search(rf'id="star-{sku}-5" checked', response.content.decode())


def test_after_five_the_page_leads_to_the_list(client: Client, shop: Shop) -> None:
    for sku in asked_of(client.get(PAGE))[:5]:
        give(client, sku, 4)
    response = client.get(PAGE)
    assert "that is enough to go on" in text_of(response)
    assert "See your whole list" in text_of(response)
    assert 'href="/recommendations/"' in response.content.decode()


def test_the_sixth_rating_is_welcome_but_not_counted(client: Client, shop: Shop) -> None:
    for sku in asked_of(client.get(PAGE))[:6]:
        give(client, sku, 4)
    assert "5 of 5 rated" in text_of(client.get(PAGE))


def test_a_rating_taken_back_counts_no_more(client: Client, shop: Shop) -> None:
    first, second, *_ = asked_of(client.get(PAGE))
    give(client, first, 5)
    give(client, second, 5)
    give(client, first, 0)
    assert "1 of 5 rated" in text_of(client.get(PAGE))


def test_htmx_gets_what_follows_the_ratings_and_no_stars(client: Client, shop: Shop) -> None:
    give(client, asked_of(client.get(PAGE))[0], 5)
    part = client.get(PAGE, headers={"HX-Request": "true"})
    page = part.content.decode()
    assert "<html" not in page
    assert "1 of 5 rated" in text_of(part)
    assert asked_of(part) == []
    assert picks_of(part) == picks_of(client.get(PAGE))
    assert page.count("hx-swap-oob") == 2
    assert "HX-Request" in part["Vary"]


def test_the_progress_is_said_and_shown(client: Client, shop: Shop) -> None:
    page = client.get(PAGE).content.decode()
    assert re.search(r'id="onboarding-progress"[^>]*role="status"', page)
    assert re.search(r'<progress[^>]*max="5" value="0" aria-label="[^"]+"', page)


def test_a_shopper_without_consent_is_told_why_there_is_no_list(client: Client, shop: Shop) -> None:
    shopper = shop.gardeners[0]
    Shopper.objects.filter(pk=shopper.pk).update(consent=False)
    visit_as(client, shopper)
    response = client.get(PAGE)
    assert picks_of(response) == []
    assert "personal lists are switched off" in text_of(response)


def test_what_is_sold_out_hidden_or_dropped_by_a_rule_is_not_asked_about(client: Client, shop: Shop) -> None:
    sold_out, hidden, dropped, *rest = asked_of(client.get(PAGE))
    Product.objects.filter(sku=sold_out).update(stock=0)
    Product.objects.filter(sku=hidden).update(is_active=False)
    MerchandisingRule.objects.create(name="drop", action="drop", product=Product.objects.get(sku=dropped))
    asked = asked_of(client.get(PAGE))
    assert len(asked) == 20
    assert asked[:17] == rest


def test_without_a_model_popular_products_of_all_departments_are_asked_about(client: Client) -> None:
    shelves = [make_category(), make_category()]
    products = [make_product(category=shelves[number >= 20]) for number in range(24)]
    visitor = Shopper.objects.create(external_id="v", is_anonymous=True)
    for number, product in enumerate(products):
        make_rating(visitor, product, 5 if number < 20 else 4)
    asked = asked_of(client.get(PAGE))
    assert len(asked) == 20
    # By their stars alone none of the second shelf would be among them.
    assert {product.sku for product in products[20:22]} <= set(asked)


def test_an_empty_shop_says_so(client: Client) -> None:
    response = client.get(PAGE)
    assert response.status_code == 200
    assert "There is nothing to rate yet" in text_of(response)


def test_markup_in_a_title_is_shown_as_text(client: Client) -> None:
    make_product("<b>Bold & brave</b> 🎸")
    page = client.get(PAGE).content.decode()
    assert "<b>Bold" not in page
    assert "&lt;b&gt;Bold &amp; brave&lt;/b&gt; 🎸" in page


def test_the_home_page_invites_visitors_and_no_more_after_a_rating(client: Client, shop: Shop) -> None:
    assert f'href="{PAGE}"' in client.get("/").content.decode()
    give(client, asked_of(client.get(PAGE))[0], 5)
    assert f'href="{PAGE}"' not in client.get("/").content.decode()


def test_the_page_can_only_be_read(client: Client, shop: Shop) -> None:
    assert client.post(PAGE).status_code == 405


def test_a_history_of_somebody_else_is_not_shown(client: Client, shop: Shop, settings: Any) -> None:
    settings.SHOPRECO_OPEN_LOOKUP = False
    asked = asked_of(client.get(PAGE))
    product = Product.objects.get(sku=asked[0])
    make_rating(shop.cooks[0], product, 5)
    response = client.get(f"{PAGE}?shopper={shop.cooks[0].external_id}")
    assert "0 of 5 rated" in text_of(response)
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize("products", [12, 60])
def test_the_page_takes_the_same_queries_whatever_the_catalogue(
    client: Client, products: int, django_assert_max_num_queries: Any
) -> None:
    shop = make_shop(products=products)
    publish_model("item_knn", now=timezone.now())
    visit_as(client, shop.gardeners[0])
    client.get(PAGE)
    with django_assert_max_num_queries(15):
        client.get(PAGE)


def test_the_choice_is_the_models_and_the_same_at_every_call(shop: Shop) -> None:
    now = timezone.now()
    first = questions(now=now)
    assert first.model_version is not None
    assert first == questions(now=now)
    assert questions(now=now, limit=5).products == first.products[:5]
