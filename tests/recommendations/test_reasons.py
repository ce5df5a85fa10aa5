"""The reason shown is the reason computed: the largest positive share of the score."""

import numpy as np
import pytest

from catalog.cards import Cards
from catalog.models import Product
from feedback.models import Event, Shopper
from recommendations.conf import conf
from recommendations.serving.history import history_of
from recommendations.serving.index import live_model
from recommendations.serving.reasons import PICKED, POPULAR, personal_in_brief, personal_reasons
from recommendations.serving.results import Strategy
from recommendations.serving.service import recommend_for
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
Kind = Event.Kind
EXPLAINING = ["svd", "item_knn", "ease"]


def again(shopper):
    return Shopper.objects.get(pk=shopper.pk)


def reason_of(shopper, product):
    model = live_model()
    assert model is not None
    return personal_reasons([product.pk], history_of(shopper.pk, conf(), now=NOW), model)[product.pk]


def contributions(shopper, product):
    """product id of the history -> what it adds to the product's score, read off the model itself."""
    model = live_model()
    assert model is not None
    history = history_of(shopper.pk, conf(), now=NOW).history
    position = model.bundle.products.positions(np.array([product.pk]))
    ranker = model.bundle.ranker.model
    explained = ranker.explain(history, position)  # type: ignore[attr-defined]
    total = explained.base[0] + explained.contributions[0].sum()
    assert total == pytest.approx(ranker.score([history])[0][position[0]], rel=1e-4, abs=1e-5)
    return dict(zip(history.products.tolist(), explained.contributions[0].tolist(), strict=True))


@pytest.mark.parametrize("algorithm", EXPLAINING)
def test_the_reason_is_the_largest_push_and_its_share_is_exact(algorithm):
    shop = make_shop()
    publish_model(algorithm)
    for shopper in (shop.gardeners[0], shop.cooks[3]):
        for item in recommend_for(shopper, now=NOW, limit=5).items:
            pushes = contributions(shopper, item.product)
            positive = sum(push for push in pushes.values() if push > 0)
            if item.reason.text == POPULAR.text:
                assert positive == 0
                continue
            assert item.reason.product is not None and item.reason.share is not None
            best = pushes[item.reason.product.pk]
            assert best == max(pushes.values()) > 0
            assert item.reason.share == pytest.approx(best / positive, rel=1e-4)
            assert 0 < item.reason.share <= 1


@pytest.mark.parametrize("algorithm", EXPLAINING)
def test_reasons_name_only_what_the_shopper_did_themselves(algorithm):
    shop = make_shop()
    publish_model(algorithm)
    for shopper in (*shop.gardeners[:4], *shop.cooks[:4]):
        own = dict(shopper.ratings.values_list("product_id", "value"))
        for item in recommend_for(shopper, now=NOW, limit=99).items:
            if item.reason.product is None:
                assert item.reason.text == POPULAR.text
                continue
            stars = own[item.reason.product.pk]
            words = f"{stars} star{'' if stars == 1 else 's'}"
            title = item.reason.product.title
            assert item.reason.text in (
                f"Because you rated {title} {words}"
                if stars > 2
                else f"Unlike {title}, which you rated {words}",
            )


class TestWording:
    @pytest.fixture(autouse=True)
    def shop_with_a_model(self):
        self.shop = make_shop()
        publish_model("item_knn")
        self.ann = make_shopper()
        self.rake, self.other = self.shop.garden[0], self.shop.garden[1]

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            (Kind.PURCHASE, "Because you bought Rake 0"),
            (Kind.WISHLIST, "Because Rake 0 is on your wishlist"),
            (Kind.BASKET, "Because you put Rake 0 in your basket"),
            (Kind.CLICK, "Because you looked at Rake 0"),
            (Kind.VIEW, "Because you looked at Rake 0"),
        ],
    )
    def test_every_deed_has_its_words(self, kind, text):
        make_event(self.ann, self.rake, kind)
        assert reason_of(self.ann, self.other).text == text

    @pytest.mark.parametrize("stars", [3, 4, 5])
    def test_stars_are_told(self, stars):
        make_rating(self.ann, self.rake, stars)
        assert reason_of(self.ann, self.other).text == f"Because you rated Rake 0 {stars} stars"

    def test_a_rating_is_told_rather_than_the_purchase_before_it(self):
        make_event(self.ann, self.rake, Kind.PURCHASE)
        make_rating(self.ann, self.rake, 4)
        assert reason_of(self.ann, self.other).text == "Because you rated Rake 0 4 stars"

    def test_the_only_cause_has_the_whole_share(self):
        make_event(self.ann, self.rake, Kind.PURCHASE)
        found = reason_of(self.ann, self.other)
        assert (found.product, found.share) == (self.rake, 1.0)

    def test_a_title_is_told_as_it_is(self):
        Product.objects.filter(pk=self.rake.pk).update(title="{0} <b>Rake</b> {title}")
        make_event(self.ann, self.rake, Kind.PURCHASE)
        assert reason_of(self.ann, self.other).text == "Because you bought {0} <b>Rake</b> {title}"

    def test_what_nothing_in_the_history_speaks_for_is_popular(self):
        make_rating(self.ann, self.rake, 5)
        lonely = make_product()
        publish_model("item_knn")
        found = reason_of(self.ann, lonely)
        assert found == POPULAR and found.product is None and found.share is None

    def test_what_a_dislike_speaks_against_is_popular_too(self):
        make_rating(self.ann, self.rake, 1)
        found = reason_of(self.ann, self.other)
        assert (found.text, found.product, found.causes) == (POPULAR.text, None, ())
        assert [cause.text for cause in found.against] == ["You rated Rake 0 1 star"]

    def test_what_the_model_does_not_know_was_picked_by_the_shop(self):
        make_rating(self.ann, self.rake, 5)
        assert reason_of(self.ann, make_product()) == PICKED


class TestDislikes:
    """Factor models conclude from a dislike that its opposite is liked."""

    @pytest.fixture(autouse=True)
    def shop_with_a_model(self):
        self.shop = make_shop()
        publish_model("svd")
        self.ann = make_shopper()
        self.pan = self.shop.kitchen[0]

    def first(self):
        found = recommend_for(again(self.ann), now=NOW, limit=1)
        assert found.strategy == Strategy.PERSONAL
        return found.items[0]

    @pytest.mark.parametrize(("stars", "words"), [(1, "1 star"), (2, "2 stars")])
    def test_a_low_rating_speaks_for_what_is_unlike_it(self, stars, words):
        make_rating(self.ann, self.pan, stars)
        item = self.first()
        assert self.shop.name(item.product) == "garden"
        assert item.reason.text == f"Unlike Pan 0, which you rated {words}"
        assert (item.reason.product, item.reason.share) == (self.pan, 1.0)

    def test_so_does_a_dismissal(self):
        make_event(self.ann, self.pan, Kind.DISMISS)
        item = self.first()
        assert self.shop.name(item.product) == "garden"
        assert item.reason.text == "Unlike Pan 0, which you were not interested in"

    def test_so_does_a_dismissal_of_what_was_bought_before(self):
        make_event(self.ann, self.pan, Kind.PURCHASE)
        make_event(self.ann, self.pan, Kind.DISMISS)
        assert self.first().reason.text == "Unlike Pan 0, which you were not interested in"

    def test_what_was_bought_after_a_dismissal_is_a_purchase_again(self):
        make_event(self.ann, self.pan, Kind.DISMISS)
        make_event(self.ann, self.pan, Kind.PURCHASE)
        make_event(self.ann, self.pan, Kind.VIEW)
        # All of one second: the dismissal counts as the latest of it.
        assert self.first().reason.text == "Unlike Pan 0, which you were not interested in"


@pytest.mark.parametrize("algorithm", EXPLAINING)
def test_in_brief_the_main_cause_and_its_share_are_those_told_in_full(algorithm):
    shop = make_shop()
    publish_model(algorithm)
    model = live_model()
    assert model is not None
    for shopper in (*shop.gardeners[:4], *shop.cooks[:4]):
        history, ids = (
            history_of(shopper.pk, conf(), now=NOW),
            [*Product.objects.values_list("pk", flat=True)],
        )
        full = personal_reasons([*ids, 10**9], history, model)
        positions = model.bundle.products.positions(np.array([*ids, 10**9]))
        brief = personal_in_brief(positions, history, model, Cards())
        told = {
            pk: (words, cause.pk if cause else None, share)
            for pk, words, cause, share in zip(full, *brief, strict=True)
        }
        assert told == {
            pk: (why.text, why.product.pk if why.product else None, why.share) for pk, why in full.items()
        }
        assert told[10**9] == (PICKED.text, None, None)
