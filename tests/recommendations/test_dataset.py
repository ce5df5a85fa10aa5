"""recommendations.dataset: what training may see."""

from datetime import timedelta

import numpy as np
import pytest

from catalog.models import Product
from feedback.columns import rating_columns
from feedback.models import Event, Rating, RatingChange
from feedback.services import rate
from feedback.standing import standing, taken_back
from recommendations import dataset
from recommendations.conf import EVENT_WEIGHTS, conf
from recommendations.signals import RATING, combine, signals_of
from tests.factories import NOW, make_category, make_event, make_product, make_rating, make_shopper

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
Kind = Event.Kind


def load(now=NOW):
    return dataset.load(conf(), now=now)


def pairs(rows):
    shoppers, products = rows.shoppers.ids[rows.shopper], rows.products.ids[rows.product]
    return list(zip(shoppers.tolist(), products.tolist(), strict=True))


def test_an_empty_shop_is_an_empty_dataset():
    data = load()
    assert (len(data.signals), len(data.products), len(data.shoppers)) == (0, 0, 0)
    assert len(data.interactions()) == 0
    assert data.split(0.2) is None


@pytest.mark.parametrize("kinds", [["rating"], ["event"], ["rating", "event"]])
def test_ratings_and_events_alone_or_together_are_signals(kinds):
    ann, pot, pan = make_shopper(), make_product(), make_product()
    if "rating" in kinds:
        make_rating(ann, pot, 4)
    if "event" in kinds:
        make_event(ann, pan, Kind.BASKET)
    rows = load().interactions()
    expected = {"rating": (pot.pk, 4.0, 0.7), "event": (pan.pk, None, 0.4)}
    found = zip(rows.products.ids[rows.product].tolist(), rows.ratings, rows.weights, strict=True)
    assert sorted(
        (p, None if np.isnan(stars) else stars, round(float(w), 4)) for p, stars, w in found
    ) == sorted(expected[kind] for kind in kinds)


def test_who_did_not_consent_teaches_nothing():
    ann, bob, pot = make_shopper(), make_shopper(consent=False), make_product()
    for shopper in (ann, bob):
        make_rating(shopper, pot, 5)
        make_event(shopper, pot)
    data = load()
    assert data.shoppers.ids.tolist() == [ann.pk]
    assert pairs(data.interactions()) == [(ann.pk, pot.pk)]


def test_invisible_products_are_unknown_and_sold_out_ones_are_not():
    ann = make_shopper()
    hidden, sold_out, untouched = make_product(is_active=False), make_product(stock=0), make_product()
    for product in (hidden, sold_out):
        make_rating(ann, product, 5)
    data = load()
    assert data.products.ids.tolist() == [sold_out.pk, untouched.pk]
    assert pairs(data.interactions()) == [(ann.pk, sold_out.pk)]


def test_nothing_after_the_watermark_is_seen():
    ann, pot, pan = make_shopper(), make_product(), make_product()
    make_rating(ann, pot, 5, now=NOW)
    make_rating(ann, pan, 5, now=NOW + HOUR)
    make_event(ann, pan, now=NOW + HOUR)
    data = load(NOW)
    assert data.watermark == NOW
    assert pairs(data.interactions()) == [(ann.pk, pot.pk)]
    assert len(load(NOW + HOUR).interactions()) == 2


def test_the_change_watermark_is_the_last_change_known_before_reading(monkeypatch):
    """A rating that comes in while the rows are read is counted again rather than forgotten."""
    ann, pot, pan = make_shopper(), make_product(), make_product()
    make_rating(ann, pot, 5)
    seen = RatingChange.objects.latest("pk").pk
    read = rating_columns

    def read_while_someone_rates(until):
        rate(shopper=ann, product=pan, value=4, now=NOW)
        return read(until)

    monkeypatch.setattr("recommendations.dataset.rating_columns", read_while_someone_rates)
    data = load()
    assert data.change_watermark == seen
    assert len(data.interactions()) == 2


def test_rows_are_sorted_by_shopper_then_time():
    people, products = [make_shopper() for _ in range(2)], [make_product() for _ in range(3)]
    for hours, (s, p) in enumerate([(1, 2), (0, 1), (1, 0), (0, 0)]):
        make_event(people[s], products[p], now=NOW - hours * HOUR)
    assert pairs(load().interactions()) == [
        (people[0].pk, products[0].pk),
        (people[0].pk, products[1].pk),
        (people[1].pk, products[0].pk),
        (people[1].pk, products[2].pk),
    ]


def test_a_split_cuts_the_signals_before_they_are_combined():
    """Viewed before the cut and bought after it: the earlier side must not know of the purchase."""
    ann, bob, pot, pan = make_shopper(), make_shopper(), make_product(), make_product()
    make_event(ann, pot, Kind.VIEW, now=NOW - 9 * HOUR)
    make_event(bob, pan, Kind.VIEW, now=NOW - 8 * HOUR)
    make_event(ann, pan, Kind.VIEW, now=NOW - 7 * HOUR)
    make_event(ann, pot, Kind.PURCHASE, now=NOW)
    data = load()
    parts = data.split(0.25)
    assert parts is not None
    before, after = parts
    earlier = dict(zip(pairs(before), before.weights.tolist(), strict=True))
    assert earlier[ann.pk, pot.pk] == pytest.approx(EVENT_WEIGHTS["view"], rel=0.01)
    assert dict(zip(pairs(after), after.weights.tolist(), strict=True)) == {(ann.pk, pot.pk): 1.0}
    assert data.interactions().weights.max() == 1.0


def test_both_sides_of_a_split_share_their_vocabularies_and_every_signal_is_on_one_side():
    ann = make_shopper()
    for hours in range(10):
        make_event(ann, make_product(), now=NOW - hours * HOUR)
    parts = load().split(0.3)
    assert parts is not None
    before, after = parts
    assert (len(before), len(after)) == (7, 3)
    assert before.products.ids.tolist() == after.products.ids.tolist()
    assert before.times.max() < after.times.min()


def test_feedback_of_one_single_second_is_all_after_the_cut():
    ann = make_shopper()
    for _ in range(4):
        make_event(ann, make_product(), now=NOW)
    parts = load().split(0.2)
    assert parts is not None
    assert [len(part) for part in parts] == [0, 4]


def test_reading_takes_the_same_queries_however_much_there_is(django_assert_num_queries):
    ann = make_shopper()
    for _ in range(2):
        for _ in range(5):
            make_rating(ann, make_product(), 5)
        with django_assert_num_queries(5):
            load()
    assert Product.objects.count() == 10


def test_the_model_is_told_what_the_shop_says_of_every_visible_product():
    garden = make_category("Garden")
    pots = make_category("Pots", parent=garden)
    pot = make_product("Clay Pot", description="Round.", brand="Terra", price="4.50", category=pots)
    plain, _hidden = make_product("Rope", price="2.00"), make_product("Secret", is_active=False)
    features = load().interactions().features
    assert features is not None
    assert features.products.ids.tolist() == [pot.pk, plain.pk]
    assert list(features.titles) == ["Clay Pot", "Rope"]
    assert list(features.descriptions) == ["Round.", ""]
    assert list(features.categories) == [("Garden", "Pots"), ()]
    assert list(features.brands) == ["Terra", ""]
    assert features.prices.tolist() == [4.5, 2.0]


def row_by_row(now):
    """The dataset as one would read it with the ORM: the slow way, as a check on the fast one."""
    told: dict[tuple[int, int], list[tuple[str, float, int]]] = {}
    for shopper, product, stars, when in Rating.objects.filter(
        shopper__consent=True, product__is_active=True, rated_at__lte=now
    ).values_list("shopper_id", "product_id", "value", "rated_at"):
        told.setdefault((shopper, product), []).append((RATING, float(stars), int(when.timestamp())))
    events = Event.objects.filter(shopper__consent=True, product__is_active=True, occurred_at__lte=now)
    deeds = list(events.values_list("shopper_id", "product_id", "kind", "occurred_at"))
    for shopper, product, kind, when in standing(deeds, taken_back(deeds)):
        told.setdefault((shopper, product), []).append((kind, np.nan, int(when.timestamp())))
    flat = [(*pair, *deed) for pair, deeds in told.items() for deed in deeds]
    kinds = np.array([row[2] for row in flat], dtype=object)
    signals = signals_of(
        shoppers=np.array([row[0] for row in flat], np.int64),
        products=np.array([row[1] for row in flat], np.int64),
        kinds=kinds, values=np.array([row[3] for row in flat], np.float32),
        times=np.array([row[4] for row in flat], np.int64), settings=conf(),
    )  # fmt: skip
    return combine(signals)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("few", [0, 10_000])
def test_what_is_streamed_is_what_one_would_read_row_by_row(seed, few, monkeypatch):
    monkeypatch.setattr("recommendations.signals.FEW", few)
    monkeypatch.setattr("feedback.columns.PORTION", 7)
    random = np.random.default_rng(seed)
    people = [make_shopper(consent=bool(random.random() < 0.8)) for _ in range(6)]
    things = [make_product(is_active=bool(random.random() < 0.8)) for _ in range(8)]
    for _ in range(60):
        shopper, thing = people[random.integers(6)], things[random.integers(8)]
        when = NOW + timedelta(microseconds=int(random.integers(-(10**13), 10**10)))
        if random.random() < 0.3:
            make_rating(shopper, thing, int(random.integers(1, 6)), now=when)
        else:
            make_event(shopper, thing, random.choice([str(kind) for kind in Kind]), now=when)
    expected, data = row_by_row(NOW), load().interactions()
    found = sorted(
        zip(*[column.tolist() for column in (
            data.shoppers.ids[data.shopper], data.products.ids[data.product], data.weights,
            np.nan_to_num(data.ratings), data.times,
        )], strict=True)
    )  # fmt: skip
    wanted = sorted(
        zip(*[column.tolist() for column in (
            expected.shoppers, expected.products, expected.weights, np.nan_to_num(expected.ratings),
            expected.times,
        )], strict=True)
    )  # fmt: skip
    assert found == wanted
    places = list(zip(data.shopper.tolist(), data.times.tolist(), data.product.tolist(), strict=True))
    assert places == sorted(places)
    assert {column.dtype.name for column in (data.ratings, data.weights)} == {"float32"}


def test_reading_does_not_stop_who_writes():
    """A rating is given while the rows are read; it is simply not among them or among them, but saved."""
    ann = make_shopper()
    for _ in range(3):
        make_rating(ann, make_product(), 5)
    portions = rating_columns(NOW)
    next(portions)
    make_rating(ann, make_product(), 4)
    list(portions)
    assert Rating.objects.count() == 4
