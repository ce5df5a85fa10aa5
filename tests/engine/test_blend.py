from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.algorithms.als import AlsConfig
from recommendations.engine.algorithms.blend import Blend, BlendConfig, BlendModel
from recommendations.engine.algorithms.catalogue import ALGORITHMS, algorithm_named, config_from
from recommendations.engine.algorithms.ease import EaseConfig
from recommendations.engine.artefact import ArtefactError, load, save
from recommendations.engine.fit import fit_bundle
from recommendations.engine.sealing import sealed
from recommendations.engine.stacking import Asked, hold_out_last, learned_weights, spread
from recommendations.engine.types import History, Interactions, silent
from tests.engine.builders import checkerboard, history, purchases, tastes

TWO = BlendConfig((("item_knn", ()), ("popularity", ())), (0.7, 0.3))


def fitted(config: BlendConfig, world: Interactions | None = None) -> BlendModel:
    return Blend(algorithm_named).fit(tastes() if world is None else world, config, seed=0, progress=silent)


def test_the_score_is_the_weighted_sum_of_the_parts_scores_in_spreads() -> None:
    world = tastes()
    histories = list(world.histories())
    knn, popularity = (
        ALGORITHMS[name].fit(world, ALGORITHMS[name].config_class(), seed=0, progress=silent)
        for name in ("item_knn", "popularity")
    )
    model = fitted(TWO)
    sample = hold_out_last(world, random=np.random.default_rng(0))[1].histories
    expected = 0.7 / spread(knn, sample) * knn.score(histories)
    expected = expected + 0.3 / spread(popularity, sample) * popularity.score(histories)
    np.testing.assert_allclose(model.score(histories), expected, rtol=1e-4, atol=1e-5)


def test_a_blend_of_one_ranks_as_its_part_does() -> None:
    world = tastes()
    part = ALGORITHMS["ease"].fit(world, EaseConfig(), seed=0, progress=silent)
    model = fitted(BlendConfig((("ease", ()),)))
    for own in world.histories():
        one, other = (each.score([own])[0] for each in (part, model))
        assert np.corrcoef(one, other)[0, 1] == pytest.approx(1, abs=1e-5)


def test_bases_and_contributions_of_parts_with_a_base_still_add_up() -> None:
    model = fitted(TWO)
    positions = np.arange(40, dtype=np.int32)
    own = history([3, 5, 7], [1.0, -0.5, 0.2])
    explanation = model.explain(own, positions)
    assert explanation.base.any()
    assert explanation.contributions.any()
    total = explanation.base + explanation.contributions.sum(axis=1)
    np.testing.assert_allclose(total, model.score([own])[0], rtol=1e-5, atol=1e-6)


def test_a_part_without_weight_is_neither_fitted_nor_kept() -> None:
    model = fitted(BlendConfig((("ease", ()), ("item_knn", ())), (1.0, 0.0)))
    assert model.parts[1] is None
    assert {key.split(".")[0] for key in model.arrays()} == {"factors", "0"}
    restored = Blend(algorithm_named).restore(
        BlendConfig((("ease", ()), ("item_knn", ())), (1.0, 0.0)), model.products, model.arrays()
    )
    own = [history([3])]
    np.testing.assert_array_equal(restored.score(own), model.score(own))


def test_weights_are_learned_towards_the_part_that_foretells() -> None:
    """The popular products are liked by all, so what comes next is foretold by kind, not by popularity."""
    model = fitted(BlendConfig((("popularity", ()), ("item_knn", ()))), checkerboard(12))
    popularity, knn = model.factors.tolist()
    assert knn > 0
    assert popularity == 0


class _Fixed:
    """A model that gives every history the same row."""

    def __init__(self, world: Interactions, row: list[float]) -> None:
        self.products = world.products
        self.row = np.array(row, np.float32)

    def score(self, histories: Any) -> Any:
        return np.tile(self.row, (len(histories), 1))

    def arrays(self) -> dict[str, Any]:
        return {}


def test_two_halves_of_the_truth_are_put_together() -> None:
    """Either model knows one of the two products that are wanted, and is misled about the other."""
    world = purchases({1: ["a", "b", "c", "d", "e"]})
    models = [_Fixed(world, [9, 0, 8, 0, 0]), _Fixed(world, [0, 9, 8, 0, 0])]
    asked = Asked([History.empty()] * 2, [np.array([0, 1], np.int32)] * 2)
    misled = [_Fixed(world, [9, 0, 5, 0, 0]), _Fixed(world, [0, 9, 0, 5, 0])]
    weights = learned_weights(misled, asked, places=2)
    assert weights.sum() == pytest.approx(1)
    assert np.all(weights > 0.1)
    assert learned_weights([models[0]], asked, places=2).tolist() == [1]


def test_what_is_asked_is_what_came_last_and_is_not_learned_from() -> None:
    world = tastes()
    rest, asked = hold_out_last(world, random=np.random.default_rng(0))
    liked = [
        (world.weights[start:end] > 0)[-1] for start, end in zip(world.starts, world.starts[1:], strict=False)
    ]
    assert len(asked) >= sum(liked) - 1
    kept = set(zip(rest.shopper.tolist(), rest.product.tolist(), strict=True))
    asked_for = 0
    by_history = {tuple(own.products.tolist()): number for number, own in enumerate(rest.histories())}
    for own, wanted in zip(asked.histories, asked.relevant, strict=True):
        shopper = by_history[tuple(own.products.tolist())]
        whole = world.history(shopper)
        last = set(world.products.positions(whole.products[len(own) :]).tolist())
        assert set(wanted.tolist()) <= last
        assert not {(shopper, product) for product in wanted.tolist()} & kept
        asked_for += len(wanted)
    assert asked_for >= len(asked)


@pytest.mark.parametrize("world", [purchases({1: ["a"]}), purchases({1: ["a"]}).rows(np.zeros(1, bool))])
def test_nobody_to_ask_means_equal_weights(world: Interactions) -> None:
    rest, asked = hold_out_last(world, random=np.random.default_rng(0))
    assert (len(rest), len(asked)) == (len(world), 0)
    assert fitted(BlendConfig(), world).factors.tolist() == [0.5, 0.5]


def test_dislikes_are_held_out_but_never_wanted() -> None:
    world = tastes()
    sour = dataclasses.replace(world, weights=-np.abs(world.weights) - np.float32(0.1))
    assert len(hold_out_last(sour, random=np.random.default_rng(0))[1]) == 0


def test_a_blend_survives_the_artefact_with_its_parts_settings(tmp_path: Path) -> None:
    config = BlendConfig.of(
        [("ease", EaseConfig(regularization=3.0)), ("als", AlsConfig(factors=4, epochs=2))]
    )
    bundle = fit_bundle(tastes(), "blend", config, seed=0)
    loaded = load(tmp_path / "v1", seal=save(bundle, tmp_path / "v1", key=b"key"), keys=[b"key"])
    assert loaded.ranker.config == config
    histories = [*tastes().histories(), History.empty()]
    np.testing.assert_array_equal(loaded.ranker.model.score(histories), bundle.ranker.model.score(histories))


def test_a_part_that_this_code_does_not_know_is_an_artefact_of_other_code(tmp_path: Path) -> None:
    save(fit_bundle(tastes(), "blend", TWO, seed=0), tmp_path / "v1", key=b"key")
    path = tmp_path / "v1" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["parts"]["ranker"]["config"]["parts"][0][0] = "oracle"
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match="made by other code"):
        load(tmp_path / "v1", seal=sealed(path.read_bytes(), b"key"), keys=[b"key"])


@given(weights=st.lists(st.floats(0.01, 5), min_size=2, max_size=2))
def test_a_configuration_is_the_same_after_json(weights: list[float]) -> None:
    config = BlendConfig.of([("ease", EaseConfig(dropout=0.3)), ("als", AlsConfig())], weights, places=7)
    again = json.loads(json.dumps(dataclasses.asdict(config)))
    assert config_from(BlendConfig, again) == config
    assert hash(config_from(BlendConfig, again)) == hash(config)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"parts": ()}, "one algorithm or more"),
        ({"parts": (("blend", ()),)}, "and no blend"),
        ({"weights": (1.0,)}, "one for each of the parts"),
        ({"weights": (1.0, -1.0)}, "0 or more"),
        ({"weights": (0.0, 0.0)}, "one of them above 0"),
        ({"weights": (1.0, float("nan"))}, "0 or more"),
        ({"places": 0}, "places"),
    ],
)
def test_senseless_settings_are_refused(values: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        BlendConfig(**values)


def test_unknown_parts_and_settings_are_refused_with_their_names() -> None:
    with pytest.raises(ValueError, match="no algorithm 'oracle'; choose one of"):
        fitted(BlendConfig((("oracle", ()),)))
    with pytest.raises(ValueError, match=r"settings of ease in the blend .*magic"):
        fitted(BlendConfig((("ease", (("magic", 1),)),)))


def test_a_part_that_cannot_explain_is_refused() -> None:
    class Mute:
        name = "mute"
        config_class = AlsConfig

        def fit(self, interactions: Interactions, *_args: Any, **_options: Any) -> _Fixed:
            return _Fixed(interactions, [0.0] * len(interactions.products))

    blend = Blend(lambda _name: Mute())  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match="mute does not explain"):
        blend.fit(tastes(), BlendConfig((("mute", ()),)), seed=0, progress=silent)
