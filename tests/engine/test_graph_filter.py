"""GF-CF against the matrices its formula names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recommendations.engine.algorithms.graph_filter import GraphFilter, GraphFilterConfig, GraphFilterModel
from recommendations.engine.types import Floats, Interactions, silent
from tests.engine.builders import checkerboard, history, interactions, purchases, tastes


def fitted(world: Interactions, **values: Any) -> GraphFilterModel:
    return GraphFilter().fit(world, GraphFilterConfig(**values), seed=0, progress=silent)


def table(world: Interactions, **values: Any) -> Floats:
    """What every product says about every other one, by the scores of a history of it alone."""
    model = fitted(world, **values)
    return model.score([history([product]) for product in world.products.ids.tolist()])


def liked(world: Interactions) -> np.ndarray:
    return np.asarray(np.maximum(world.matrix().toarray().astype(float), 0))


def powers(values: np.ndarray, exponent: float) -> np.ndarray:
    return np.asarray(np.diag(np.where(values > 0, np.maximum(values, 1e-9) ** exponent, 0)))


def test_with_the_papers_settings_it_is_the_papers_formula() -> None:
    world = tastes()
    rows = liked(world)
    even = powers(rows.sum(axis=1), -0.5) @ rows @ powers(rows.sum(axis=0), -0.5)
    graph = even.T @ even
    np.fill_diagonal(graph, 0)
    vectors = np.linalg.svd(even)[2][:5].T
    degrees = rows.sum(axis=0)
    ideal = powers(degrees, -0.5) @ vectors @ vectors.T @ powers(degrees, 0.5)
    np.testing.assert_allclose(
        table(world, ideal=0.3, factors=5, shopper_exponent=1.0, shrinkage=0.0),
        graph + 0.3 * ideal,
        rtol=1e-3,
        atol=1e-5,
    )


def test_exponents_shrinkage_and_edge_power_are_as_stated() -> None:
    world = tastes()
    rows = liked(world)
    degrees = rows.sum(axis=0) + 2.0
    owned = rows.sum(axis=1)
    even = powers(owned, -0.75) @ rows * np.sqrt(np.sum(owned > 0) / np.sum(owned[owned > 0] ** -0.5))
    graph = powers(degrees, 0.3 - 1) @ even.T @ even @ powers(degrees, -0.3)
    np.fill_diagonal(graph, 0)
    found = table(
        world, ideal=0.0, shopper_exponent=1.5, popularity_exponent=0.3, shrinkage=2.0, edge_power=1.3
    )  # fmt: skip
    np.testing.assert_allclose(found, graph**1.3, rtol=1e-3, atol=1e-6)


def test_only_the_largest_entries_of_every_product_are_kept() -> None:
    whole, few = (table(tastes(), ideal=0.0, neighbours=neighbours) for neighbours in (40, 3))
    for everything, kept in zip(whole, few, strict=True):
        assert set(np.flatnonzero(kept)) == set(np.argsort(-everything)[:3])
        np.testing.assert_array_equal(kept[kept > 0], everything[kept > 0])


def test_what_is_liked_less_counts_less() -> None:
    rows = [(shopper, product, 5, 1.0, 0) for shopper in (1, 2) for product in ("a", "b")]
    faint = [(shopper, "c", 3, 0.1, 1) for shopper in (1, 2)]
    scores = fitted(interactions([*rows, *faint]), ideal=0.0).score([history(["a"])])[0]
    assert scores[1] > scores[2] > 0


def test_without_the_ideal_filter_there_are_no_factors() -> None:
    for values in ({"ideal": 0.0}, {"factors": 0}):
        arrays = fitted(tastes(), **values).arrays()
        assert arrays["says"].shape == arrays["gets"].shape == (40, 0)


def test_the_ideal_filter_reaches_what_was_never_owned_together() -> None:
    """a-b, b-c and c-d are owned together, a and d only by way of the others."""
    pairs: list[list[object]] = [["a", "b"], ["b", "c"], ["c", "d"], ["x", "y"]]
    world = purchases({shopper: pairs[shopper % 4] for shopper in range(40)})
    products = world.products.ids.tolist()
    near = dict(zip(products, fitted(world, ideal=0.0).score([history(["a"])])[0], strict=True))
    far = dict(zip(products, fitted(world, ideal=1.0, factors=2).score([history(["a"])])[0], strict=True))
    assert near["d"] == 0
    assert far["d"] > far["x"]


def test_a_stronger_recency_forgets_the_older_rows() -> None:
    scores = fitted(checkerboard(8), recency=0.1).score([history([100, 101]), history([101, 100])])
    assert scores[0, 3] > scores[0, 2]
    assert scores[1, 2] > scores[1, 3]


@pytest.mark.parametrize(
    "values",
    [
        {"neighbours": 0}, {"factors": -1}, {"ideal": -0.1}, {"shrinkage": -1.0}, {"edge_power": 0.0},
        {"shopper_exponent": 2.1}, {"popularity_exponent": 1.1}, {"recency": 0.0},
    ],
    ids=lambda values: next(iter(values)),
)  # fmt: skip
def test_settings_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        GraphFilterConfig(**values)


@pytest.mark.parametrize(
    ("size", "fits"),
    [((30_000, 41_000, 810_000), True), ((43_000, 36_000, 780_000), True), ((1_500, 1_500, 60_000), True),
     ((30_000, 2_000_000, 3_000_000), False), ((138_000, 27_000, 20_000_000), False),
     ((2_000_000, 41_000, 9_000_000), False)],
)  # fmt: skip
def test_it_says_what_it_can_afford(size: tuple[int, int, int], fits: bool) -> None:
    assert GraphFilter().affordable(*size) is fits


def test_the_arrays_of_older_versions_are_put_on_the_grid() -> None:
    model = fitted(tastes())
    older = {name: array for name, array in model.arrays().items() if name != "grid"}
    raw = older["gets"] * np.float32(1.0000007)
    restored = GraphFilter().restore(GraphFilterConfig(), model.products, older | {"gets": raw})
    histories = list(tastes().histories())
    together = restored.score(histories)
    for row, own in zip(together, histories, strict=True):
        np.testing.assert_array_equal(restored.score([own])[0], row)
    np.testing.assert_allclose(together, model.score(histories), rtol=1e-4, atol=1e-5)
