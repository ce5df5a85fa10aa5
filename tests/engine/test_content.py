from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.algorithms.content import Content, ContentConfig, ContentModel
from recommendations.engine.features import learn, tokens, vectors
from recommendations.engine.protocols import Recommender
from recommendations.engine.types import History, Interactions, ItemFeatures, Vocabulary, silent
from tests.engine.builders import described, history, purchases

SHOP = described(
    {
        "boots": "Leather hiking boots",
        "kettle": "Enamel kettle",
        "laces": "Boot laces",
        "mug": "Enamel mug",
        "shoes": "Hiking shoes",
        "teapot": "Porcelain teapot",
    },
    descriptions={"teapot": "Goes with the kettle", "laces": "For hiking"},
    categories={
        "boots": ("Sports", "Shoes"),
        "shoes": ("Sports", "Shoes"),
        "laces": ("Sports", "Spare parts"),
        "kettle": ("Kitchen", "Tea"),
        "teapot": ("Kitchen", "Tea"),
        "mug": ("Kitchen", "Cups"),
    },
    brands={"boots": "Fell", "shoes": "FELL", "kettle": "Brew"},
    prices={"boots": 120.0, "shoes": 90.0, "kettle": 40.0, "teapot": 35.0, "mug": 9.0},
)
BASKETS = replace(purchases({1: ["mug"]}, catalogue=list(SHOP.products.ids)), features=SHOP)


def fitted(world: Interactions = BASKETS, **settings: float) -> ContentModel:
    return Content().fit(world, ContentConfig(**settings), seed=0, progress=silent)


def order(model: Recommender, own: History) -> list[str]:
    scores = model.score([own])[0]
    return [str(model.products.ids[place]) for place in np.argsort(-scores, kind="stable")]


def test_products_nobody_has_touched_are_found_by_their_description() -> None:
    assert order(fitted(), history(["boots"]))[:3] == ["boots", "shoes", "laces"]
    assert order(fitted(), history(["kettle"]))[:3] == ["kettle", "teapot", "mug"]


def test_a_product_is_as_like_itself_as_can_be_where_every_field_is_told() -> None:
    scores = fitted().score([history(["boots"])])[0]
    # Boots have no description, whose weight is .5 of 2.35.
    assert scores[0] == pytest.approx(1.85 / 2.35, rel=1e-5)
    assert scores.max() == scores[0]


@pytest.mark.parametrize(
    ("field", "like_boots"),
    [
        ("category", ["shoes", "laces"]),
        ("brand", ["shoes"]),
        ("price", ["shoes"]),
        ("title", ["shoes"]),
    ],
)
def test_a_field_on_its_own_finds_what_shares_it(field: str, like_boots: list[str]) -> None:
    model = fitted(BASKETS, **{**dict.fromkeys(ContentConfig().fields(), 0.0), field: 1.0})
    scores = dict(
        zip(model.products.ids.tolist(), model.score([history(["boots"])])[0].tolist(), strict=True)
    )
    alike = {name for name, score in scores.items() if score > 0}
    assert alike == {"boots", *like_boots}


def test_words_all_products_share_tell_little_and_rare_ones_much() -> None:
    features = described(
        {"a": "blue cotton hat", "b": "blue cotton cap", "c": "blue wool hat", "d": "blue felt tie"}
    )
    lexicon = learn(features, price_step=1.5, progress=silent)
    only_title = {**dict.fromkeys(ContentConfig().fields(), 0.0), "title": 1.0}
    table = vectors(features, lexicon, only_title, price_step=1.5)
    alike = (table @ table.T).toarray()
    assert alike[0, 3] < 0.2 < 0.4 < alike[0, 1]
    np.testing.assert_allclose(np.diag(alike), 1, rtol=1e-5)


def test_accents_case_and_endings_do_not_matter() -> None:
    features = described({"a": "Crème brûlée dishes", "b": "CREME BRULEE DISHED", "c": "garden hose"})
    model = fitted(replace(purchases({1: ["a"]}, catalogue=["a", "b", "c"]), features=features))
    scores = model.score([history(["a"])])[0]
    assert scores[1] > 0.4 * scores[0]
    assert scores[2] == 0


@given(st.floats(0.01, 1e6))
def test_a_price_is_nearest_to_the_same_price_and_gradually_less_to_others(price: float) -> None:
    prices = {"same": price, "near": price * 1.2, "far": price * 5}
    features = described(dict.fromkeys([*prices, "self"], ""), prices={**prices, "self": price})
    amounts = [tokens(features, number, price_step=1.5)["price"] for number in range(4)]
    far, near, same, own = amounts
    assert own == same
    assert sum(own.values()) == pytest.approx(1)
    assert own.keys() & near.keys()
    assert not own.keys() & far.keys()


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_no_price_is_no_band(price: float) -> None:
    assert tokens(described({"a": "hat"}, prices={"a": price}), 0, price_step=1.5)["price"] == {}


@given(titles=st.lists(st.text(max_size=30), min_size=1, max_size=6), brand=st.text(max_size=8))
def test_any_text_at_all_is_a_description(titles: list[str], brand: str) -> None:
    names = dict(enumerate(titles))
    world = purchases({1: [0]}, catalogue=list(names))
    model = fitted(replace(world, features=described(names, descriptions=names, brands={0: brand})))
    scores = model.score([history([0])])[0]
    assert np.isfinite(scores).all()
    assert scores.max() <= 1 + 1e-5
    assert scores.min() >= 0


def test_without_features_everything_scores_0() -> None:
    model = fitted(purchases({1: ["a", "b"]}))
    assert model.score([history(["a"])]).tolist() == [[0, 0]]
    assert model.similar(np.array([0], np.int32)).tolist() == [[-np.inf, 0]]


def test_products_the_features_do_not_know_score_0() -> None:
    world = replace(purchases({1: ["mug", "zither"]}, catalogue=list(SHOP.products.ids)), features=SHOP)
    model = fitted(world)
    assert model.score([history(["mug"])])[0, -1] == 0
    assert model.score([history(["zither"])]).any() == np.False_


def test_a_product_created_after_the_fit_is_reached_at_once() -> None:
    new = described(
        {"sandals": "Hiking sandals", "mug": "Enamel mug"}, categories={"sandals": ("Sports", "Shoes")}
    )
    before, after = fitted(), fitted().extended(new)
    assert after.products.ids.tolist() == sorted([*SHOP.products.ids, "sandals"])
    assert set(order(after, history(["shoes"]))[:3]) == {"shoes", "boots", "sandals"}
    assert order(after, history(["sandals"]))[0] == "sandals"
    np.testing.assert_allclose(
        before.score([history(["boots"])])[0, :3], after.score([history(["boots"])])[0, :3], rtol=1e-6
    )


def test_what_is_said_anew_of_a_known_product_replaces_what_was_said() -> None:
    changed = fitted().extended(
        described({"mug": "Leather hiking boots"}, categories={"mug": ("Sports", "Shoes")})
    )
    assert order(changed, history(["boots"]))[1] == "mug"


def test_what_is_known_already_makes_no_other_model() -> None:
    new = described({"sandals": "Hiking sandals", "mug": "Enamel mug"})
    model = fitted().extended(new)
    assert model.extended(new) is model
    assert model.extended(described({"mug": "Enamel mug"})) is model
    assert model.extended(described({"mug": "Hiking mug"})) is not model
    assert model.extended(described({})) is model
    assert model.extended(described({"other": ""})) is not model


def test_a_restored_model_still_takes_new_products() -> None:
    model = fitted()
    again = Content().restore(ContentConfig(), model.products, model.arrays())
    new = described({"sandals": "Hiking sandals"})
    own = [history(["shoes", "sandals"])]
    np.testing.assert_array_equal(again.extended(new).score(own), model.extended(new).score(own))


def test_features_stay_with_the_rows_that_are_chosen() -> None:
    assert BASKETS.rows(np.zeros(1, bool)).features is SHOP


def test_features_need_an_entry_for_each_product() -> None:
    with pytest.raises(ValueError, match="one entry for each product"):
        ItemFeatures(Vocabulary.of(["a", "b"]), ["a"], ["", ""], [(), ()], ["", ""], np.zeros(2, np.float32))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"title": -1.0}, "0 or more"),
        (dict.fromkeys(ContentConfig().fields(), 0.0), "one of them above 0"),
        ({"price_step": 1.0}, "price_step must be above 1"),
    ],
)
def test_senseless_settings_are_refused(values: dict[str, float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        ContentConfig(**values)
