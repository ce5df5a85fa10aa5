"""The seed_demo command: a whole shop in seconds, once, and one that a model can learn from."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Sum
from django.utils import timezone
from pytest_django.fixtures import Settings

from catalog.models import Category, Product
from feedback.demo import example_shoppers
from feedback.demo.behaviour import KINDS, Behaviour, make_behaviour
from feedback.demo.goods import GOES_WITH, Shelf
from feedback.demo.people import LEAST_RATINGS, PERSONAS, external_id
from feedback.demo.visits import DAY, DAYS, SEASONS
from feedback.demo.writing import Demo, seed
from feedback.models import Event, Rating, Shopper
from recommendations.engine.algorithms.catalogue import algorithm_named, rating_algorithm_named
from recommendations.engine.evaluation.report import evaluate, evaluate_ratings
from recommendations.engine.evaluation.split import time_split
from recommendations.engine.types import Interactions
from tests.factories import make_product

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SMALL = Demo(seed=3, shoppers=60, ratings=1200)
SMALL_OPTIONS = {"seed": 3, "shoppers": 60, "ratings": 1200}


def run(**options: int) -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out, **{**SMALL_OPTIONS, **options})
    return out.getvalue()


def rows() -> tuple[list[object], ...]:
    """Everything the seeding wrote, without the database's own numbers."""
    return (
        list(
            Product.objects.order_by("sku").values_list("sku", "created_at", "rating_count", "rating_total")
        ),
        list(Shopper.objects.order_by("external_id").values_list("external_id", "created_at")),
        list(
            Rating.objects.order_by("shopper__external_id", "product__sku").values_list(
                "shopper__external_id", "product__sku", "value", "rated_at"
            )
        ),
        list(
            Event.objects.order_by("idempotency_key").values_list(
                "idempotency_key", "shopper__external_id", "product__sku", "kind", "occurred_at", "order_ref"
            )
        ),
    )


@pytest.mark.django_db
def test_seeding_fills_an_empty_shop_and_names_two_shoppers_to_try() -> None:
    said = run()
    assert "60 shoppers, 1,200 ratings" in said
    assert Product.objects.count() >= 1200
    assert Shopper.objects.count() == 60
    assert Rating.objects.count() == 1200
    for name in example_shoppers():
        assert name in said
        shopper = Shopper.objects.get(external_id=name)
        assert shopper.ratings.count() >= 30
        assert set(shopper.events.values_list("kind", flat=True)) >= {"view", "click", "basket", "purchase"}
    assert not Shopper.objects.exclude(is_anonymous=False, account=None, consent=True).exists()


@pytest.mark.django_db
def test_seeding_twice_changes_nothing_and_says_so() -> None:
    run()
    before = rows()
    assert "already" in run()
    assert rows() == before


@pytest.mark.django_db
def test_the_same_seed_at_the_same_moment_writes_the_same_rows() -> None:
    seed(SMALL, now=NOW)
    before = rows()
    for model in (Event, Rating, Shopper, Product):
        model._default_manager.all().delete()
    Category.objects.filter(parent__isnull=False).delete()
    Category.objects.all().delete()
    seed(SMALL, now=NOW)
    assert rows() == before


@pytest.mark.django_db
def test_the_trail_ends_now_and_is_eighteen_months_long() -> None:
    seed(SMALL, now=NOW)
    for moments in (
        Event.objects.order_by("occurred_at").values_list("occurred_at", flat=True),
        Rating.objects.order_by("rated_at").values_list("rated_at", flat=True),
    ):
        listed = list(moments)
        assert listed[-1] <= NOW and NOW - listed[-1] < timedelta(days=5)
        assert timedelta(days=450) < NOW - listed[0] <= timedelta(days=DAYS)


@pytest.mark.django_db
def test_nobody_acts_before_joining_nor_on_a_product_that_is_not_there_yet() -> None:
    seed(SMALL, now=NOW)
    early = timedelta(seconds=1)
    assert not Event.objects.filter(occurred_at__lt=F("shopper__created_at") - early).exists()
    assert not Rating.objects.filter(rated_at__lt=F("shopper__created_at") - early).exists()
    # A look begins up to half an hour before the visit ends; the product must be there by then.
    late = timedelta(minutes=1)
    assert not Event.objects.filter(occurred_at__lt=F("product__created_at") - late).exists()
    assert not Rating.objects.filter(rated_at__lt=F("product__created_at") - late).exists()


@pytest.mark.django_db
def test_the_products_counts_are_those_of_the_ratings() -> None:
    seed(SMALL, now=NOW)
    counted = Product.objects.annotate(n=Count("ratings"), total=Sum("ratings__value", default=0))
    assert not counted.exclude(rating_count=F("n"), rating_total=F("total")).exists()
    assert counted.aggregate(all=Sum("rating_count"))["all"] == SMALL.ratings


@pytest.mark.django_db
def test_products_of_one_order_are_one_shoppers_at_one_moment_and_only_purchases_have_one() -> None:
    seed(SMALL, now=NOW)
    purchases = Event.objects.filter(kind="purchase")
    assert not purchases.filter(order_ref="").exists()
    assert not Event.objects.exclude(kind="purchase").exclude(order_ref="").exists()
    orders = purchases.values("order_ref").annotate(
        people=Count("shopper", distinct=True),
        moments=Count("occurred_at", distinct=True),
        products=Count("product", distinct=True),
        lines=Count("pk"),
    )
    assert all(order["people"] == 1 and order["moments"] == 1 for order in orders)
    assert all(order["products"] == order["lines"] for order in orders)
    assert sum(order["lines"] > 1 for order in orders) > 20


@pytest.mark.django_db
def test_another_shops_products_are_left_alone() -> None:
    make_product("Somebody's own", sku="OWN-1")
    with pytest.raises(CommandError, match=r"OWN-1.*manage.py flush"):
        run()
    assert Product.objects.count() == 1
    assert not Shopper.objects.exists()


@pytest.mark.django_db
def test_a_demo_shop_of_another_size_is_not_mixed_in() -> None:
    run()
    with pytest.raises(CommandError, match="another seed or size"):
        run(shoppers=61)
    assert Shopper.objects.count() == 60


@pytest.mark.django_db
def test_a_catalogue_loaded_by_loaddata_is_taken_over() -> None:
    call_command("loaddata", "demo_catalogue", verbosity=0)
    count = Product.objects.count()
    run()
    assert Product.objects.count() == count
    newest = Product.objects.order_by("-created_at")[0].created_at
    assert timezone.now() - newest < timedelta(days=14)


@pytest.mark.django_db
def test_a_seeding_that_breaks_off_leaves_nothing() -> None:
    with (
        patch("feedback.demo.writing.recount_ratings", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        run()
    assert not any(model._default_manager.exists() for model in (Category, Product, Shopper, Rating, Event))


@pytest.mark.parametrize(
    "wrong", [["--shoppers", "1"], ["--ratings", "x"], ["--seed", "-1"], ["--ratings", "1e9"]]
)
def test_options_out_of_range_get_a_clear_message(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match="give a whole number from"):
        call_command("seed_demo", *wrong)


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    """The demo shop's products as the generator sees them, without a database."""
    from django.utils.text import slugify

    from catalog.demo.generator import ANCHOR, demo_products

    products = sorted(demo_products(0), key=lambda product: product.sku)
    age = np.array([(ANCHOR - product.created_at).total_seconds() for product in products])
    return Shelf(
        np.array([slugify(product.department) for product in products]),
        np.array([slugify(product.aisle) for product in products]),
        np.array([product.brand for product in products]),
        np.array([float(product.price) for product in products]),
        1 - age / (DAYS * DAY),
    )


@pytest.fixture(scope="module")
def behaviour(shelf: Shelf) -> Behaviour:
    """The demo shop in full size."""
    usual = Demo()
    return make_behaviour(
        shelf, shoppers=usual.shoppers, ratings=usual.ratings, month_now=6, rng=np.random.default_rng(0)
    )


def test_the_full_demo_has_the_promised_size(behaviour: Behaviour) -> None:
    assert len(behaviour.people.names) >= 1500
    assert len(behaviour.ratings.stars) >= 60_000
    assert len(np.unique(behaviour.ratings.product)) > 1250
    kinds = Counter(KINDS[kind] for kind in behaviour.trail.kind.tolist())
    assert set(kinds) == set(KINDS)
    assert kinds["view"] > kinds["purchase"] > kinds["wishlist"] > 0
    assert kinds["dismiss"] > 100


def test_every_pair_is_rated_once_and_everyone_gives_at_least_five(behaviour: Behaviour) -> None:
    given = behaviour.ratings
    assert len(np.unique(given.shopper * 10_000 + given.product)) == len(given.stars)
    each = np.bincount(given.shopper, minlength=len(behaviour.people.names))
    assert each.min() >= LEAST_RATINGS
    assert each.max() > 5 * np.median(each)
    assert set(given.stars.tolist()) == {1, 2, 3, 4, 5}
    assert 3.2 < given.stars.mean() < 4.2


def test_popularity_is_skewed(behaviour: Behaviour) -> None:
    counts = np.sort(np.bincount(behaviour.ratings.product))[::-1]
    assert counts[: len(counts) // 10].sum() > 0.25 * counts.sum()


def test_newer_products_have_fewer_ratings(shelf: Shelf, behaviour: Behaviour) -> None:
    counts = np.bincount(behaviour.ratings.product, minlength=len(shelf))
    assert counts[shelf.opened < 0].mean() > 2 * counts[shelf.opened > 0.9].mean()


def test_departments_have_their_season(shelf: Shelf, behaviour: Behaviour) -> None:
    """With June as now: gardens are busier in spring than toys are, against their own winter."""
    months_ago = (behaviour.trail.ago / DAY / 30.4375).astype(int)
    month = (6 - 1 - months_ago) % 12 + 1

    def share(slug: str, months: tuple[int, ...]) -> float:
        own = shelf.department[behaviour.trail.product] == slug
        return float(np.isin(month, months)[own].mean())

    spring, christmas = SEASONS["garden"][0], SEASONS["toys"][0]
    assert share("garden", spring) > 1.2 * share("toys", spring)
    assert share("toys", christmas) > 1.5 * share("garden", christmas)


def test_what_goes_together_is_bought_together(shelf: Shelf, behaviour: Behaviour) -> None:
    trail = behaviour.trail
    bought = trail.kind == KINDS.index("purchase")
    orders: dict[int, set[str]] = {}
    for order, product in zip(trail.order[bought].tolist(), trail.product[bought].tolist(), strict=True):
        orders.setdefault(order, set()).add(str(shelf.aisle[product]))
    with_tent = [aisles for aisles in orders.values() if "tents-shelters" in aisles]
    mats = sum("sleeping-bags-mats" in aisles for aisles in with_tent) / len(with_tent)
    anyhow = sum("sleeping-bags-mats" in aisles for aisles in orders.values()) / len(orders)
    assert mats > 3 * anyhow


def test_the_two_examples_have_tastes_far_apart(shelf: Shelf, behaviour: Behaviour) -> None:
    favourites = []
    for number in (0, 1):
        own = shelf.department[behaviour.ratings.product[behaviour.ratings.shopper == number]]
        assert len(own) >= 80
        favourites.append({name for name, _ in Counter(own.tolist()).most_common(2)})
    assert not favourites[0] & favourites[1]
    assert [external_id(0), external_id(1)] == example_shoppers()
    assert len(set(behaviour.people.names)) == len(behaviour.people.names)


def test_the_tables_name_real_departments_and_aisles(shelf: Shelf) -> None:
    aisles, departments = set(shelf.aisle.tolist()), set(shelf.department.tolist())
    assert {aisle for pair in GOES_WITH.items() for aisle in (pair[0], *pair[1])} <= aisles
    assert set(SEASONS) <= departments
    assert {slug for persona in PERSONAS for slug in persona} == departments


@pytest.mark.slow
def test_models_learn_the_tastes(behaviour: Behaviour) -> None:
    """By a time split: personal lists beat the popular, and predicted stars beat the product's own mean."""
    given = behaviour.ratings
    interactions = Interactions.from_columns(
        given.shopper, given.product, ratings=given.stars.astype(np.float32),
        weights=((given.stars - 2.5) / 2.5).astype(np.float32), times=(-given.ago).astype(np.int64),
    )  # fmt: skip
    train, holdout = time_split(interactions)

    def ndcg(name: str) -> float:
        algorithm = algorithm_named(name)
        model = algorithm.fit(train, algorithm.config_class(), seed=0, progress=lambda _share: None)
        return evaluate(model, holdout).values["ndcg@10"]

    popular = ndcg("popularity")
    assert all(ndcg(name) > 2 * popular for name in ("item_knn", "ease", "svd"))
    svd = rating_algorithm_named("svd")
    predictor = svd.fit(train, svd.config_class(), seed=0, progress=lambda _share: None)
    report = evaluate_ratings(predictor, holdout)
    size = len(train.products)
    counts = np.bincount(train.product, minlength=size)
    totals = np.bincount(train.product, train.ratings, minlength=size)
    means = (totals + 5 * train.ratings.mean()) / (counts + 5)
    by_mean = float(np.sqrt(np.mean((holdout.ratings - means[holdout.rating_product]) ** 2)))
    assert 0.75 < report.rmse < 0.95
    assert report.rmse < 0.96 * by_mean


@pytest.mark.django_db
def test_a_missing_or_broken_fixture_is_one_clear_line(settings: Settings, tmp_path: Path) -> None:
    settings.FIXTURE_DIRS = [tmp_path]
    with pytest.raises(CommandError, match="run make_demo_catalogue"):
        run()
    (tmp_path / "demo_catalogue.json").write_text('[{"model": "catalog.product"}]')
    with pytest.raises(CommandError, match="run make_demo_catalogue"):
        run()
    assert not Product.objects.exists()
