"""How far the list of a shopper with little history leans on what everybody likes."""

from __future__ import annotations

import numpy as np

from recommendations.engine.evaluation.metrics import hits_of, ndcg
from recommendations.engine.protocols import Recommender
from recommendations.engine.topk import top
from recommendations.engine.types import Floats, History, Interactions, Prior

LEANS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
LENGTHS = (1, 3, 5, 10)
SHOPPERS, FEWEST_SHOPPERS, K = 250, 50, 10
# A history this long speaks for itself.
SHORT = 40


def leaned(scores: Floats, popularity: Floats, *, lean: float, known: int) -> Floats:
    """(products,) scores + (lean / known) x popularity, popularity brought to the spread of the scores.

    known: products of the history that the model knows, 1 or more. The share falls as the history grows and
    ends beyond `SHORT`, as the pseudo-counts of a Bayesian mean do: the prior is what everybody likes.
    """
    prior = prior_of(popularity, lean=lean, known=known)
    return scores if prior is None else prior.added(scores)


def prior_of(popularity: Floats, *, lean: float, known: int, width: float | None = None) -> Prior | None:
    """What `leaned` adds, for `finding.top_of`; None where it adds nothing.

    popularity: (products,). width: its standard deviation, where that was computed before.
    """
    if not lean or not 0 < known <= SHORT:
        return None
    width = float(popularity.std()) if width is None else width
    return Prior(popularity, lean / known / width) if width else None


def choose_lean(
    ranker: Recommender, popularity: Recommender, interactions: Interactions, *, seed: int
) -> float:
    """The one of `LEANS` with the best mean NDCG@10 over `LENGTHS` rows of history, the rest being asked for.

    Of shoppers the ranker was fitted on, for want of others: what it knows of them makes it look better than
    it is, so the choice errs towards no lean. 0 where fewer than `FEWEST_SHOPPERS` have enough history.
    """
    random = np.random.default_rng(seed)
    counts = np.diff(interactions.starts)
    able = np.flatnonzero(counts > max(LENGTHS))
    if len(able) < FEWEST_SHOPPERS:
        return 0.0
    sample = np.sort(random.choice(able, min(SHOPPERS, len(able)), replace=False))
    base = popularity.score([History.empty()])[0]
    found = np.zeros(len(LEANS))
    for shopper in sample:
        found += _worth(ranker, base, interactions.history(int(shopper)), random)
    # Of leans that do equally well the least.
    return LEANS[int(np.argmax(found))]


def _worth(
    ranker: Recommender, base: Floats, history: History, random: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(leans,) one shopper's NDCG@10, summed over the lengths."""
    order = random.permutation(len(history))
    worth = np.zeros(len(LEANS))
    parts = [_part(history, order[:length]) for length in LENGTHS]
    for part, length, scores in zip(parts, LENGTHS, ranker.score(parts), strict=True):
        rest = order[length:]
        liked = rest[history.weights[rest] > 0]
        if not len(liked):
            continue
        wanted = ranker.products.positions(history.products[liked])
        given = ranker.products.positions(part.products)
        lists = [top(leaned(scores, base, lean=lean, known=length), K, exclude=given) for lean in LEANS]
        hits = hits_of(lists, [wanted] * len(LEANS), K)
        worth += ndcg(hits, np.full(len(LEANS), len(wanted)))
    return worth


def _part(history: History, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> History:
    """Some rows of a history, in their order."""
    kept = np.sort(rows)
    return History(history.products[kept], history.ratings[kept], history.weights[kept], history.times[kept])
