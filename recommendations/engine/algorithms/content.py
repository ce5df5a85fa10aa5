"""Products that are described alike: the way to what nobody has touched yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.engine.compiled_texts import most_alike_of, scores_of, text_pushes_of
from recommendations.engine.features import Lexicon, Vectors, learn, vectors
from recommendations.engine.foldin import weight_matrix, without_self
from recommendations.engine.types import (
    UNKNOWN,
    Arrays,
    Causes,
    Explanation,
    Floats,
    History,
    Interactions,
    ItemFeatures,
    Positions,
    Progress,
    Vocabulary,
)


@dataclass(frozen=True)
class ContentConfig:
    """title to price: the weight of each field's similarity. price_step: a price band is this many times the
    one below.
    """

    title: float = 1.0
    description: float = 0.5
    category: float = 0.5
    brand: float = 0.25
    price: float = 0.1
    price_step: float = 1.5

    def __post_init__(self) -> None:
        if min(self.fields().values()) < 0 or not sum(self.fields().values()):
            raise ValueError("title to price must be 0 or more, and one of them above 0.")
        if self.price_step <= 1:
            raise ValueError("price_step must be above 1.")

    def fields(self) -> dict[str, float]:
        names = ("title", "description", "category", "brand", "price")
        return {name: getattr(self, name) for name in names}


class ContentModel:
    """score_i = sum_j w_j S_ji over the history, S_ji the weighted mean of the fields' TF-IDF cosines.

    Fields: words of title and description, category path, brand, price band. Linear in the history's signed
    weights; a product takes no feedback to be scored. Nothing known of any product: 0 throughout.
    Lops, de Gemmis, Semeraro, "Content-based recommender systems", Recommender Systems Handbook, 2011.
    """

    def __init__(self, products: Vocabulary, table: Vectors, lexicon: Lexicon, config: ContentConfig) -> None:
        """table: (products, terms) vectors whose dot products are S."""
        self.products = products
        self.table = table
        self._lexicon = lexicon
        self._config = config
        self._cells = (
            np.ascontiguousarray(table.indptr, np.int32), np.ascontiguousarray(table.indices, np.int32),
            np.ascontiguousarray(table.data, np.float32),
        )  # fmt: skip
        self._asked: tuple[Positions, _Asked] | None = None

    @cached_property
    def _turned(self) -> Vectors:
        """(terms, products): as large as the table itself, so made only where whole rows are scored."""
        return sparse.csr_matrix(self.table.T)

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products): signed, 0 where nothing is alike."""
        tastes = weight_matrix(histories, self.products) @ self.table
        return np.asarray((tastes @ self._turned).toarray(), np.float32)

    def score_at(self, history: History, positions: Positions) -> Floats:
        """(k,) `score` of these products only."""
        asked = self._cells_asked(positions)
        found: Floats = scores_of(
            history.positions_in(self.products), np.ascontiguousarray(history.weights, np.float32),
            *self._cells, asked.numbers, asked.count, asked.starts, asked.terms, asked.values,
        )  # fmt: skip
        return found

    def _cells_asked(self, positions: Positions) -> _Asked:
        """Those of the same array of positions again are not looked up again."""
        last = self._asked
        if last is None or last[0] is not positions:
            last = self._asked = positions, _Asked.of(self.table[positions])
        return last[1]

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Base 0; row j contributes its weight times its similarity to the product."""
        contributions: Floats = text_pushes_of(*self._compared(history, positions))
        return Explanation(np.zeros(len(positions), np.float32), contributions)

    def causes(self, history: History, positions: Positions) -> Causes:
        """Those of `explain`."""
        return Causes(*most_alike_of(*self._compared(history, positions)))

    def _compared(self, history: History, positions: Positions) -> tuple[Any, ...]:
        """As `text_pushes_of` takes it."""
        return (
            history.positions_in(self.products), np.ascontiguousarray(history.weights, np.float32),
            np.ascontiguousarray(positions, np.int32), *self._cells,
        )  # fmt: skip

    def similar(self, positions: Positions) -> Floats:
        """(positions, products) similarity, 0 to 1."""
        alike = (self.table[positions] @ self._turned).toarray()
        return without_self(np.asarray(alike, np.float32), positions)

    def extended(self, features: ItemFeatures) -> ContentModel:
        """This model with the products of `features` too, such as those created since it was fitted.

        What `features` says of a product the model knows replaces what it knew. Where all of it is known, the
        model itself.
        """
        news = _described(features, self._lexicon, self._config)
        known = self.products.positions(features.products.ids)
        if (known != UNKNOWN).all() and not (self.table[known] - news).count_nonzero():
            return self
        both = Vocabulary.of(np.concatenate([self.products.ids, features.products.ids]))
        stacked = sparse.csr_matrix(sparse.vstack([self.table, news]))
        places = features.products.positions(both.ids)
        rows = np.where(places == UNKNOWN, self.products.positions(both.ids), len(self.products) + places)
        return ContentModel(both, stacked[rows], self._lexicon, self._config)

    def arrays(self) -> Arrays:
        return {
            "data": self.table.data,
            "indices": self.table.indices,
            "indptr": self.table.indptr,
            "terms": self._lexicon.terms,
            "term_weights": self._lexicon.weights,
        }


class Content:
    """Fits and restores `ContentModel`; uses `Interactions.features` alone."""

    name = "content"
    config_class = ContentConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "category": (0.1, 0.5, 2.0),
        "description": (0.0, 0.5),
        "price": (0.0, 0.1, 0.5),
    }
    needs: ClassVar[Mapping[str, str]] = {"": "features"}
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """For a catalogue whose texts fit in memory. Without features it costs nothing and scores all 0."""
        return products <= 1_000_000

    def fit(
        self, interactions: Interactions, config: ContentConfig, *, seed: int, progress: Progress
    ) -> ContentModel:
        features, products = interactions.features, interactions.products
        progress(0.0)
        if features is None:
            nothing = Lexicon(np.empty(0, np.int64), np.empty(0, np.float32))
            model = ContentModel(
                products, sparse.csr_matrix(np.zeros((len(products), 0), np.float32)), nothing, config
            )
        else:
            lexicon = learn(
                features, price_step=config.price_step, progress=lambda share: progress(share / 2)
            )
            told = _described(features, lexicon, config)
            blank = sparse.csr_matrix(np.zeros((1, told.shape[1]), np.float32))
            # Position -1, of products the features do not know, is the blank row at the end.
            rows = features.products.positions(products.ids)
            table = sparse.csr_matrix(sparse.vstack([told, blank]))[rows]
            model = ContentModel(products, table, lexicon, config)
        progress(1.0)
        return model

    def restore(self, config: ContentConfig, products: Vocabulary, arrays: Arrays) -> ContentModel:
        lexicon = Lexicon(np.asarray(arrays["terms"]), np.asarray(arrays["term_weights"]))
        parts = tuple(np.asarray(arrays[key]) for key in ("data", "indices", "indptr"))
        table = sparse.csr_matrix(parts, shape=(len(products), len(lexicon.terms)))
        return ContentModel(products, table, lexicon, config)


@dataclass(frozen=True, eq=False)
class _Asked:
    """Some products' cells, as `scores_of` takes them: their terms numbered apart, so few that all they are
    multiplied with stays close at hand."""

    numbers: Positions
    count: int
    starts: Positions
    terms: Positions
    values: Floats

    @classmethod
    def of(cls, rows: Vectors) -> Self:
        terms, own = np.unique(rows.indices, return_inverse=True)
        numbers = np.zeros(rows.shape[1], np.int32)
        numbers[terms] = np.arange(1, len(terms) + 1)
        values = rows.data.astype(np.float32)
        return cls(numbers, len(terms), rows.indptr.astype(np.int32), (own + 1).astype(np.int32), values)


def _described(features: ItemFeatures, lexicon: Lexicon, config: ContentConfig) -> Vectors:
    return vectors(features, lexicon, config.fields(), price_step=config.price_step)
