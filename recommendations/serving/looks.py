"""How alike products look in a list, from words that are cut up once per product."""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from catalog.cards import Card, Cards
from recommendations.engine.variety import Labels, Matrix, labels_of, likeness_of_labels
from recommendations.serving.snapshot import Snapshot

_lock = threading.Lock()
_cut: WeakKeyDictionary[Cards, dict[int, Labels]] = WeakKeyDictionary()


def likeness_of(ids: list[int], at: NDArray[np.int64], snapshot: Snapshot) -> Matrix:
    """(n, n) how alike the products look, 0 to 1; `at`: their positions in the catalogue."""
    known = _of(snapshot.cards)
    missing = [place for place, pk in enumerate(ids) if pk not in known]
    if missing:
        cards = snapshot.cards.of([ids[place] for place in missing])
        for place in missing:
            known[ids[place]] = _labels(cards.get(ids[place]), int(at[place]), snapshot)
    return likeness_of_labels([known[pk] for pk in ids])


def _labels(card: Card | None, at: int, snapshot: Snapshot) -> Labels:
    if card is None:  # deleted in this very moment
        return labels_of("", None, None, "")
    aisle, department = int(snapshot.catalogue.category[at]), int(snapshot.catalogue.department[at])
    return labels_of(
        card.title, aisle if aisle >= 0 else None, department if department >= 0 else None, card.brand
    )


def _of(cards: Cards) -> dict[int, Labels]:
    found = _cut.get(cards)
    if found is None:
        with _lock:
            found = _cut.setdefault(cards, {})
    return found
