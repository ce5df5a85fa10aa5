"""Products the live model has not learned: scored by what the shop says of them, from their first minute."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from catalog.cards import Cards
from catalog.columns import NONE, Catalogue
from catalog.models import Product
from recommendations.conf import Conf
from recommendations.engine.causes import main_causes
from recommendations.engine.protocols import (
    Explains,
    FindsSimilar,
    Recommender,
    ScoresSome,
    TakesNewProducts,
    can,
)
from recommendations.engine.topk import top
from recommendations.engine.types import UNKNOWN, Floats, Positions, Vocabulary
from recommendations.features import features_of
from recommendations.serving.history import ShopperHistory
from recommendations.serving.index import LiveModel
from recommendations.serving.reasons import done_to_it
from recommendations.serving.results import Reason
from recommendations.serving.snapshot import Mask, Snapshot

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reachable:
    """Products that texts can be compared of: (n,) ids, positions among the content's products, when they
    came."""

    ids: Ids
    positions: Positions
    arrived: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Newcomers:
    """What there is besides the model's products.

    ids: (n,) products the model does not know, newest first. content: scores those and the model's own.
    at: (content's products,) their positions in the catalogue this was read from. little_seen: (m,) the
    newest products with few interactions, those included; arrived: (m,) when they came, unix seconds.
    """

    ids: Ids
    content: Recommender
    catalogue: Catalogue
    at: Ids
    little_seen: Ids
    arrived: NDArray[np.float64]

    @cached_property
    def reachable(self) -> Reachable:
        """The little-seen products that have texts."""
        positions = self.content.products.positions(self.little_seen)
        has_texts = positions != UNKNOWN
        return Reachable(self.little_seen[has_texts], positions[has_texts], self.arrived[has_texts])

    @cached_property
    def unknown(self) -> frozenset[int]:
        """`ids` as a set."""
        return frozenset(self.ids.tolist())

    @property
    def key(self) -> str:
        """Names these newcomers; the same in every process."""
        return blake2b(self.ids.tobytes(), digest_size=8).hexdigest() if len(self.ids) else ""


_lock = threading.Lock()
_read: WeakKeyDictionary[LiveModel, Newcomers] = WeakKeyDictionary()


def newcomers_of(snapshot: Snapshot, settings: Conf) -> Newcomers | None:
    """The newcomers of this state of the shop; None where the model has no content part to reach them by.

    No query, or one for the texts: of all where others came since this process last looked, else of those
    that changed. A description that changes alone moves no version on, so that nobody's lists are made anew
    for it: it is read with the next change of its product.
    """
    model = snapshot.model
    if model is None or model.bundle.content is None:
        return None
    found = _read.get(model)
    if found is None or found.catalogue is not snapshot.catalogue:
        with _lock:
            # Another request may have looked while this one waited.
            found = _read.get(model)
            if found is None or found.catalogue is not snapshot.catalogue:
                found = _read[model] = _look(model, snapshot.catalogue, found, settings)
    return found


def merged(
    products: Ids,
    scores: Floats,
    history: ShopperHistory,
    newcomers: Newcomers,
    settings: Conf,
    *,
    allowed: Mask,
) -> tuple[Ids, Floats]:
    """The ranker's products (best first, with scores) with the newcomers that suit the history among them.

    Scores of texts and of the ranker are of different kinds, so a newcomer gets a place, not a score: if r of
    the ranker's eligible products suit the history better by their texts, it comes in after the
    (r + 1) x newcomer_pace best, one newcomer to so many places, and takes the score of the product it
    follows. Texts say less than shoppers do: what is learned stays ahead. allowed: (catalogue,) what may come
    in.
    """
    found = _suiting(history, newcomers, settings, allowed=allowed)
    if not found:
        return products, scores
    pace = settings.newcomer_pace
    wanted = [max(better + 1, number + 1) * pace for number, (_, better) in enumerate(found)]
    room = [min(place, len(products)) for place in wanted]
    # Where the list is full, what would come in after its end does not.
    is_full = len(products) >= settings.candidates
    kept = [n for n, place in enumerate(wanted) if place <= len(products) or not is_full]
    lowest = float(scores[-1]) if len(scores) else 0.0
    score = [float(scores[room[n] - 1]) if room[n] else lowest for n in kept]
    at = [room[n] for n in kept]
    return (
        np.insert(products, at, [found[n][0] for n in kept])[: settings.candidates],
        np.insert(scores, at, score).astype(np.float32)[: settings.candidates],
    )


def suits_of(few: Reachable, history: ShopperHistory, newcomers: Newcomers) -> Floats:
    """(n,) how well the texts of some products suit the history."""
    content: object = newcomers.content
    if can(content, ScoresSome):
        return content.score_at(history.history, few.positions)
    scores: Floats = newcomers.content.score([history.history])[0][few.positions]
    return scores


def similar_to_newcomer(product_id: int, newcomers: Newcomers, *, most: int) -> dict[int, float]:
    """product id -> likeness of the texts, most alike first; empty where the product has no texts."""
    model: object = newcomers.content
    vocabulary: Vocabulary = newcomers.content.products
    position = vocabulary.positions(np.array([product_id]))
    if position[0] == UNKNOWN or not isinstance(model, FindsSimilar):
        return {}
    ranking = top(model.similar(position)[0], most)
    near = ranking.scores > 0
    ids = vocabulary.ids[ranking.positions[near]].tolist()
    return dict(zip(ids, ranking.scores[near].tolist(), strict=True))


def _suiting(
    history: ShopperHistory, newcomers: Newcomers, settings: Conf, *, allowed: Mask
) -> list[tuple[int, int]]:
    """(newcomer, how many of the ranker's eligible products suit better), best first."""
    vocabulary = newcomers.content.products
    scores = newcomers.content.score([history.history])[0]
    news = np.zeros(len(vocabulary), bool)
    news[vocabulary.positions(newcomers.ids)] = True
    eligible = (newcomers.at != NONE) & allowed[newcomers.at]
    settled = vocabulary.positions(history.settled_ids)
    eligible[settled[settled != UNKNOWN]] = False
    known = np.sort(scores[eligible & ~news])
    best = top(scores, settings.candidates, allowed=eligible & news)
    suits = best.scores > 0
    better = len(known) - np.searchsorted(known, best.scores[suits], side="right")
    return list(zip(vocabulary.ids[best.positions[suits]].tolist(), better.tolist(), strict=True))


def _look(model: LiveModel, catalogue: Catalogue, before: Newcomers | None, settings: Conf) -> Newcomers:
    assert model.bundle.content is not None, "without texts there are no newcomers"
    content = model.bundle.content.model
    newest = np.lexsort((-catalogue.ids, -catalogue.created))
    newest = newest[catalogue.public[newest]]
    ids, created = catalogue.ids[newest], catalogue.created[newest]
    positions = model.bundle.products.positions(ids)
    unknown = ids[positions == UNKNOWN][: settings.newcomers]
    few = (positions == UNKNOWN) | (_interactions(model)[positions] < settings.little_seen)
    little = np.flatnonzero(few)[: settings.newcomers]
    takes: object = content
    to_read = unknown
    if before is not None and np.array_equal(before.ids, unknown):
        content = takes = before.content
        to_read = unknown[_reading(unknown, before.catalogue) != _reading(unknown, catalogue)]
    if len(to_read) and isinstance(takes, TakesNewProducts):
        content = takes.extended(features_of(Product.objects.filter(pk__in=to_read.tolist())))
    at = catalogue.positions(content.products.ids.astype(np.int64))
    return Newcomers(unknown, content, catalogue, at, ids[little], created[little])


def _reading(ids: Ids, catalogue: Catalogue) -> NDArray[np.int32]:
    return catalogue.reading[catalogue.positions(ids)]


def _interactions(model: LiveModel) -> Floats:
    """(products + 1,) summed weight of the feedback on each product; 0 at the end, for those unknown."""
    scores = model.bundle.popularity.model.arrays()["popularity"]
    return np.append(np.asarray(scores, np.float32), np.float32(0))


def reasons_for(
    product_ids: list[int],
    history: ShopperHistory,
    news: Newcomers | None,
    explored: frozenset[int],
    cards: Cards,
) -> dict[int, Reason]:
    """product id -> why, of the products among these that the model has not learned or that are explored.

    Rests on the row of the history whose texts speak most for it; none where no row does.
    """
    if news is None or not (len(news.ids) or explored):
        return {}
    ids = [pk for pk in product_ids if pk in explored or pk in news.unknown]
    content: object = news.content
    if not ids or not can(content, Explains) or not len(history):
        return {}
    positions = news.content.products.positions(np.array(ids, np.int64))
    main = main_causes(content, history.history, positions)
    rows = main.rows.tolist()
    causes = {row: int(history.history.products[row]) for row in set(rows) if row >= 0}
    titles = cards.of(causes.values())
    found: dict[int, Reason] = {}
    for pk, row, part in zip(ids, rows, main.parts.tolist(), strict=True):
        cause: Any = titles.get(causes[row]) if row >= 0 else None
        if cause is not None:
            start = "New in the shop" if pk in news.unknown else "Few have met it yet"
            words = f"{start}, like {cause.title}, which {done_to_it(history, row)}"
            found[pk] = Reason(words, cause, part)
    return found
